import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, deflateSync } from 'node:zlib'
import { tells, without } from '../../src/store/whereabouts.ts'
import { Chance } from './chance.ts'

type Bytes = Uint8Array<ArrayBuffer>

const ascii = (s: string): Bytes => Uint8Array.from(s, (c) => c.charCodeAt(0))
const join = (...parts: (Bytes | number[])[]) => Uint8Array.from(parts.flatMap((p) => [...p]))
const u16 = (n: number) => [n >> 8 & 255, n & 255]
const u32 = (n: number) => [...u16(n >>> 16), ...u16(n & 0xffff)]
const u32le = (n: number) => u32(n).reverse()
const bytes = async (b: Blob) => new Uint8Array(await b.arrayBuffer())
const holds = (b: Bytes, s: string) => Buffer.from(b).includes(s, 0, 'latin1')

// What a camera writes; CAMERA stands for all that is no place.

/** Exif: which way up, CAMERA, and if placed the latitude 52° 31' 7.6", whose bytes are SECRET. */
function exif(placed: boolean, up = 6): Bytes {
  const entry = (tag: number, kind: number, n: number, value: number[]) => [...u16(tag), ...u16(kind), ...u32(n), ...value]
  const first = [entry(0x010f, 2, 7, u32(100)), entry(0x0112, 3, 1, [...u16(up), 0, 0]), ...(placed ? [entry(0x8825, 4, 1, u32(60))] : [])]
  const gps = [...u16(2), ...entry(1, 2, 2, [0x4e, 0, 0, 0]), ...entry(2, 5, 1, u32(107)), ...u32(0)]
  const tiff = new Uint8Array(120)
  tiff.set(join(ascii('MM\0*'), u32(8), u16(first.length), ...first, u32(0)))
  if (placed) tiff.set(gps, 60)
  tiff.set(ascii('CAMERA\0SECRET'), 100)
  return tiff
}

const xmp = (placed: boolean) => ascii(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><d tiff:Make="CAMERA"${placed ? ' exif:GPSLatitude="52,31.1N"' : ''}/></x:xmpmeta>`)

// Files.

const chunk = (kind: string, content: Bytes | number[]) => {
  const body = join(ascii(kind), content)
  return join(u32(content.length), body, u32(crc32(body)))
}
const png = (...chunks: Bytes[]) => join(ascii('\x89PNG\r\n\x1a\n'), chunk('IHDR', [...u32(2), ...u32(2), 8, 2, 0, 0, 0]), chunk('tEXt', ascii('Title\0harbour')), ...chunks, chunk('IDAT', ascii('pixels')), chunk('IEND', []))
const hex = (b: Bytes) => ascii(`\nexif\n    ${b.length}\n${Buffer.from(b).toString('hex').replace(/.{72}/g, '$&\n')}\n`)

const riff = (kind: string, b: Bytes) => join(ascii(kind), u32le(b.length), b, b.length % 2 ? [0] : [])
const webp = (...chunks: Bytes[]) => join(ascii('RIFF'), u32le(4 + chunks.reduce((n, c) => n + c.length, 0)), ascii('WEBP'), ...chunks)

const box = (kind: string, ...content: (Bytes | number[])[]) => join(u32(8 + content.reduce((n, c) => n + c.length, 0)), ascii(kind), ...content)
const long = (kind: string, ...content: (Bytes | number[])[]) => join(u32(1), ascii(kind), u32(0), u32(16 + content.reduce((n, c) => n + c.length, 0)), ...content)
const ftyp = (brand: string) => box('ftyp', ascii(`${brand}\0\0\0\0mif1`))
const hdlr = (kind: string) => box('hdlr', u32(0), u32(0), ascii(kind), new Uint8Array(13))

/** A HEIC or an AVIF: its picture, Exif and XMP as items, the Exif in two parts, inside the meta box or behind it. */
function still({ brand, exif, xmp, version, inside, titled = true }: { brand: string, exif: Bytes, xmp: Bytes, version: number, inside: boolean, titled?: boolean }): Bytes {
  const item = join(u32(titled ? 6 : 0), titled ? ascii('Exif\0\0') : [], exif)
  const pixels = ascii('pixels')
  const data = join(pixels, item, xmp)
  const id = (n: number) => (version > 1 ? u32(n) : u16(n))
  const infe = (n: number, kind: string, more: string) => box('infe', [version > 1 ? 3 : 2, 0, 0, 0], id(n), u16(0), ascii(`${kind}\0${more}`))
  const iinf = box('iinf', [version > 0 ? 1 : 0, 0, 0, 0], version > 0 ? u32(3) : u16(3), infe(1, 'hvc1', ''), infe(2, 'Exif', ''), infe(3, 'mime', 'application/rdf+xml\0'))
  const make = (from: number) => {
    const at = [0, pixels.length, pixels.length + item.length]
    const extent = (offset: number, length: number) => [...u32(from + offset), ...u32(length)]
    const way = version > 0 ? u16(inside ? 1 : 0) : []
    const iloc = box('iloc', [version, 0, 0, 0, 0x44, 0], version > 1 ? u32(3) : u16(3),
      id(1), way, u16(0), u16(1), extent(at[0], pixels.length),
      id(2), way, u16(0), u16(2), extent(at[1], 50), extent(at[1] + 50, item.length - 50),
      id(3), way, u16(0), u16(1), extent(at[2], xmp.length))
    const head = join(ftyp(brand), box('meta', u32(0), hdlr('pict'), iinf, iloc, inside ? box('idat', data) : []))
    return inside ? head : join(head, box('mdat', data))
  }
  return inside ? make(0) : make(make(0).length - data.length)
}

/** A raw picture as a camera makes it: the directory is behind the picture, which is larger than what is read at once; so is XMP. */
function raw(little: boolean, placed: 'exif' | 'xmp' | ''): Bytes {
  const n16 = (n: number) => (little ? u16(n).reverse() : u16(n))
  const n32 = (n: number) => (little ? u32le(n) : u32(n))
  const entry = (tag: number, kind: number, n: number, value: number[]) => [...n16(tag), ...n16(kind), ...n32(n), ...value]
  const text = xmp(placed === 'xmp')
  const pixels = ascii('pixels'.repeat(20_000))
  const at = 8 + pixels.length
  const gps = at + 2 + 36 + 4
  const after = gps + 2 + 24 + 4
  return join(ascii(little ? 'II*\0' : 'MM\0*'), n32(at), pixels,
    n16(3), entry(0x010f, 2, 7, n32(after)), entry(700, 1, text.length, n32(after + 31)), entry(0x8825, 4, 1, n32(gps)), n32(0),
    n16(2), entry(1, 2, 2, [0x4e, 0, 0, 0]), entry(placed === 'exif' ? 2 : 29, 5, 3, n32(after + 7)), n32(0),
    ascii('CAMERA\0'), ascii(placed === 'exif' ? 'SECRET' : 'DATUM.'), new Uint8Array(18), text)
}

const where = '+52.5186+013.3763/'
const moov = (...more: Bytes[]) => box('moov', box('mvhd', new Uint8Array(100)), box('trak', box('tkhd', new Uint8Array(80))), ...more)
const android = (text = where) => box('udta', box('\xa9xyz', u16(text.length), u16(0x15c7), ascii(text)), box('\xa9too', ascii('CAMERA')))
const iphone = (version: boolean, text = where) => {
  const key = (k: string) => box('mdta', ascii(k))
  const value = (n: number, v: string) => join(u32(8 + 16 + v.length), u32(n), box('data', u32(1), u32(0), ascii(v)))
  return box('meta', version ? u32(0) : [], hdlr('mdta'), box('keys', u32(0), u32(3), key('com.apple.quicktime.make'), key('com.apple.quicktime.location.ISO6709'), key('com.apple.quicktime.location.name')),
    box('ilst', value(1, 'CAMERA'), value(2, text), value(3, text)))
}
const film = (...more: Bytes[]) => join(ftyp('isom'), long('mdat', ascii('film'.repeat(30_000))), moov(...more)) // larger than what is read at once

const stills = (placed: 'exif' | 'xmp' | '') => [0, 1, 2].flatMap((version) => (version === 0 ? [false] : [false, true]).flatMap((inside) => ['heic', 'avif'].map((brand): [string, Bytes] => [
  `a ${brand}, version ${version}${inside ? ' inside' : ''}`, still({ brand, version, inside, exif: exif(placed === 'exif'), xmp: xmp(placed === 'xmp'), titled: brand === 'heic' }),
])))
const packed = (b: Bytes) => deflateSync(b)

// What is at these places says where, besides SECRET; kept is what must be there still.
const placed: [string, Bytes, kept: string][] = [
  ['a PNG with Exif', png(chunk('eXIf', exif(true))), 'pixels'],
  ['a PNG with XMP', png(chunk('iTXt', join(ascii('XML:com.adobe.xmp\0\0\0\0\0'), xmp(true)))), 'harbour'],
  ['a PNG with packed XMP', png(chunk('iTXt', join(ascii('XML:com.adobe.xmp\0\x01\0en\0XMP\0'), packed(xmp(true))))), 'harbour'],
  ['a PNG with Exif as text', png(chunk('zTXt', join(ascii('Raw profile type exif\0\0'), packed(hex(join(ascii('Exif\0\0'), exif(true))))))), 'harbour'],
  ['a PNG with XMP as text', png(chunk('tEXt', join(ascii('Raw profile type xmp\0'), hex(xmp(true))))), 'harbour'],
  ['a WebP with Exif', webp(riff('VP8X', new Uint8Array(10)), riff('VP8 ', ascii('pixels')), riff('EXIF', exif(true))), 'pixels'],
  ['a WebP with titled Exif', webp(riff('VP8 ', ascii('pixels')), riff('EXIF', join(ascii('Exif\0\0'), exif(true)))), 'pixels'],
  ['a WebP with XMP', webp(riff('VP8 ', ascii('pixel')), riff('XMP ', xmp(true))), 'pixel'],
  ...stills('exif').map(([what, b]): [string, Bytes, string] => [what, b, 'pixels']),
  ...stills('xmp').map(([what, b]): [string, Bytes, string] => [`${what}, XMP`, b, 'pixels']),
  ...[true, false].flatMap((little) => (['exif', 'xmp'] as const).map((in_): [string, Bytes, string] => [`a raw picture, ${in_}, ${little}`, raw(little, in_), 'CAMERA'])),
  ['a film of Android', film(android()), 'CAMERA'],
  ['a film of an iPhone', film(iphone(false)), 'CAMERA'],
  ['a film with keys in an MP4', film(box('udta', iphone(true))), 'CAMERA'],
  ['a film of 3GPP', film(box('udta', box('loci', ascii(`\0\0\0\0\x15\xc7${where}`)))), 'film'],
  ['a film with a place in a long box', film(box('udta', long('\xa9xyz', u16(where.length), u16(0), ascii(where)))), 'film'],
  ['a film with XMP of QuickTime', film(box('udta', box('XMP_', xmp(true)))), 'film'],
  ['a film with XMP of an MP4', join(film(), box('uuid', Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex'), xmp(true))), 'film'],
  ['a picture that moves', join(still({ brand: 'heic', version: 0, inside: false, exif: exif(false), xmp: xmp(false) }), box('mpvd', film(android()))), 'pixels'],
]

const unplaced: [string, Bytes][] = [
  ['a PNG', png(chunk('eXIf', exif(false)), chunk('iTXt', join(ascii('XML:com.adobe.xmp\0\0\0\0\0'), xmp(false))))],
  ['a PNG that is only called GPSLatitude', png(chunk('tEXt', ascii('Comment\0GPSLatitude')))],
  ['a WebP', webp(riff('EXIF', exif(false)), riff('XMP ', xmp(false)))],
  ...stills(''),
  ['a raw picture', raw(true, '')],
  ['a film', film(box('udta', box('\xa9too', ascii(where))), iphone(false, '   '))],
  ['a text', ascii('GPSLatitude')],
  ['nothing', new Uint8Array(0)],
]

test('a picture and a film tell where they were taken, and are the same without', async () => {
  for (const [what, b, kept] of placed) {
    const file = new Blob([b])
    assert.equal(await tells(file), true, what)
    const all = await without(file)
    assert.ok(all, what)
    const made = new Blob(all)
    assert.equal(await tells(made), false, `${what} tells it still`)
    const bare = await bytes(made)
    for (const secret of ['SECRET', 'GPSLatitude', where]) assert.ok(!holds(bare, secret), `${what} has ${secret} in it`)
    assert.ok(holds(bare, kept), `${what} has lost ${kept}`)
    if (!what.includes('PNG')) assert.equal(bare.length, b.length, `${what}: nothing moves`)
    const changed = b.filter((x, i) => x !== bare[i]).length
    if (!what.includes('PNG')) assert.ok(changed < 500, `${what}: ${changed} bytes are others`)
  }
  for (const [what, b] of unplaced) assert.equal(await tells(new Blob([b])), false, what)
})

test('which way up a picture is stays, and the chunks of a PNG have their checksums', async () => {
  const up = Buffer.from([1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6])
  for (const [what, b] of placed.filter(([what]) => /^a .*Exif$|version/.test(what) && !what.includes('XMP'))) {
    const made = await bytes(new Blob(await without(new Blob([b])) ?? []))
    assert.ok(Buffer.from(made).includes(up), what)
  }
  for (const [what, b] of placed.filter(([what]) => what.includes('PNG'))) {
    const made = await bytes(new Blob(await without(new Blob([b])) ?? []))
    const v = new DataView(made.buffer)
    let at = 8
    for (; at < made.length; at += 12 + v.getUint32(at)) {
      const end = at + 8 + v.getUint32(at)
      assert.equal(v.getUint32(end), crc32(made.subarray(at + 4, end)), what)
    }
    assert.equal(at, made.length, what)
  }
})

/** A file of any size, which counts the bytes that are read: zeros between its beginning and its end. */
class Sparse extends Blob {
  read = 0
  readonly #head: Bytes
  readonly #tail: Bytes
  readonly #size: number

  constructor(head: Bytes, size: number, tail: Bytes) {
    super()
    this.#head = head
    this.#tail = tail
    this.#size = size
  }

  override get size(): number {
    return this.#size
  }

  override slice(from = 0, to = this.#size): Blob {
    const b = new Uint8Array(Math.max(0, Math.min(to, this.#size) - from))
    const tailAt = this.#size - this.#tail.length
    for (const [part, at] of [[this.#head, 0], [this.#tail, tailAt]] as const) {
      const within = part.subarray(Math.max(0, from - at), Math.max(0, Math.min(part.length, from + b.length - at)))
      b.set(within, Math.max(0, Math.min(b.length, at - from)))
    }
    this.read += b.length
    return new Blob([b])
  }
}

test('of a film of gigabytes little is read', async () => {
  const size = 6 * 2 ** 30
  const end = moov(android())
  const head = join(ftyp('qt  '), u32(1), ascii('mdat'), u32(Math.floor((size - 20 - end.length) / 2 ** 32)), u32((size - 20 - end.length) % 2 ** 32))
  const file = new Sparse(head, size, end)
  assert.equal(await tells(file), true)
  assert.ok(file.read < 1 << 18, `${file.read} bytes were read`)
})

test('what cannot be taken out is said', async () => {
  const ends = still({ brand: 'heic', version: 0, inside: false, exif: exif(true), xmp: xmp(true) })
  const iloc = Buffer.from(ends).indexOf('iloc')
  ends[iloc + 10] = 0xff // more items than there are
  assert.equal(await without(new Blob([ends])), null)
  assert.equal(await without(new Blob([ascii('no picture')])), null)
})

test('whatever bytes come, it ends, and what is left out is out', async () => {
  const chance = new Chance(11)
  const all = [...placed, ...unplaced].map(([, b]) => (b.length > 5000 ? b.slice(-400) : b)) // of large ones the end
  all.push(join(ascii('II*\0'), u32le(8), raw(true, 'exif').slice(8 + 120_000)))
  for (let i = 0; i < 1000; i++) {
    const from = chance.one(all)
    const b = from.slice(0, chance.flip() ? from.length : chance.int(0, from.length))
    for (let n = chance.int(0, 6); n > 0 && b.length > 0; n--) b[chance.int(0, b.length - 1)] = chance.flip() ? chance.int(0, 255) : chance.one([0, 1, 0xff])
    const file = new Blob([b])
    await tells(file)
    const made = await without(file)
    if (made) assert.equal(await tells(new Blob(made)), false, `run ${i}`)
  }
})
