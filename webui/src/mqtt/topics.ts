/**
 * Every topic of protocol version 1 that the page publishes or subscribes to, built here and nowhere else (docs/protocol.md). `me`
 * stands for the own name; what was subscribed to as `me` is delivered as `me`, and parsed in parse.ts.
 */

const room = (r: string, what: string) => `chat/room/${r}/${what}`
const user = (n: string, what: string) => `chat/user/${n}/${what}`

/** Topics to publish to. */
export const to = {
  say: (r: string) => room(r, 'say'),
  typing: (r: string) => room(r, 'typing/me'),
  history: (r: string) => room(r, 'history'),
  members: (r: string) => room(r, 'members'),
  read: (r: string) => room(r, 'read'),
  away: user('me', 'away'),
  /** Requests about the own name, and of hosts. */
  account: user('me', 'account'),
  admin: 'chat/server/admin',
  /** What is searched for in all that one may read; in a room or with a member it is asked of their history. */
  search: 'chat/server/search',
  /** A direct message to a member; to a device it is a command. */
  direct: (n: string) => user(n, 'say'),
  directHistory: (n: string) => user(n, 'history'),
  directRead: (n: string) => user(n, 'read'),
}

/** Filters to subscribe to. */
export const filter = {
  /** Everything of a room that members may read, in one filter: it is joined whole or not at all. */
  room: (r: string) => room(r, '#'),
  /** The own inbox and what is below it. */
  inbox: user('me', 'inbox/#'),
  /** The open rooms and the server's status. */
  server: 'chat/server/#',
  /** One member's presence; `+` is everybody's. */
  member: (n: string) => user(n, 'presence'),
}

/** The most characters of a room's name. */
export const roomLength = 48

/**
 * The slug of a room as somebody writes it: trimmed, without a leading #, NFC, lower case, spaces as hyphens. Undefined if that is
 * no room's name: 1 to 48 letters, marks and digits of any script, `-` and `_`; marks stand on a letter, at most four, none twice in a row.
 */
export function roomSlug(written: string): string | undefined {
  const s = written.trim().replace(/^#/, '').normalize('NFC').toLowerCase().normalize('NFC').replace(/\s+/g, '-')
  const shown = /^([\p{L}\p{Nd}][\p{Mn}\p{Mc}]*|[-_])+$/u.test(s) && !/\p{DI}|\p{Mn}{5}|(\p{Mn})\1/u.test(s.normalize('NFD'))
  return shown && [...s].length <= roomLength ? s : undefined
}
