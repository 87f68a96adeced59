// Which message is answered: its seq is where it stands, its id that it is the one which was meant.
import type { Message } from '../mqtt/parse.ts'

export interface Ref {
  seq: number
  id: string
}

/** What a message answers. The seq is 0 where whoever posted it did not tell. */
export function answered(m: Message): Ref | null {
  return m.reply === undefined ? null : { seq: m.re ?? 0, id: m.reply }
}

/** A reference as a word, for what is kept of a draft; empty: none. */
export function write(r: Ref | null): string {
  return r === null ? '' : `${r.seq} ${r.id}`
}

/** Reads such a word. */
export function read(word: string): Ref | null {
  const m = /^(\d{1,15}) (.+)$/s.exec(word)
  return m && { seq: Number(m[1]), id: m[2] }
}
