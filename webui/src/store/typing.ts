// Who is writing just now, and when to tell that I am.

/** Names and the milliseconds until when each is taken to be writing. */
export type Typing = ReadonlyMap<string, number>

/** How long a sign of writing holds; how often I repeat mine; when I have stopped. */
export const times = { holds: 6000, repeat: 4000, idle: 5000 }

/** Someone said that he or she writes, or not any more. */
export function sign(all: Typing, name: string, on: boolean, now: number): Typing {
  if (!on && !all.has(name)) return all
  const out = new Map(all)
  if (on) out.set(name, now + times.holds)
  else out.delete(name)
  return out
}

/** Who is writing at a moment, in the order in which they began. */
export function writing(all: Typing, now: number): string[] {
  return [...all].filter(([, until]) => until > now).map(([name]) => name)
}

/** What I have told about my own writing. */
export interface Mine {
  told: number // milliseconds when I last said 1; 0: not, or taken back
  key: number // of the last key
}

export const still: Mine = { told: 0, key: 0 }

/** After a key: what to say, if anything. empty: there is nothing in the field. */
export function key(m: Mine, now: number, empty: boolean): { mine: Mine, say: '1' | '0' | null } {
  if (empty) return stop(m)
  if (m.told === 0 || now - m.told >= times.repeat) return { mine: { told: now, key: now }, say: '1' }
  return { mine: { ...m, key: now }, say: null }
}

/** After sending, or when the field was left: take it back if it was told. */
export function stop(m: Mine): { mine: Mine, say: '0' | null } {
  return { mine: still, say: m.told === 0 ? null : '0' }
}

/** As time goes by: five seconds without a key take it back. */
export function idle(m: Mine, now: number): { mine: Mine, say: '0' | null } {
  return m.told !== 0 && now - m.key >= times.idle ? stop(m) : { mine: m, say: null }
}
