// What is worth a notice: to whom it was said, and what the reader chose.
import type { To } from './outbox.ts'
import { isQuiet, notifyOf, type Settings } from './settings.ts'

/** Time that another tab or device has to show a message, before it is told of: what is read there needs no notice. */
export const grace = 1500 // milliseconds

const soundEvery = 3000

/** Whether a message deserves a notice: everything said to me alone, and of a room what was chosen for it. */
export function worth(to: To, mention: boolean, s: Settings): boolean {
  if ('user' in to) return s.notify !== 'none'
  const way = notifyOf(s, to.room)
  return way === 'all' || (way === 'mentions' && mention)
}

/** Whether a notice may be heard now; last: when one was heard. */
export function audible(s: Settings, now: number, last: number): boolean {
  return s.sound && !isQuiet(s, now) && now - last >= soundEvery
}

/** Whether a room shows nothing but what is for me. */
export function muted(s: Settings, room: string): boolean {
  return Object.hasOwn(s.rooms, room) && s.rooms[room] === 'none'
}
