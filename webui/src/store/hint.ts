// What is said about the name in the field of the first visit.
import { type Field, shape, type Wrong } from './name.ts'

/** What is said below the field. */
export type Hint =
  | { say: 'rules' | 'checking' | 'joining' | 'reserved' | 'invalid' | 'too-many-tries' | 'full' | 'stopping' | 'locked' | 'door', text?: string }
  | { say: 'free' | 'taken' | 'held' | 'registered' | 'wrong-secret', name: string }
  | { say: 'alike', name: string, other: string }
  | Wrong
  | { say: 'refused', text: string }

/** What to say. */
export function hint(f: Field): Hint {
  if (f.joining) return { say: 'joining' }
  const wrong = shape(f.value)
  if (wrong !== null) return wrong
  const name = f.no?.name || f.check?.name || f.value.trim()
  if (f.no) {
    switch (f.no.reason) {
      case 'name-taken':
        return { say: 'taken', name }
      case 'wrong-secret': // the page's own random secret is nothing that a person got wrong
        return f.no.chosen ? { say: 'wrong-secret', name } : { say: f.check?.state === 'registered' ? 'registered' : 'taken', name }
      case 'look-alike':
        return f.check?.like ? { say: 'alike', name, other: f.check.like } : { say: 'refused', text: f.no.text }
      case 'name-reserved':
        return { say: 'reserved' }
      case 'registered-only':
        return { say: 'locked' }
      case 'door':
        return { say: 'door' }
      case 'name-invalid':
        return { say: 'invalid', text: f.no.text }
      case 'too-many-tries':
      case 'full':
      case 'stopping':
        return { say: f.no.reason, text: f.no.text }
      default:
        return { say: 'refused', text: f.no.text }
    }
  }
  if (f.value.trim() === '') return { say: 'rules' }
  if (f.checking) return { say: 'checking' }
  switch (f.check?.state) {
    case 'free':
      return { say: 'free', name: f.check.name }
    case 'taken':
      return { say: 'taken', name }
    case 'held':
    case 'registered':
      return { say: f.check.state, name }
    case 'locked':
      return { say: 'locked' }
    case 'alike':
      return { say: 'alike', name, other: f.check.like }
    case 'reserved':
      return { say: 'reserved' }
    case 'invalid':
      return { say: 'invalid', text: f.check.text }
    default:
      return { say: 'rules' }
  }
}

/** How the string on the first page hangs. */
export function string(f: Field): 'loose' | 'taut' | 'broken' {
  const say = hint(f).say
  if (say === 'free' || say === 'joining') return 'taut'
  return say === 'rules' || say === 'checking' ? 'loose' : 'broken'
}

/** Whether the name belongs to someone, so that a secret would let its owner in. */
export function wantsSecret(f: Field): boolean {
  const say = hint(f).say
  return say === 'taken' || say === 'held' || say === 'registered' || say === 'wrong-secret' || say === 'too-many-tries'
}
