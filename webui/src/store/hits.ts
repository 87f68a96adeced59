// What a search found, read out of the answer.
import { fields, list, parseMessage } from '../live.ts' // what is there already
import type { Message } from '../mqtt/parse.ts'

/** A message that was found, and where in its text the words are. */
export interface Hit {
  message: Message
  ranges: [from: number, to: number][]
}

/** The hits of one answer; before: with which older ones are asked for, empty when there are none. */
export interface Found {
  hits: Hit[]
  more: boolean
  before: string
}

/** Undefined for what is no answer to a search. */
export function parseFound(f: Record<string, unknown>): Found | undefined {
  const hits = f.type === 'search' ? list(f.hits, parseHit) : undefined
  return hits && { hits, more: f.more === true, before: typeof f.before === 'string' ? f.before : '' }
}

const place = (v: unknown) => (Number.isSafeInteger(v) && Number(v) >= 0 ? Number(v) : undefined)

function parseHit(v: unknown): Hit | undefined {
  const f = fields(v)
  const message = parseMessage(f?.message)
  const ranges = list(f?.ranges, (r) => {
    const [from, to] = Array.isArray(r) ? [place(r[0]), place(r[1])] : []
    return from !== undefined && to !== undefined && from < to ? [from, to] as [number, number] : undefined
  })
  return message && (message.room ?? message.to) !== undefined ? { message, ranges: ranges ?? [] } : undefined
}
