/**
 * What the server sends, from bytes to types. A payload is unknown until it has been looked at, field by field; what is not
 * understood is undefined, and further fields are ignored, so that a newer server can say more.
 */

/** One entry of a room's log, or of what two members said to each other. */
export interface Message {
  seq: number
  id: string
  /** Milliseconds since 1970, UTC. Only shown: seq orders. */
  time: number
  from: string
  /** The other end of a direct message, instead of a room. */
  to?: string
  room?: string
  /** `unknown` is a kind of a newer server: it has its place in the order. */
  kind: 'text' | 'file' | 'poll' | 'edit' | 'delete' | 'react' | 'vote' | 'close' | 'pin' | 'hand' | 'notice' | 'unknown'
  text: string
  /** The id of the message it answers. */
  reply?: string
  /** The seq of that message, if whoever posted told it. */
  re?: number
  /** The id and the seq of the message that an edit, delete or react is about. */
  ref?: string
  refseq?: number
  /** Of a react, a vote, a pin or a hand: it takes that back. */
  undo?: boolean
  /** Of a poll: what can be chosen, whether several, and how many minutes after its time it closes. */
  options?: readonly string[]
  multiple?: boolean
  closes?: number
  /** Who chose what, by the places of the options; and when it was closed, by whom. */
  votes?: readonly Vote[]
  closed?: number
  closedby?: string
  /** Of a vote. */
  choice?: readonly number[]
  /** Of a hand: whose is lowered; `*` is everybody's. */
  who?: string
  /** What it said is gone for good. */
  deleted?: boolean
  /** Milliseconds since 1970: when it was last edited. */
  edited?: number
  /** Who reacted, and how. */
  reactions?: readonly Reaction[]
  /** Other fields that were posted. */
  data?: Record<string, unknown>
  file?: FileInfo
}

/** What a message of the kind file is about. */
export interface FileInfo {
  /** Path on this server, below /files/. */
  url: string
  name: string
  type: string
  /** Bytes. */
  size: number
  /** Of a picture, in pixels; 0: not known. */
  width: number
  height: number
  /** Path of a smaller picture of it. */
  preview?: string
}

/** One emoji on a message, and who reacted so. */
export interface Reaction {
  text: string
  from: readonly string[]
}

/** What one member chose in a poll. */
export interface Vote {
  from: string
  choice: readonly number[]
}

/** Who is in a room, as the roster and presence lists tell. */
export interface Member {
  name: string
  kind: 'person' | 'device'
  state: 'online' | 'away'
  /** Milliseconds since 1970, UTC; 0 when not told. */
  since: number
  /** The labels of the member's sessions: phone, laptop. */
  sessions: string[]
}

/** A whole roster. It always replaces. */
export interface Roster {
  epoch: string
  /** The last presence list that it contains. */
  rev: number
  count: number
  /** True: only those who spoke lately are listed. */
  partial: boolean
  members: Member[]
}

/** What changed in a roster. */
export interface Presence {
  epoch: string
  rev: number
  join: Member[]
  leave: string[]
  change: Member[]
}

/** One member, wherever it is. */
export interface MemberPresence {
  state: 'online' | 'away' | 'offline'
  since: number
  device?: string
}

/** One of the open rooms. */
export interface RoomInfo {
  room: string
  topic: string
  /** The seq of its newest message, 0 for none. */
  last: number
  /** What a private room is called. */
  title?: string
}

/** What a room is besides its messages. */
export interface About {
  room: string // another one than that of the topic: the room is called so now
  title: string
  topic: string
  owner: string
  hosts: string[]
  hidden: boolean // a private room
  members: string[] // of a private room
  code: boolean // there is one that lets in
  handout: boolean // only hosts write
  slow: number // seconds between two messages of a member; 0: no matter
  closed: boolean
  cleared: number // what has a seq up to this is not shown any more
  undo: boolean // and that can be taken back
  keep: unknown // how much of its log stays, as it was told; see store/kept.ts
}

/** What a host decided about me. */
export interface Act {
  what: string
  room: string
  by: string
  reason: string
  until: number // 0: for good, or it does not matter
  text: string
}

/** The server's own presence. */
export interface Status {
  state: 'online' | 'offline'
  version: string
  since: number
  /** The page's build that this server serves. */
  build?: string
  /** How much of every log stays, as it was told; see store/kept.ts. */
  keep?: unknown
}

/** What comes to the own inbox. `room` or `with` says which log an answer is about. */
export type Inbox =
  | { type: 'history'; room?: string; with?: string; request?: string; messages: Message[]; last: number; more: boolean }
  | { type: 'read'; room?: string; with?: string; seq: number; request?: string }
  | { type: 'marks'; rooms: [room: string, seq: number][] }
  | { type: 'message'; message: Message }
  /** Another device came in by a code of mine. */
  | { type: 'device' }
  | { type: 'error'; code: string; text: string; user: Record<string, string>; topic?: string; room?: string; id?: string; request?: string }
  /** What is told of rooms and rights: ruling.ts reads it. */
  | { type: 'told'; told: Record<string, unknown> }
  /** The answer to an order, to a search, or to what was asked about oneself: whoever asked reads it. */
  | { type: 'said'; request: string; said: Record<string, unknown> }

/** A topic that the page may be sent. */
export type Topic =
  | { of: 'messages' | 'roster' | 'presence' | 'board' | 'about'; room: string }
  | { of: 'typing'; room: string; name: string }
  /** `path` is what follows the name, empty or like `kitchen/temperature`. */
  | { of: 'state'; room: string; name: string; path: string }
  | { of: 'member'; name: string }
  /** `path` is what follows inbox, mostly empty. */
  | { of: 'inbox'; name: string; path: string }
  | { of: 'rooms' }
  | { of: 'status' }
  | { of: 'notice' }

type Fields = Record<string, unknown>

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads a topic name; undefined for what version 1 does not send to a page. */
export function parseTopic(topic: string): Topic | undefined {
  const [chat, branch, a, b, c, ...rest] = topic.split('/')
  if (chat !== 'chat' || a === '' || a === undefined) return undefined
  if (branch === 'server' && b === undefined) {
    if (a === 'rooms' || a === 'status' || a === 'notice') return { of: a }
  } else if (branch === 'room') {
    if (c === undefined) {
      if (b === 'messages' || b === 'roster' || b === 'presence' || b === 'board' || b === 'about') return { of: b, room: a }
    } else if (c !== '') {
      if (b === 'typing' && rest.length === 0) return { of: 'typing', room: a, name: c }
      if (b === 'state') return { of: 'state', room: a, name: c, path: rest.join('/') }
    }
  } else if (branch === 'user') {
    if (b === 'presence' && c === undefined) return { of: 'member', name: a }
    if (b === 'inbox') return { of: 'inbox', name: a, path: c === undefined ? '' : [c, ...rest].join('/') }
  }
  return undefined
}

/** The JSON value in a payload; undefined for what is none. */
export function parseJSON(payload: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(payload))
  } catch {
    return undefined
  }
}

export const fields = (v: unknown): Fields | undefined => (typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Fields) : undefined)
const text = (v: unknown): string | undefined => (typeof v === 'string' ? v : undefined)
const some = (v: unknown): string | undefined => (typeof v === 'string' && v !== '' ? v : undefined)
const count = (v: unknown): number | undefined => (typeof v === 'number' && Number.isSafeInteger(v) && v >= 0 ? v : undefined)
const oneOf = <T extends string>(v: unknown, ...of: T[]): T | undefined => of.find((x) => x === v)

function time(v: unknown): number {
  const t = typeof v === 'string' ? Date.parse(v) : NaN
  return Number.isNaN(t) ? 0 : t
}

/** The items of a list that f understands; an absent list is empty, what is no list is undefined. */
export function list<T>(v: unknown, f: (v: unknown) => T | undefined): T[] | undefined {
  if (v === undefined || v === null) return []
  if (!Array.isArray(v)) return undefined
  return v.map(f).filter((x) => x !== undefined) as T[]
}

/** Leaves out the keys whose value is undefined. */
function whole<T extends object>(o: T): T {
  for (const k of Object.keys(o) as (keyof T)[]) if (o[k] === undefined) delete o[k]
  return o
}

const full = <T>(l: T[] | undefined) => (l?.length ? l : undefined)

export function parseMessage(v: unknown): Message | undefined {
  const f = fields(v)
  const seq = count(f?.seq)
  const id = some(f?.id)
  const from = some(f?.from)
  if (!f || !seq || !id || !from) return undefined
  const data = fields(f.data)
  return whole<Message>({
    seq, id, from,
    time: time(f.time),
    room: some(f.room),
    to: some(f.to),
    kind: oneOf(f.kind, 'text', 'file', 'poll', 'edit', 'delete', 'react', 'vote', 'close', 'pin', 'hand', 'notice') ?? 'unknown',
    text: text(f.text) ?? '',
    reply: some(f.reply),
    re: count(data?.re) || undefined,
    ref: some(f.ref),
    refseq: count(f.refseq) || undefined,
    undo: f.undo === true || undefined,
    options: full(list(f.options, some)),
    multiple: f.multiple === true || undefined,
    closes: count(f.closes) || undefined,
    votes: full(list(f.votes, parseVote)),
    closed: time(f.closed) || undefined,
    closedby: some(f.closedby),
    choice: full(list(f.choice, count)),
    who: some(f.who),
    deleted: f.deleted === true || undefined,
    edited: time(f.edited) || undefined,
    reactions: full(list(f.reactions, parseReaction)),
    data,
    file: parseFile(f.file),
  })
}

function parseFile(v: unknown): FileInfo | undefined {
  const f = fields(v)
  const path = (v: unknown) => (text(v)?.startsWith('/files/') ? v as string : undefined) // nothing leads elsewhere
  const url = path(f?.url)
  return f && url ? whole<FileInfo>({ url, name: text(f.name) || 'file', type: text(f.type) ?? '', size: count(f.size) ?? 0, width: count(f.width) ?? 0, height: count(f.height) ?? 0, preview: path(f.preview) }) : undefined
}

function parseVote(v: unknown): Vote | undefined {
  const f = fields(v)
  const from = some(f?.from)
  const choice = full(list(f?.choice, count))
  return from && choice ? { from, choice } : undefined
}

function parseReaction(v: unknown): Reaction | undefined {
  const f = fields(v)
  const text = some(f?.text)
  const from = list(f?.from, some)
  return text && from && from.length > 0 ? { text, from } : undefined
}

function parseMember(v: unknown): Member | undefined {
  const f = fields(v)
  const name = some(f?.name)
  if (!f || !name) return undefined
  return {
    name,
    kind: oneOf(f.kind, 'person', 'device') ?? 'person',
    state: oneOf(f.state, 'online', 'away') ?? 'online',
    since: time(f.since),
    sessions: list(f.sessions, text) ?? [],
  }
}

export function parseRoster(v: unknown): Roster | undefined {
  const f = fields(v)
  const epoch = some(f?.epoch)
  const rev = count(f?.rev)
  const members = list(f?.members, parseMember)
  if (!f || epoch === undefined || rev === undefined || !members) return undefined
  return { epoch, rev, count: count(f.count) ?? members.length, partial: f.partial === true, members }
}

export function parsePresence(v: unknown): Presence | undefined {
  const f = fields(v)
  const epoch = some(f?.epoch)
  const rev = count(f?.rev)
  const join = list(f?.join, parseMember)
  const leave = list(f?.leave, some)
  const change = list(f?.change, parseMember)
  if (epoch === undefined || rev === undefined || !join || !leave || !change) return undefined
  return { epoch, rev, join, leave, change }
}

export function parseMemberPresence(v: unknown): MemberPresence | undefined {
  const f = fields(v)
  const state = oneOf(f?.state, 'online', 'away', 'offline')
  if (!f || !state) return undefined
  return whole({ state, since: time(f.since), device: some(f.device) })
}

export function parseRooms(v: unknown): RoomInfo[] | undefined {
  if (!Array.isArray(v)) return undefined
  return list(v, (r) => {
    const f = fields(r)
    const room = some(f?.room)
    return f && room ? whole<RoomInfo>({ room, topic: text(f.topic) ?? '', last: count(f.last) ?? 0, title: some(f.title) }) : undefined
  })
}

export function parseStatus(v: unknown): Status | undefined {
  const f = fields(v)
  const state = oneOf(f?.state, 'online', 'offline')
  if (!f || !state) return undefined
  return whole({ state, version: text(f.version) ?? '', since: time(f.since), build: some(f.build), keep: f.keep })
}

export function parseInbox(v: unknown): Inbox | undefined {
  const f = fields(v)
  if (!f) return undefined
  const room = some(f.room)
  const mate = some(f.with)
  const request = text(f.request)
  switch (f.type) {
    case 'history': {
      const messages = list(f.messages, parseMessage)
      if (!messages || (room === undefined) === (mate === undefined)) return undefined
      return whole<Inbox>({ type: 'history', room, with: mate, request, messages, last: count(f.last) ?? 0, more: f.more === true })
    }
    case 'read': {
      const seq = count(f.seq)
      if (seq === undefined || (room === undefined) === (mate === undefined)) return undefined
      return whole<Inbox>({ type: 'read', room, with: mate, seq, request })
    }
    case 'marks': {
      const rooms = Object.entries(fields(f.rooms) ?? {}).map(([r, seq]) => [r, count(seq)])
      return { type: 'marks', rooms: rooms.filter((r): r is [string, number] => r[1] !== undefined) }
    }
    case 'message': {
      const message = parseMessage(f.message)
      return message?.to === undefined ? undefined : { type: 'message', message }
    }
    case 'device':
      return { type: 'device' }
    case 'error': {
      const code = some(f.code)
      if (code === undefined) return undefined
      return whole<Inbox>({ type: 'error', code, text: text(f.text) ?? '', user: { ...f.with as object, reason: code, until: some(f.until) ?? '' }, topic: some(f.topic), room, id: some(f.id), request })
    }
    case 'act': case 'rooms': case 'host':
      return { type: 'told', told: f }
    case 'admin': case 'account': case 'search':
      return request !== undefined ? { type: 'said', request, said: f } : f.do === 'erased' ? { type: 'told', told: f } : undefined
  }
  return undefined
}

/** A device's last value: what its JSON says, else its text. Undefined when it has none (any more). */
export function parseState(payload: Uint8Array): unknown {
  if (payload.length === 0) return undefined
  return parseJSON(payload) ?? new TextDecoder().decode(payload)
}
