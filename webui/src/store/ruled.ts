// What answers to orders say. They come from the server as they are; here they become what can be drawn.

type Fields = Record<string, unknown>

const fields = (v: unknown): Fields[] => (Array.isArray(v) ? v : []).filter((x): x is Fields => typeof x === 'object' && x !== null)
const text = (v: unknown) => (typeof v === 'string' ? v : '')
const count = (v: unknown) => (typeof v === 'number' && Number.isFinite(v) ? v : 0)
const time = (v: unknown) => Date.parse(text(v)) || 0

/** Somebody who was in a room. */
export interface Present {
  name: string
  device: boolean
  stays: { from: number, to: number }[] // to 0: it goes on
}

export function presents(v: unknown): Present[] {
  return fields(v).map((f) => ({ name: text(f.name), device: f.kind === 'device', stays: fields(f.spans).map((s) => ({ from: time(s.from), to: time(s.to) })) }))
    .filter((p) => p.stays.length > 0)
}

/** A mute or a ban. */
export interface Sanction {
  kind: 'mute' | 'ban'
  name: string
  address: string
  client: string
  until: number // 0: for good
  by: string
  reason: string
}

export function sanctions(a: Fields): Sanction[] {
  const of = (kind: 'mute' | 'ban', v: unknown) => fields(v).map((f) => ({
    kind, name: text(f.name), address: text(f.address), client: text(f.client), until: time(f.until), by: text(f.by), reason: text(f.reason),
  }))
  return [...of('mute', a.muted), ...of('ban', a.banned)]
}

export interface Session {
  id: string
  name: string
  device: boolean
  label: string
  address: string
  speaks: string
  since: number
  bytes: number // in and out
  mine: boolean // the one that asks
}

export function sessions(v: unknown): Session[] {
  return fields(v).map((f) => ({
    id: text(f.session), name: text(f.name), device: f.kind === 'device', label: text(f.label), address: text(f.address),
    speaks: `MQTT ${text(f.version)}, ${text(f.transport)}`, since: time(f.since), bytes: count(f.bytesin) + count(f.bytesout), mine: f.this === true,
  }))
}

/** A name that is kept for good. */
export interface KeptName {
  name: string
  here: boolean // connected
  host: boolean
}

export function keptNames(v: unknown): KeptName[] {
  return fields(v).map((f) => ({ name: text(f.name), here: f.connected === true, host: f.host === true })).sort((a, b) => a.name.localeCompare(b.name))
}

export interface OpenRoom {
  room: string
  owner: string
  people: number
  last: number
  closed: boolean
}

export function openRooms(v: unknown): OpenRoom[] {
  return fields(v).map((f) => ({ room: text(f.room), owner: text(f.owner), people: count(f.people), last: count(f.last), closed: f.closed === true }))
}

/** What somebody did. */
export interface Deed {
  seq: number
  time: number
  by: string
  what: string
  about: string
}

export function deeds(v: unknown): Deed[] {
  return fields(v).map((f) => ({
    seq: count(f.seq), time: time(f.time), by: text(f.by), what: text(f.do),
    about: [f.room ? `#${text(f.room)}` : '', text(f.name), text(f.for), text(f.text), f.reason ? `“${text(f.reason)}”` : ''].filter((s) => s !== '').join(' · '),
  }))
}

/** The day of a time where the reader is, as a field for dates has it. */
export function today(now: number): string {
  const d = new Date(now)
  return new Date(now - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 10)
}
