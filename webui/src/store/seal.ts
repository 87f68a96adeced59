// What the page sends of a secret that a person typed: derived with a salt that belongs to the name of this server, so that it opens
// nothing elsewhere (docs/protocol.md). SubtleCrypto is missing on plain http, so SHA-256 (FIPS 180-4) is done here.
import { knock } from './knock.ts'
import { askName } from './namecheck.ts'

/** Rounds of PBKDF2: for the passphrase of a name for good, and for a secret of a name that is held for a while. */
export const roundsKept = 200_000
export const roundsBrief = 1000

const slice = 8 // milliseconds of work before the page may breathe

const k = new Int32Array(64)
const initial = new Int32Array(8)
{ // the first bits of the square and cube roots of the primes
  const bits = (x: number) => ((x - Math.floor(x)) * 2 ** 32) | 0
  let n = 0
  for (let p = 2; n < 64; p++) {
    let prime = true
    for (let d = 2; d * d <= p; d++) if (p % d === 0) prime = false
    if (!prime) continue
    if (n < 8) initial[n] = bits(Math.sqrt(p))
    k[n++] = bits(Math.cbrt(p))
  }
}

const w = new Int32Array(64)

/** One block of 16 words in w, into state h. */
function compress(h: Int32Array): void {
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15]
    const b = w[i - 2]
    w[i] = (w[i - 16] + w[i - 7] + ((a >>> 7 | a << 25) ^ (a >>> 18 | a << 14) ^ a >>> 3) + ((b >>> 17 | b << 15) ^ (b >>> 19 | b << 13) ^ b >>> 10)) | 0
  }
  let [a, b, c, d, e, f, g, x] = h
  for (let i = 0; i < 64; i++) {
    const t1 = (x + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + ((e & f) ^ (~e & g)) + k[i] + w[i]) | 0
    const t2 = (((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
    x = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  h[0] += a
  h[1] += b
  h[2] += c
  h[3] += d
  h[4] += e
  h[5] += f
  h[6] += g
  h[7] += x
}

/** The SHA-256 of bytes that follow `before` others already in the state h, as words. */
function finish(h: Int32Array, bytes: Uint8Array, before: number): Int32Array {
  const all = new Uint8Array((bytes.length + 9 + 63) & ~63)
  all.set(bytes)
  all[bytes.length] = 0x80
  const view = new DataView(all.buffer)
  view.setUint32(all.length - 4, (bytes.length + before) * 8)
  const state = h.slice()
  for (let at = 0; at < all.length; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i)
    compress(state)
  }
  return state
}

const bytesOf = (words: Int32Array) => {
  const b = new Uint8Array(32)
  words.forEach((x, i) => new DataView(b.buffer).setInt32(4 * i, x))
  return b
}

/** PBKDF2 with HMAC-SHA-256, 32 bytes; between slices of work it waits for breathe. */
export async function pbkdf2(secret: Uint8Array, salt: Uint8Array, rounds: number, breathe: () => Promise<void>): Promise<Uint8Array> {
  const key = new Uint8Array(64)
  key.set(secret.length > 64 ? bytesOf(finish(initial, secret, 0)) : secret)
  const keyed = (pad: number) => {
    const h = initial.slice()
    const view = new DataView(key.map((b) => b ^ pad).buffer)
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(4 * i)
    compress(h)
    return h
  }
  const inner = keyed(0x36)
  const outer = keyed(0x5c)
  const first = new Uint8Array(salt.length + 4)
  first.set(salt)
  first[salt.length + 3] = 1
  let u = finish(outer, bytesOf(finish(inner, first, 64)), 64)
  const sum = u.slice()
  const h = new Int32Array(8)
  const block = (from: Int32Array) => { // of 32 bytes, after one block
    w.set(u)
    w[8] = 1 << 31
    w.fill(0, 9, 15)
    w[15] = (64 + 32) * 8
    h.set(from)
    compress(h)
    u.set(h)
  }
  u = u.slice()
  let began = performance.now()
  for (let i = 1; i < rounds; i++) {
    block(inner)
    block(outer)
    for (let j = 0; j < 8; j++) sum[j] ^= u[j]
    if ((i & 255) === 0 && performance.now() - began > slice) {
      await breathe()
      began = performance.now()
    }
  }
  return bytesOf(sum)
}

/** The name of a secret on the wire: what the server takes as derived. */
export function sealed(bytes: Uint8Array): string {
  return `tincan:${btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`
}

/** Derives what is sent of a typed secret; salt is hexadecimal, as GET /api/name tells it. */
export async function seal(typed: string, salt: string, rounds: number): Promise<string> {
  const bytes = Uint8Array.from(salt.match(/../g) ?? [], (x) => parseInt(x, 16))
  return sealed(await pbkdf2(new TextEncoder().encode(typed), bytes, rounds, () => new Promise((go) => setTimeout(go))))
}

/** What is sent of a secret that was typed for a name, with the salt that the server tells; good: it is kept for good. */
export async function sealFor(name: string, typed: string, good = false): Promise<string> {
  const check = await askName(knock, name)
  if (!check) throw new Error('no answer about the name')
  return seal(typed, check.salt ?? '', good || check.state === 'registered' ? roundsKept : roundsBrief)
}
