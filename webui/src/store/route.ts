// Places of the page as they stand in the address: /#/room/lobby, /#/room/lobby/1207, /#/user/ada, /#/devices, /#/wall/lobby. An
// invitation adds what opens a door: /#/room/lobby?door=passphrase&code=…; a fragment never travels to the server by itself.
import { roomSlug } from '../mqtt/topics.ts'
import { lobby } from './rooms.ts'

const longest = 200 // characters of a passphrase or a code

export type Place =
  | { at: 'room', room: string, seq: number } // seq: the message to show; 0: none
  | { at: 'user', user: string }

/** What an invitation brought along; empty: nothing. */
export interface Invitation {
  door: string // passphrase of the door
  code: string // code of the room
}

/** What an invitation in a fragment brings; null when it is none. */
export function invitation(hash: string): Invitation | null {
  const given = new URLSearchParams(hash.slice(hash.indexOf('?') + 1))
  const short = (key: string) => (hash.includes('?') ? given.get(key) ?? '' : '').slice(0, longest)
  const found = { door: short('door'), code: short('code') }
  return found.door === '' && found.code === '' ? null : found
}

/**
 * What fills the page: what is said at a place, what was found there (of: null: everywhere), the devices (one of them large, by its name),
 * or a room on a wall.
 */
export type View = { is: 'talk' } | { is: 'search', of: Place | null, q: string } | { is: 'devices', name: string } | { is: 'wall', room: string }

/** The view that a fragment names: /#/devices, /#/devices/pump, /#/search?q=tea, /#/search/room/lobby?q=tea, /#/wall/lobby; else a place. */
export function readView(hash: string): View {
  const [none, what, name] = hash.replace(/^#/, '').split('/').map(decode)
  if (none === '' && /^search(\?|$)/.test(what ?? '')) {
    const [, where = '', q = ''] = /^#?\/search([^?]*)(?:\?q=)?(.*)/s.exec(hash) ?? []
    return { is: 'search', of: read(where), q: decode(q).slice(0, longest) }
  }
  if (none === '' && what === 'devices') return { is: 'devices', name: name ?? '' }
  if (none === '' && what === 'wall') return { is: 'wall', room: roomSlug(name ?? '') ?? lobby }
  return { is: 'talk' }
}

/** The fragment that names the devices, or one of them. */
export function devicesLink(name = ''): string {
  return name === '' ? '#/devices' : `#/devices/${encodeURIComponent(name)}`
}

/** The fragment that names what was searched for; of: null: everywhere. */
export function searchLink(of: Place | null, q = ''): string {
  return `#/search${of ? write({ ...of, ...('seq' in of && { seq: 0 }) }).slice(1) : ''}${q === '' ? '' : `?q=${encodeURIComponent(q)}`}`
}

/** The place that a fragment names; null when it names none. `/#lobby` is `/#/room/lobby`. */
export function read(hash: string): Place | null {
  const parts = hash.replace(/^#/, '').replace(/\?.*$/s, '').split('/').map(decode)
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
