// Uploads by tus 1.0: a file goes up in pieces, and after whatever breaks it goes on where the server says that it has come to.

/** What of a Blob is used. */
export interface Bytes {
  readonly size: number
  slice(from: number, to: number): Blob
}

export interface Answer {
  status: number
  header(name: string): string | null
  body: string
}

/** Sends one request; rejects with NoAnswer when none comes. sent tells how many bytes of the body have gone. */
export type Send = (method: 'POST' | 'HEAD' | 'PATCH' | 'GET' | 'DELETE', path: string, headers: Record<string, string>, body?: Blob, o?: { sent?: (bytes: number) => void, signal?: AbortSignal }) => Promise<Answer>

/** The line is down, or the server is. */
export class NoAnswer extends Error {
  override name = 'NoAnswer'
}

/** The server does not take it: its HTTP status, its sentence, how large files may be (0: it did not tell), its word and what the sentence speaks of. */
export class Refusal extends Error {
  override name = 'Refusal'

  constructor(readonly status: number, text: string, readonly most = 0, readonly user: Record<string, string> = {}) {
    super(text)
  }
}

/** The file cannot be read any more: it was changed, moved or deleted. */
export class Unreadable extends Error {
  override name = 'Unreadable'
}

/** What the server says of a file that it has. */
export interface Whole {
  id: string
  size: number
}

export interface Job {
  file: Bytes
  name: string
  type: string
  /** Path of the upload that was begun; empty: none. */
  at: string
  send: Send
  authorization: () => string
  /** The server gave it a path, or it begins anew. */
  placed(at: string): void
  /** So many bytes are there. */
  came(bytes: number): void
  /** Resolves after some time, or as soon as it is worth trying again. */
  wait(ms: number): Promise<void>
  now(): number
  signal: AbortSignal
}

export const here = '/api/upload'
const first = 1 << 20 // bytes of the first piece
const [least, most] = [1 << 18, 1 << 25] // of any: larger ones cost fewer questions, smaller ones lose less
const [quick, slow] = [2000, 10_000] // milliseconds for a piece
const longest = 30_000 // milliseconds between two attempts
const enough = 8 // refusals in a row that should pass by themselves and do not
const protocol = { 'Tus-Resumable': '1.0.0' }

/** Uploads a file. It ends when the server has all of it, with a Refusal, with Unreadable, or as signal says. */
export async function upload(j: Job): Promise<Whole> {
  const { file, signal } = j
  let { at } = j
  let offset = -1 // not known
  let size = first
  let trouble = 0 // in a row
  let unanswered = 0
  let furthest = 0
  const ask = (method: Parameters<Send>[0], path: string, headers: Record<string, string> = {}, body?: Blob, sent?: (bytes: number) => void) =>
    j.send(method, path, { ...protocol, Authorization: j.authorization(), ...headers }, body, { sent, signal })
  const anew = () => {
    at = ''
    offset = -1
    j.placed('')
  }
  const reach = (to: number) => {
    offset = to
    if (to > furthest) {
      furthest = to
      trouble = 0
    }
    j.came(to)
  }
  for (;;) {
    signal.throwIfAborted()
    try {
      let a: Answer
      if (at === '') {
        a = await ask('POST', here, { 'Upload-Length': `${file.size}`, 'Upload-Metadata': `filename ${base64(j.name)},filetype ${base64(j.type)}` })
        const path = a.status === 201 ? placeOf(a.header('Location')) : null
        if (path !== null) {
          at = path
          j.placed(path)
          reach(0)
          unanswered = 0
          continue
        }
      } else if (offset < 0) {
        a = await ask('HEAD', at)
        if (a.status === 200 || a.status === 204) {
          const to = offsetOf(a)
          unanswered = 0
          if (to >= 0 && to <= file.size) reach(to)
          else {
            trouble++
            anew()
          }
          if (trouble < enough) continue
        }
      } else if (offset === file.size) {
        a = await ask('GET', at)
        const whole = wholeOf(a.body)
        if (a.status === 200 && whole) return whole
        offset = -1
      } else {
        const end = Math.min(offset + size, file.size)
        const from = offset
        const body = file.slice(from, end)
        const began = j.now()
        offset = -1 // until the answer says otherwise
        a = await ask('PATCH', at, { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': `${from}` }, body, (n) => j.came(from + Math.min(n, end - from)))
        const to = offsetOf(a)
        if (a.status === 204 || a.status === 200) {
          unanswered = 0
          if (to > from && to <= end) reach(to)
          else trouble++
          const whole = to === file.size ? wholeOf(a.header('Tincan-File') ?? '') : null
          if (whole) return whole
          const took = j.now() - began
          size = Math.max(least, Math.min(most, took < quick ? size * 2 : took > slow ? size / 2 : size))
          if (trouble < enough) continue
        }
      }
      if (passes(a.status) && ++trouble < enough) await j.wait(secondsOf(a) ?? pause(trouble))
      else if ((a.status === 404 || a.status === 410) && at !== '' && ++trouble < enough) anew()
      else throw refusal(a)
    } catch (e) {
      if (!(e instanceof NoAnswer)) throw e
      await readable(file)
      await j.wait(pause(++unanswered))
    }
  }
}

/** Tells the server that the rest does not come. What it does not hear it forgets by itself, later. */
export async function forget(at: string, send: Send, authorization: string): Promise<void> {
  await send('DELETE', at, { ...protocol, Authorization: authorization }).catch(() => {})
}

/** Whether a refusal passes by itself: another one writes it, its place has moved on, a checksum, too much at once, no space, a server that stumbles. */
function passes(status: number): boolean {
  return status === 409 || status === 423 || status === 429 || status === 460 || status === 408 || status >= 500 || (status >= 200 && status < 300)
}

function pause(n: number): number {
  return Math.min(longest, 500 * 2 ** (n - 1))
}

/** A file that has gone cannot be told from a line that is down, unless one looks. */
async function readable(file: Bytes): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer()
  } catch {
    throw new Unreadable('the file cannot be read')
  }
}

function offsetOf(a: Answer): number {
  const h = a.header('Upload-Offset') ?? ''
  return /^\d{1,15}$/.test(h) ? Number(h) : -1
}

/** The path in a Location, if it is one of uploads on this server. */
function placeOf(location: string | null): string | null {
  const path = location === null ? '' : location.replace(/^https?:\/\/[^/]*/, '')
  return path.startsWith(`${here}/`) && !/[?#\s]/.test(path) && path.length < 500 ? path : null
}

function wholeOf(json: string): Whole | null {
  try {
    const v = JSON.parse(json) as Partial<Whole> | null
    return typeof v?.id === 'string' && v.id !== '' && typeof v.size === 'number' ? { id: v.id, size: v.size } : null
  } catch {
    return null
  }
}

/** What the server says for the person, and by which word. */
function refusal(a: Answer): Refusal {
  let no: { text?: unknown, error?: unknown, with?: object } = {}
  try {
    no = JSON.parse(a.body)
  } catch {
    // It is no answer of tincan's.
  }
  const text = typeof no.text === 'string' ? no.text.slice(0, 300) : ''
  return new Refusal(a.status, text, Number(a.header('Tus-Max-Size') ?? 0) || 0, { ...no.with, reason: String(no.error ?? '') })
}

function secondsOf(a: Answer): number | null {
  const h = a.header('Retry-After') ?? ''
  return /^\d{1,4}$/.test(h) ? Math.min(longest, Number(h) * 1000) : null
}

/** Text as base64 of its UTF-8. */
export function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
