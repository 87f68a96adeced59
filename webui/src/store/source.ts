// A file that is read in places, since it may be larger than the memory, and changed in places, without the rest being read.

/** Bytes of what is written about a picture that are looked at: cameras write some tens of thousands. */
export const mostWritten = 1 << 20

const window = 1 << 16 // bytes that are read at once
const mostBlank = 64 << 20 // bytes that are overwritten in one piece: more is no writing

/** Bytes that come instead of others. */
export interface Change {
  from: number
  to: number
  by: Uint8Array<ArrayBuffer>
}

/** What was found in a file: whether it tells where it was taken, and what takes that out. */
export interface Finding {
  told: boolean
  changes: Change[]
}

export class Source {
  readonly size: number
  readonly #file: Blob
  #at = 0
  #read = new Uint8Array(0)

  constructor(file: Blob) {
    this.#file = file
    this.size = file.size
  }

  /** Bytes from a place on: as many as there are, and as are looked at. */
  async bytes(at: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const n = Math.max(0, Math.min(length, mostWritten, this.size - at))
    if (at < this.#at || at + n > this.#at + this.#read.length) {
      this.#read = new Uint8Array(await this.#file.slice(at, at + Math.max(n, window)).arrayBuffer())
      this.#at = at
    }
    return this.#read.subarray(at - this.#at, at - this.#at + n)
  }

  /** So many bytes, with zeros behind the end of the file. */
  async read(at: number, length: number): Promise<DataView> {
    let b = await this.bytes(at, length)
    if (b.length < length) {
      const whole = new Uint8Array(length)
      whole.set(b)
      b = whole
    }
    return new DataView(b.buffer, b.byteOffset, length)
  }

  /** The four letters at a place. */
  word(v: DataView, at: number): string {
    return String.fromCharCode(v.getUint8(at), v.getUint8(at + 1), v.getUint8(at + 2), v.getUint8(at + 3))
  }
}

/** So many zeros, or spaces. */
export function blank(length: number, of: '\0' | ' ' = '\0'): Uint8Array<ArrayBuffer> {
  if (length > mostBlank) throw new RangeError('too much to overwrite')
  return new Uint8Array(length).fill(of.charCodeAt(0))
}

/** Pieces, one behind the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const p of parts) {
    out.set(p, at)
    at += p.length
  }
  return out
}

/** A file with changes, in pieces. Where two overlap, the first counts. */
export function changed(file: Blob, changes: readonly Change[]): BlobPart[] {
  const out: BlobPart[] = []
  let at = 0
  for (const { from, to, by } of changes.toSorted((a, b) => a.from - b.from)) {
    if (to <= at) continue
    out.push(file.slice(at, Math.max(at, from)), by.subarray(Math.max(0, at - from)))
    at = to
  }
  return [...out, file.slice(at)]
}
