// The field of the first visit: what is known about the name in it. The server's check while typing is a courtesy; what counts is the
// answer to the connect.

/** The answer of GET /api/name. */
export interface Check {
  name: string // canonical
  state: 'free' | 'taken' | 'held' | 'registered' | 'alike' | 'invalid' | 'reserved' | 'locked'
  like: string // the name that it looks like
  text: string // the server's sentence
  suggest: readonly string[]
  salt?: string // of its secrets, in hexadecimal
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

/** What is plainly wrong with a name, without asking anyone. */
export type Wrong = { say: 'characters' } | { say: 'long', over: number }

export function shape(value: string): Wrong | null {
  const over = [...value.trim().normalize('NFC')].length - 32
  if (over > 0) return { say: 'long', over }
  if (/[/+#$@:"\\]/.test(value)) return { say: 'characters' }
  return null
}
