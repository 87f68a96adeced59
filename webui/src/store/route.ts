// Places of the page as they stand in the address: /#/room/lobby, /#/room/lobby/1207, /#/user/ada.
import { roomSlug } from '../mqtt/topics.ts'

export type Place =
  | { at: 'room', room: string, seq: number } // seq: the message to show; 0: none
  | { at: 'user', user: string }

/** The place that a fragment names; null when it names none. `/#lobby` is `/#/room/lobby`. */
export function read(hash: string): Place | null {
  const parts = hash.replace(/^#/, '').split('/').map(decode)
  if (parts.length === 1 && parts[0] !== '') return room(parts[0], '')
  if (parts[0] !== '' || parts.length < 3 || parts[2] === '') return null
  if (parts[1] === 'room') return room(parts[2], parts[3] ?? '')
  if (parts[1] === 'user') return { at: 'user', user: parts[2] }
  return null
}

/** The fragment that names a place. */
export function write(p: Place): string {
  if (p.at === 'user') return `#/user/${encodeURIComponent(p.user)}`
  return `#/room/${encodeURIComponent(p.room)}${p.seq > 0 ? `/${p.seq}` : ''}`
}

function room(name: string, seq: string): Place | null {
  const s = roomSlug(name)
  if (s === undefined) return null
  return { at: 'room', room: s, seq: /^\d{1,15}$/.test(seq) ? Number(seq) : 0 }
}

function decode(s: string): string {
  try {
    return decodeURIComponent(s)
  } catch {
    return s
  }
}
