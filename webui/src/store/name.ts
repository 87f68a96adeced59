// The field of the first visit: what is known about the name in it and what is said about that. The server's check while typing is
// a courtesy; what counts is the answer to the connect.

/** The answer of GET /api/name. */
export interface Check {
  name: string // canonical
  state: 'free' | 'taken' | 'held' | 'alike' | 'invalid' | 'reserved'
  like: string // the name that it looks like
  text: string // the server's sentence
  suggest: readonly string[]
}

/** Why a connect was refused: the server's word for it, and its sentence. */
export interface No {
  reason: string
  text: string
  name: string
  chosen: boolean // whether the secret was the person's own
}

export interface Field {
  value: string
  check: Check | null // of this value, or null
  checking: boolean
  joining: boolean
  no: No | null // the answer to the last attempt, until the value changes
}

export const empty: Field = { value: '', check: null, checking: false, joining: false, no: null }

/** What is said below the field. */
export type Hint =
  | { say: 'rules' | 'checking' | 'joining' | 'characters' | 'reserved' | 'invalid' | 'too-many-tries' | 'full' | 'stopping', text?: string }
  | { say: 'free' | 'taken' | 'held' | 'wrong-secret', name: string }
  | { say: 'alike', name: string, other: string }
  | { say: 'long', over: number }
  | { say: 'refused', text: string }

/** A person typed. */
export function typed(f: Field, value: string): Field {
  return { ...f, value, check: f.check?.name === value ? f.check : null, checking: false, no: null, joining: false }
}

/** Whether to ask the server about this value: it is not empty, not plainly wrong, and not known. */
export function worthAsking(f: Field): boolean {
  return shape(f.value) === null && f.value.trim() !== '' && f.check === null
}

/** The check was asked for. */
export function asked(f: Field): Field {
  return { ...f, checking: true }
}

/** An answer came for a value; one for an older value is dropped. */
export function answered(f: Field, value: string, check: Check | null): Field {
  return f.value === value ? { ...f, check, checking: false } : f
}

/** The connect was refused. */
export function refused(f: Field, no: No): Field {
  return { ...f, joining: false, checking: false, no }
}

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
        return f.no.chosen ? { say: 'wrong-secret', name } : { say: 'taken', name }
      case 'look-alike':
        return f.check?.like ? { say: 'alike', name, other: f.check.like } : { say: 'refused', text: f.no.text }
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
      return { say: 'held', name }
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
  return say === 'taken' || say === 'held' || say === 'wrong-secret' || say === 'too-many-tries'
}

/** What is plainly wrong with a name, without asking anyone. */
function shape(value: string): Hint | null {
  const over = [...value.trim().normalize('NFC')].length - 32
  if (over > 0) return { say: 'long', over }
  if (/[/+#$@:"\\]/.test(value)) return { say: 'characters' }
  return null
}
