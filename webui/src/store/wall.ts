// A screen on a wall has nobody in front of it: it comes in by itself, comes back by itself, and renews itself.
import { type Fill, randomWord } from './ids.ts'

/** A name for a wall. The server is told of one so named that it is a device. */
export function wallName(fill: Fill): string {
  return `wall-${randomWord(4, fill)}`
}

const comeBackAfter = 15_000 // milliseconds after a session was ended for good
const renewAfter = 24 * 3600_000 // what may have gathered in a page is gone then
const renewLeast = 60_000 // between two times that the page is loaded again, so that a fault is no storm

/** How a wall stands. */
export interface Standing {
  now: number
  begun: number // when this page was loaded
  in: boolean // has a name and a place; false: the door is shown
  joining: boolean
  ended: number // when the session was ended; 0: it was not
  online: boolean
  newer: boolean // the server serves a newer page
}

/** What a wall has to do now: come in under a name, try again, load the page anew. Only a server that answers can give the page. */
export function next(s: Standing): 'enter' | 'again' | 'renew' | null {
  if (s.online && s.now - s.begun >= renewLeast && (s.newer || s.now - s.begun >= renewAfter)) return 'renew'
  if (!s.in) return s.joining ? null : 'enter'
  return s.ended > 0 && s.now - s.ended >= comeBackAfter ? 'again' : null
}
