// What the server keeps as unread for me: mentions in rooms whose messages are not here, and what others wrote to me alone.
import type { Places } from './places.ts'
import type { Reading } from './reading.ts'

type Fields = Record<string, unknown>

const entries = (v: unknown) => Object.entries((v ?? {}) as Record<string, Fields>)
const seqs = (v: unknown) => (Array.isArray(v) ? v.filter((s): s is number => Number.isSafeInteger(s)) : [])
const seq = (v: unknown) => (Number.isSafeInteger(v) ? v as number : 0)

/** Takes a note of marks, or one of counts, which tells what has changed. */
export function told(note: Fields, places: Places, reading: Reading): void {
  for (const [room, count] of entries(note.type === 'counts' ? note.rooms : note.counts)) {
    const c = places.conversation({ room })
    if (note.type === 'counts' && c === places.current.peek() && reading.here) continue // it is being read
    c.last.value = Math.max(c.last.value, seq(count.last))
    const mark = reading.marks.peek().get(c.key) ?? 0
    c.mentions.value = seqs(count.mentions).filter((s) => s > mark)
  }
  for (const [user, count] of entries(note.users)) {
    const c = places.conversation({ user })
    c.last.value = Math.max(c.last.value, seq(count.last))
    const oldest = seqs(count.unread)[0]
    reading.know(c.key, oldest === undefined ? c.last.value : Math.max(seq(count.read), oldest - 1)) // what I wrote meanwhile is no news to me
    places.meet(user)
  }
}
