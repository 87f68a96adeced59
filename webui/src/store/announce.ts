// What a screen reader is told: single messages, and a count when they come fast.

/** Something to be said of a conversation. */
export interface Saying {
  text: string
  where: string
  at: number
}

/** More than this many within the time become one sentence. */
export const burst = { count: 3, within: 4000 }

/** What to say of the sayings gathered so far: each by itself, or how many came. */
export function gathered(all: readonly Saying[], count: (n: number, where: string) => string): string[] {
  if (all.length <= burst.count) return all.map((s) => s.text)
  const rooms = [...new Set(all.map((s) => s.where))]
  return rooms.map((where) => count(all.filter((s) => s.where === where).length, where))
}
