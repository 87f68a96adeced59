// How far I have read, in each conversation. A mark never goes back.

/** The seq of the newest message read, by conversation. */
export type Marks = ReadonlyMap<string, number>

/** The mark moved on; the same map comes back when it is not further. */
export function advanced(marks: Marks, key: string, seq: number): Marks {
  if (seq <= (marks.get(key) ?? -1)) return marks
  return new Map(marks).set(key, seq)
}

/** How many messages are unread; a conversation without a mark is new to me, and all of it is past. */
export function unread(marks: Marks, key: string, last: number): number {
  const mark = marks.get(key)
  return mark === undefined ? 0 : Math.max(0, last - mark)
}

/** Which marks have to be posted: those further than what was posted before. */
export function toPost(marks: Marks, posted: Marks): [string, number][] {
  return [...marks].filter(([key, seq]) => seq > (posted.get(key) ?? 0))
}
