// The rooms there are, those that I am in, and how they stand in the list.
import type { RoomInfo } from '../mqtt/parse.ts'
import { type Marks, unread } from './read.ts'

export interface Rooms {
  open: ReadonlyMap<string, RoomInfo>
  joined: readonly string[]
}

/** The room everybody begins in. */
export const lobby = 'lobby'

/** One line of the list. */
export interface Item {
  room: string
  topic: string
  joined: boolean
  unread: number
  mentions: number
}

/** The server told the open rooms. */
export function told(r: Rooms, infos: readonly RoomInfo[]): Rooms {
  return { ...r, open: new Map(infos.map((i) => [i.room, i])) }
}

export function joined(r: Rooms, room: string): Rooms {
  return r.joined.includes(room) ? r : { ...r, joined: [...r.joined, room] }
}

export function left(r: Rooms, room: string): Rooms {
  return r.joined.includes(room) ? { ...r, joined: r.joined.filter((x) => x !== room) } : r
}

/** What is known of the rooms from elsewhere, by room. */
export interface Known {
  last(room: string): number
  mentions(room: string): number
  pinned(room: string): boolean
  muted(room: string): boolean // shows nothing but mentions
}

/** The list: mine first, pinned ones on top, then the lobby, then by name; then the others. The order never follows what happens. */
export function items(r: Rooms, marks: Marks, { last, mentions, pinned, muted }: Known): Item[] {
  const rank = (x: string) => (pinned(x) ? 0 : x === lobby ? 1 : 2)
  const byName = (a: string, b: string) => rank(a) - rank(b) || a.localeCompare(b)
  const mine = [...r.joined].sort(byName)
  const others = [...r.open.keys()].filter((x) => !r.joined.includes(x)).sort(byName)
  return [
    ...mine.map((room) => ({
      room, topic: r.open.get(room)?.topic ?? '', joined: true,
      unread: muted(room) ? 0 : unread(marks, `room/${room}`, last(room)), mentions: mentions(room),
    })),
    ...others.map((room) => ({ room, topic: r.open.get(room)?.topic ?? '', joined: false, unread: 0, mentions: mentions(room) })),
  ]
}
