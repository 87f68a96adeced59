// What the server keeps as unread for me: mentions in rooms whose messages are not here, and what others wrote to me alone.
import { to } from '../mqtt/topics.ts'
import type { Conversation } from './conversation.ts'
import type { IntakeNeeds } from './intake.ts'

type Fields = Record<string, unknown>
type Needs = Pick<IntakeNeeds, 'me' | 'places' | 'reading' | 'asks' | 'arrivals'>

const entries = (v: unknown) => Object.entries((v ?? {}) as Record<string, Fields>)
const seqs = (v: unknown) => (Array.isArray(v) ? v.filter((s): s is number => Number.isSafeInteger(s)) : [])
const seq = (v: unknown) => (Number.isSafeInteger(v) ? v as number : 0)

const known = new WeakMap<Conversation, Set<number>>() // mentions that were told before: none is heard twice

/** Takes a note of marks, or one of counts, which tells what has changed. */
export function told(note: Fields, needs: Needs): void {
  const { places, reading } = needs
  const anew = note.type === 'counts' // it tells what has changed just now
  for (const [room, count] of entries(anew ? note.rooms : note.counts)) {
    const c = places.conversation({ room })
    const before = known.get(c) ?? new Set(c.mentions.peek())
    const mentions = seqs(count.mentions)
    known.set(c, new Set([...before, ...mentions]))
    if (anew && c === places.current.peek() && reading.here) continue // it is being read
    c.last.value = Math.max(c.last.value, seq(count.last))
    const mark = reading.marks.peek().get(c.key) ?? 0
    c.mentions.value = mentions.filter((s) => s > mark)
    const newest = c.mentions.peek().findLast((s) => !before.has(s))
    if (anew && newest !== undefined && !places.rooms.peek().joined.includes(room)) void hear(needs, c, room, newest)
  }
  for (const [user, count] of entries(note.users)) {
    const c = places.conversation({ user })
    c.last.value = Math.max(c.last.value, seq(count.last))
    const oldest = seqs(count.unread)[0]
    reading.know(c.key, oldest === undefined ? c.last.value : Math.max(seq(count.read), oldest - 1)) // what I wrote meanwhile is no news to me
    places.meet(user)
  }
}

/** A message that speaks to me, in a room whose messages do not come here, is heard like those that do. */
async function hear({ me, asks, arrivals }: Needs, conversation: Conversation, room: string, newest: number): Promise<void> {
  const a = await asks.ask(to.history(room), { after: newest - 1, limit: 1 }).catch(() => null)
  const message = a?.type === 'history' ? a.messages.find((m) => m.seq === newest && !m.deleted && m.from !== me()) : undefined
  if (message) arrivals.heard.value = [{ conversation, message, mention: true }]
}
