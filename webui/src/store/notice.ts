// What is worth a notice: to whom it was said, and what the reader chose.
import type { To } from './outbox.ts'
import { notifyOf, type Settings } from './settings.ts'

/** Whether a message deserves a notice: everything said to me alone, and of a room what was chosen for it. */
export function worth(to: To, mention: boolean, s: Settings): boolean {
  if ('user' in to) return s.notify !== 'none'
  const way = notifyOf(s, to.room)
  return way === 'all' || (way === 'mentions' && mention)
}

/** Whether a room shows nothing but what is for me. */
export function muted(s: Settings, room: string): boolean {
  return Object.hasOwn(s.rooms, room) && s.rooms[room] === 'none'
}
