// What was said about messages later: edits, deletions, reactions and votes are entries of the log that refer to one, and are folded into it. A
// page of history comes folded up to the end of the log as it was then; what comes after that is applied here.
import type { Message, Reaction } from '../mqtt/parse.ts'

/** A message as it came, and the seq up to which what was said about it is in it. */
interface Origin {
  was: Message
  asOf: number
}

const origins = new WeakMap<Message, Origin>()

/** Notes that messages came folded up to a seq. */
export function foldedUpTo(messages: readonly Message[], seq: number): void {
  for (const m of messages) if (!isChange(m)) origins.set(m, { was: m, asOf: Math.max(seq, m.seq) })
}

/** Whether an entry is about another message. */
export function isChange(m: Message): boolean {
  return m.refseq !== undefined && /^(edit|delete|react|vote|close)$/.test(m.kind)
}

/** A message with what was said about it, in any order; the same one when that changes nothing. */
export function changed(m: Message, changes: readonly Message[]): Message {
  const origin = origins.get(m) ?? { was: m, asOf: m.seq }
  const later = changes.filter((c) => c.seq > origin.asOf && !c.deleted).toSorted((a, b) => a.seq - b.seq)
  if (later.length === 0) return m
  const is = later.reduce(apply, origin.was)
  origins.set(is, origin)
  return is
}

function apply(m: Message, c: Message): Message {
  if (m.deleted) return m
  switch (c.kind) {
    case 'edit': {
      if (!c.data) return { ...m, text: c.text, edited: c.time }
      const { re, ...rest } = m // it came with the data that is replaced
      return { ...rest, text: c.text, edited: c.time, data: c.data, ...(c.re !== undefined && { re: c.re }) }
    }
    case 'react': {
      const { reactions = [], ...rest } = m
      const now = reacted(reactions, c.text, c.from, c.undo === true)
      return now.length > 0 ? { ...rest, reactions: now } : rest
    }
    case 'delete': {
      const { reactions, edited, reply, re, data, file, options, multiple, closes, votes, closed, closedby, ...rest } = m
      return { ...rest, text: '', deleted: true }
    }
    case 'vote': {
      const { votes = [], ...rest } = m
      const others = votes.filter((v) => v.from !== c.from)
      const now = c.choice && !c.undo ? [...others, { from: c.from, choice: c.choice }] : others
      return now.length > 0 ? { ...rest, votes: now } : rest
    }
    case 'close': return m.closed ? m : { ...m, closed: c.time, closedby: c.from }
    default: return m
  }
}

/** Reactions after one more, or one less. */
export function reacted(all: readonly Reaction[], text: string, from: string, undo: boolean): readonly Reaction[] {
  const old = all.find((r) => r.text === text)
  if (undo) return all.map((r) => (r === old ? { text, from: r.from.filter((n) => n !== from) } : r)).filter((r) => r.from.length > 0)
  if (!old) return [...all, { text, from: [from] }]
  return old.from.includes(from) ? all : all.map((r) => (r === old ? { text, from: [...r.from, from] } : r))
}

/** What is known to have been said about the messages of one conversation. */
export class Changes {
  #about = new Map<number, Message[]>() // by the seq of the message
  #known = new Set<number>() // the seqs of all of them

  /** Takes up entries, and tells which messages they are about. */
  take(entries: readonly Message[]): Set<number> {
    const touched = new Set<number>()
    for (const c of entries) {
      if (!isChange(c)) continue
      const seq = c.refseq as number
      if (this.#known.has(c.seq)) continue
      this.#known.add(c.seq)
      const about = this.#about.get(seq)
      if (about && touched.has(seq)) about.push(c)
      else this.#about.set(seq, [...about ?? [], c]) // what was given before stays as it was
      touched.add(seq)
    }
    return touched
  }

  of(seq: number): readonly Message[] {
    return this.#about.get(seq) ?? []
  }

  /** Forgets those about messages that are not held. */
  keep(held: (seq: number) => boolean): void {
    for (const [seq, about] of this.#about) {
      if (held(seq)) continue
      for (const c of about) this.#known.delete(c.seq)
      this.#about.delete(seq)
    }
  }
}
