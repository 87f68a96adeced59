// The messages of one conversation that the page holds. seq has no gaps in a conversation, so what is missing can be told from
// the seqs alone, and order never comes from a clock.
import type { Message } from '../mqtt/parse.ts'

/** Messages in the order of seq, each seq once; there may be gaps between them. */
export type Log = readonly Message[]

/** What is missing between two seqs, neither of which is missing. */
export interface Gap {
  after: number
  before: number
}

/** Puts m in its place by seq. A seq already there changes nothing: the same array comes back. */
export function insert(log: Log, m: Message): Log {
  const i = place(log, m.seq)
  return log[i - 1]?.seq === m.seq ? log : log.toSpliced(i, 0, m)
}

/** Puts each message of a page, in any order, in its place. The same array comes back when all were there. */
export function insertAll(log: Log, page: readonly Message[]): Log {
  if (page.length === 1) return insert(log, page[0])
  const sorted = page.toSorted((a, b) => a.seq - b.seq)
  const out: Message[] = []
  let i = 0
  let grown = false
  for (const m of sorted) {
    while (i < log.length && log[i].seq <= m.seq) out.push(log[i++])
    if (out.at(-1)?.seq === m.seq) continue
    out.push(m)
    grown = true
  }
  while (i < log.length) out.push(log[i++])
  return grown ? out : log
}

/** The index behind the last message whose seq is at most seq. */
export function place(log: Log, seq: number): number {
  let i = log.length
  if (i === 0 || log[i - 1].seq <= seq) return i // nearly always: the newest
  let low = 0
  while (low < i) {
    const mid = (low + i) >>> 1
    if (log[mid].seq <= seq) low = mid + 1
    else i = mid
  }
  return low
}

/** The message with this seq, if it is held. */
export function bySeq(log: Log, seq: number): Message | undefined {
  const m = log[place(log, seq) - 1]
  return m?.seq === seq ? m : undefined
}

/** The gaps between held messages, and the one after the newest when last, the head of the conversation, is further on. */
export function gaps(log: Log, last: number): Gap[] {
  const out: Gap[] = []
  for (let i = 1; i < log.length; i++) {
    if (log[i].seq > log[i - 1].seq + 1) out.push({ after: log[i - 1].seq, before: log[i].seq })
  }
  const newest = log.at(-1)?.seq ?? last
  if (newest < last) out.push({ after: newest, before: last + 1 })
  return out
}

/** How many messages a gap lacks. */
export function missing(g: Gap): number {
  return g.before - g.after - 1
}

/** At most max messages: those nearest to the message with the seq around. What is let go becomes a gap, or comes again by paging. */
export function keepNear(log: Log, around: number, max: number): Log {
  if (log.length <= max) return log
  const middle = place(log, around)
  const from = Math.max(0, Math.min(middle - Math.floor(max / 2), log.length - max))
  return log.slice(from, from + max)
}
