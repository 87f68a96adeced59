// What stands out in a room: pinned messages and raised hands. The server tells it as it is after some entry of the log; the entries that
// come later are folded onto it here, as the server does.
import type { Message } from '../mqtt/parse.ts'

export interface Pin {
  seq: number // of the message
  id: string
  by: string
}

export interface Hand {
  name: string
  time: number // milliseconds; when it was raised
}

export interface Board {
  pins: readonly Pin[]
  hands: readonly Hand[] // in the order in which they were raised
}

/** A hand that was raised so long ago is forgotten. */
export const handStays = 12 * 3600_000

const nothing: Board = { pins: [], hands: [] }

/** The board that was told, with what came later; what came is in the order of seq. */
export function board(told: unknown, posted: readonly Message[]): Board {
  const { seq, pins, hands } = (told ?? {}) as { seq?: unknown, pins?: unknown, hands?: unknown }
  if (typeof seq !== 'number') return nothing
  const begin: Board = { pins: items(pins, pinned), hands: items(hands, raised) }
  return posted.reduce((b, m) => (m.seq > seq && !m.deleted ? after(b, m) : b), begin)
}

/** The hands that still count. */
export function up(b: Board, now: number): readonly Hand[] {
  return b.hands.filter((h) => now - h.time <= handStays)
}

function after(b: Board, m: Message): Board {
  switch (m.kind) {
    case 'pin': case 'delete': {
      const { refseq: seq = 0, ref: id = '' } = m
      if (m.kind === 'delete' || m.undo) return { ...b, pins: b.pins.filter((p) => p.seq !== seq) }
      return b.pins.some((p) => p.seq === seq) ? b : { ...b, pins: [...b.pins, { seq, id, by: m.from }] }
    }
    case 'hand': {
      if (!m.undo) return b.hands.some((h) => h.name === m.from) ? b : { ...b, hands: [...b.hands, { name: m.from, time: m.time }] }
      return { ...b, hands: m.who === '*' ? [] : b.hands.filter((h) => h.name !== (m.who ?? m.from)) }
    }
    default: return b
  }
}

function items<T>(v: unknown, f: (o: Record<string, unknown>) => T | null): T[] {
  return Array.isArray(v) ? v.map((o) => (o && typeof o === 'object' ? f(o as Record<string, unknown>) : null)).filter((x) => x !== null) as T[] : []
}

function pinned({ seq, id, by }: Record<string, unknown>): Pin | null {
  return typeof seq === 'number' && typeof id === 'string' && typeof by === 'string' ? { seq, id, by } : null
}

function raised({ name, time }: Record<string, unknown>): Hand | null {
  return typeof name === 'string' && typeof time === 'string' ? { name, time: Date.parse(time) } : null
}
