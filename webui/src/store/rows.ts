// What stands in the log, line by line: messages in the order of seq, with days, the unread cut, gaps, comings and goings between
// them, and what I have written and the room has not brought yet at the end.
import type { Message } from '../mqtt/parse.ts'
import type { Coming } from './comings.ts'
import { gaps, type Log, place } from './log.ts'
import type { Entry } from './outbox.ts'

export type Row =
  | { is: 'older', key: string } // there are older messages
  | { is: 'beginning', key: string }
  | { is: 'day', key: string, time: number }
  | { is: 'cut', key: string, count: number }
  | { is: 'gap', key: string, after: number, before: number }
  | { is: 'note', key: string, note: Note }
  | { is: 'message', key: string, m: Message, joins: boolean }
  | { is: 'mine', key: string, entry: Entry, joins: boolean }

/** A message: one that is kept, or one of mine on its way. */
export type MessageRow = Extract<Row, { is: 'message' | 'mine' }>

export interface Stand {
  log: Log
  last: number // head of the conversation
  start: number | null // seq before which there is nothing; null: not known
  notes: ReadonlyMap<number, Note>
  mine: readonly Entry[]
  cut: Cut | null
  me: string
}

/** What one stretch between two messages comes to. */
export interface Note {
  joined: string[]
  left: string[]
  devicesJoined: string[]
  devicesLeft: string[]
}

/** Where the unread line stands: behind the seq after, counting up to the seq until. */
export interface Cut {
  after: number
  until: number
}

const shortest = 23 * 3_600_000 // milliseconds of a day, when the clocks are set forward

/** Messages of one author within this time are one. */
export const joinWithin = 5 * 60_000

const made = new WeakMap<Message, MessageRow>() // what comes adds its rows, and leaves the thousands before it as they are

/** All rows of a conversation. */
export function rows(s: Stand): Row[] {
  const out: Row[] = []
  const holes = new Map(gaps(s.log, s.last).map((g) => [g.after, g]))
  const notes = placed(s)
  if (s.log.length > 0) {
    out.push(s.start !== null && s.log[0].seq <= s.start ? { is: 'beginning', key: 'beginning' } : { is: 'older', key: 'older' })
  } else if (s.start !== null) out.push({ is: 'beginning', key: 'beginning' })
  const days = new Set<string>() // a wrong clock may bring a day back; keys stay unique
  let day = ''
  let midnight = -Infinity // with which that day began: to ask a calendar for each message takes long
  let author = ''
  let time = 0
  const between = (after: number) => {
    const note = notes.get(after)
    if (note) {
      out.push({ is: 'note', key: `note ${after}`, note })
      author = ''
    }
    const gap = holes.get(after)
    if (gap) {
      out.push({ is: 'gap', key: `gap ${gap.after}`, ...gap })
      author = ''
    }
  }
  const newDay = (at: number) => {
    if (at >= midnight && at - midnight < shortest) return
    const d = dayOf(at)
    midnight = new Date(at).setHours(0, 0, 0, 0)
    if (d === day) return
    out.push({ is: 'day', key: `day ${d}${days.has(d) ? ` ${out.length}` : ''}`, time: at })
    days.add(d)
    day = d
    author = ''
  }
  const turn = (from: string, at: number): boolean => {
    newDay(at)
    const joins = from === author && at - time < joinWithin
    author = from
    time = at
    return joins
  }
  between(0)
  let uncut = s.cut !== null && s.cut.until > s.cut.after
  for (const m of s.log) {
    if (uncut && s.cut !== null && m.seq > s.cut.after) {
      uncut = false
      newDay(m.time)
      out.push({ is: 'cut', key: 'cut', count: s.cut.until - s.cut.after })
      author = ''
    }
    if (shownKind(m)) {
      const joins = turn(m.from, m.time)
      let row = made.get(m)
      if (row?.joins !== joins) made.set(m, row = { is: 'message', key: `${m.from}/${m.id}`, m, joins })
      out.push(row)
    }
    between(m.seq)
  }
  for (const entry of s.mine) {
    const joins = turn(s.me, entry.at)
    out.push({ is: 'mine', key: `${entry.from}/${entry.id}`, entry, joins })
  }
  return out
}

/** Whether a kind of message has a line of its own. */
export function shownKind(m: Message): boolean {
  return m.kind === 'text' || m.kind === 'poll' || m.kind === 'notice' || m.kind === 'file' || (m.kind === 'unknown' && m.text !== '' && m.ref === undefined)
}

/** The local day of a time, as a key. */
export function dayOf(time: number): string {
  const d = new Date(time)
  return `${d.getFullYear()}-${d.getMonth() + 1}-${d.getDate()}`
}

/** The notes by the seq that they stand after; people and devices apart, each name once in a list. */
export function notes(all: readonly Coming[]): Map<number, Note> {
  const out = new Map<number, Note>()
  for (const c of all) {
    let n = out.get(c.after)
    if (!n) out.set(c.after, (n = { joined: [], left: [], devicesJoined: [], devicesLeft: [] }))
    const list = c.device ? (c.way === 'join' ? n.devicesJoined : n.devicesLeft) : c.way === 'join' ? n.joined : n.left
    if (!list.includes(c.name)) list.push(c.name)
  }
  return out
}

/** The notes by the held message that they follow; those from before the oldest held one are left out. */
function placed(s: Stand): Map<number, Note> {
  const out = new Map<number, Note>()
  for (const [after, note] of s.notes) {
    const i = place(s.log, after)
    if (i === 0 && s.log.length > 0 && !(after === 0 && s.start !== null)) continue
    const seq = i === 0 ? 0 : s.log[i - 1].seq
    const old = out.get(seq)
    out.set(seq, old ? merged(old, note) : note)
  }
  return out
}

function merged(a: Note, b: Note): Note {
  const both = (x: string[], y: string[]) => [...new Set([...x, ...y])]
  return {
    joined: both(a.joined, b.joined), left: both(a.left, b.left),
    devicesJoined: both(a.devicesJoined, b.devicesJoined), devicesLeft: both(a.devicesLeft, b.devicesLeft),
  }
}
