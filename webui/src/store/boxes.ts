// What is written about a picture or a film in a file of boxes (ISO 14496-12): HEIC and AVIF, MP4 and QuickTime. Boxes tell by offsets from
// the beginning of the file where pictures are, so all of it is overwritten in its place and nothing moves.
import { bare, bareXmp, latin1, placedInXmp, read, says, titled } from './exif.ts'
import { blank, type Finding, joined, mostWritten, type Source } from './source.ts'

const mostBoxes = 20_000
const holders = new Set(['moov', 'trak', 'udta', 'mpvd']) // mpvd is the film of a picture that moves, a file in itself
const placed = new Set(['\xa9xyz', 'loci']) // the place as text, and as 3GPP writes it
const xmpId = '\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac'
const deepest = 8
const mostExtents = 1 << 14
const free = Uint8Array.from('free', (c) => c.charCodeAt(0))

/** Where the TIFF of an Exif item begins: its first four bytes tell how far behind them. */
function tiffIn(b: Uint8Array<ArrayBuffer>): number {
  if (b.length < 4) return b.length
  const at = 4 + new DataView(b.buffer, b.byteOffset).getUint32(0)
  return says(b, at, 'II') || says(b, at, 'MM') ? at : Math.min(4 + titled(b, 4), b.length) // some count otherwise
}

interface Box {
  kind: string
  from: number
  body: number // where its content begins
  to: number
}

/** A part of the file. */
interface Span {
  from: number
  to: number
}

export const isBoxes = (b: Uint8Array) => ['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip'].some((kind) => says(b, 4, kind))

/** Looks through a whole file. */
export async function boxes(s: Source, found: Finding): Promise<void> {
  await new Boxes(s, found).within({ from: 0, to: s.size }, 0)
}

class Boxes {
  #seen = 0
  readonly #s: Source
  readonly #found: Finding

  constructor(s: Source, found: Finding) {
    this.#s = s
    this.#found = found
  }

  /** Looks through the boxes in a part of the file. */
  async within(span: Span, depth: number): Promise<void> {
    for await (const b of this.#boxes(span)) {
      if (placed.has(b.kind)) {
        this.#found.told = true
        this.#put(b.from + 4, free)
        this.#put(b.body, blank(b.to - b.body))
      } else if (b.kind === 'XMP_') await this.#xmp(b.body, b.to)
      else if (b.kind === 'uuid' && says(await this.#s.bytes(b.body, 16), 0, xmpId)) await this.#xmp(b.body + 16, b.to)
      else if (b.kind === 'meta') await this.#meta(b)
      else if (holders.has(b.kind) && depth < deepest) await this.within({ from: b.body, to: b.to }, depth + 1)
    }
  }

  async* #boxes({ from, to }: Span): AsyncGenerator<Box> {
    for (let at = from; at + 8 <= to && this.#seen < mostBoxes; this.#seen++) {
      const head = await this.#s.read(at, 16)
      const short = head.getUint32(0)
      const size = short === 1 ? Number(head.getBigUint64(8)) : short || to - at
      const body = at + (short === 1 ? 16 : 8)
      if (at + size < body || at + size > to) return
      yield { kind: this.#s.word(head, 4), from: at, body, to: at + size }
      at += size
    }
  }

  async #xmp(from: number, to: number): Promise<void> {
    if (!placedInXmp(await this.#s.bytes(from, to - from))) return
    this.#found.told = true
    this.#put(from, bareXmp(to - from))
  }

  /** What describes a picture, by items, or a film, by keys. */
  async #meta(b: Box): Promise<void> {
    const from = this.#s.word(await this.#s.read(b.body, 8), 4) === 'hdlr' ? b.body : b.body + 4 // QuickTime has no version there
    const parts = new Map<string, Box>()
    for await (const p of this.#boxes({ from, to: b.to })) parts.set(p.kind, p)
    const [info, where, keys, values] = ['iinf', 'iloc', 'keys', 'ilst'].map((kind) => parts.get(kind))
    if (info && where) await this.#items(info, where, parts.get('idat'))
    if (values) await this.#values(values, keys ? await this.#placedKeys(keys) : new Set())
  }

  // Items of a picture.

  async #items(info: Box, where: Box, data: Box | undefined): Promise<void> {
    const written = await this.#written(info)
    if (written.size === 0) return
    for (const [id, spans] of await this.#spans(where, data, written)) {
      const length = spans.reduce((n, p) => n + p.to - p.from, 0)
      const b = await this.#content(spans)
      let by: Uint8Array<ArrayBuffer>
      if (written.get(id) === 'Exif') {
        const at = tiffIn(b)
        const said = read(b.subarray(at))
        this.#found.told ||= said.placed
        by = joined([b.subarray(0, at), bare(said.up, length - at)])
      } else {
        this.#found.told ||= placedInXmp(b)
        by = bareXmp(length)
      }
      for (const p of spans) {
        this.#put(p.from, by.subarray(0, p.to - p.from))
        by = by.subarray(p.to - p.from)
      }
    }
  }

  /** Which items hold what was written about the picture. */
  async #written(info: Box): Promise<Map<number, 'Exif' | 'XMP'>> {
    const out = new Map<number, 'Exif' | 'XMP'>()
    const version = (await this.#s.read(info.body, 1)).getUint8(0)
    for await (const b of this.#boxes({ from: info.body + (version === 0 ? 6 : 8), to: info.to })) {
      if (b.kind !== 'infe') continue
      const v = await this.#s.read(b.body, 14)
      if (v.getUint8(0) < 2) continue // an older one names no kind
      const long = v.getUint8(0) > 2 ? 2 : 0 // its id has four bytes
      const id = long ? v.getUint32(4) : v.getUint16(4)
      const kind = this.#s.word(v, 8 + long)
      if (kind === 'Exif') out.set(id, kind)
      else if (kind === 'mime' && latin1.decode(await this.#s.bytes(b.body + 12 + long, b.to - b.body - 12 - long)).includes('application/rdf+xml')) out.set(id, 'XMP')
    }
    return out
  }

  /** Where these items are in the file. */
  async #spans(where: Box, data: Box | undefined, wanted: ReadonlyMap<number, unknown>): Promise<Map<number, Span[]>> {
    const out = new Map<number, Span[]>()
    const b = await this.#s.bytes(where.body, where.to - where.body)
    const v = new DataView(b.buffer, b.byteOffset, b.length)
    let at = 4
    const number = (bytes: number) => {
      let n = 0
      for (let i = 0; i < bytes; i++) n = n * 256 + v.getUint8(at++) // beyond the end it throws
      return n
    }
    const version = v.getUint8(0)
    const sizes = number(2)
    const [offset, length, base, index] = [sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, version > 0 ? sizes & 15 : 0]
    let all = 0
    for (let items = number(version < 2 ? 2 : 4); items > 0; items--) {
      const id = number(version < 2 ? 2 : 4)
      const way = version > 0 ? number(2) & 15 : 0
      number(2) // of which file: of this one
      const from = number(base)
      const spans: Span[] = []
      for (let extents = number(2); extents > 0; extents--) {
        if (++all > mostExtents) throw new RangeError('too many parts')
        number(index)
        const within = way === 1 && data ? { from: data.body, to: data.to } : { from: 0, to: this.#s.size }
        const start = Math.min(within.from + from + number(offset), within.to)
        const n = number(length)
        spans.push({ from: start, to: n === 0 ? within.to : Math.min(start + n, within.to) })
      }
      if (wanted.has(id) && way < 2) out.set(id, spans)
    }
    return out
  }

  /** As much of spans as is looked at. */
  async #content(spans: readonly Span[]): Promise<Uint8Array<ArrayBuffer>> {
    const out: Uint8Array<ArrayBuffer>[] = []
    let n = 0
    for (const p of spans) {
      if (n >= mostWritten) break
      const b = (await this.#s.bytes(p.from, p.to - p.from)).slice()
      out.push(b)
      n += b.length
    }
    return joined(out)
  }

  // Values of a film.

  /** The numbers of those keys that are of a place. */
  async #placedKeys(keys: Box): Promise<Set<number>> {
    const out = new Set<number>()
    let n = 0
    for await (const k of this.#boxes({ from: keys.body + 8, to: keys.to })) {
      n++
      if (latin1.decode(await this.#s.bytes(k.body, k.to - k.body)).includes('.location.')) out.add(n)
    }
    return out
  }

  async #values(values: Box, placedKeys: ReadonlySet<number>): Promise<void> {
    for await (const item of this.#boxes({ from: values.body, to: values.to })) {
      const key = (await this.#s.read(item.from + 4, 4)).getUint32(0)
      if (!placed.has(item.kind) && !placedKeys.has(key)) continue
      for await (const d of this.#boxes({ from: item.body, to: item.to })) {
        const from = d.body + 8 // behind its type and its language
        if (d.kind !== 'data' || from >= d.to) continue
        this.#found.told ||= (await this.#s.bytes(from, d.to - from)).some((x) => x !== 0 && x !== 0x20)
        this.#put(from, blank(d.to - from, ' '))
      }
    }
  }

  #put(from: number, by: Uint8Array<ArrayBuffer>): void {
    this.#found.changes.push({ from, to: from + by.length, by })
  }
}
