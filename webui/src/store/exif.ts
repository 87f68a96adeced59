// What a camera writes into a JPEG beside the picture: whether it tells where it was taken, and the same picture without. The picture itself
// is not touched, so nothing is lost; only which way up it is, is written again.

/** Bytes of the beginning of a file in which all of that stands, but for what hardly a camera writes. */
export const headBytes = 128 * 1024

/** A part before the picture, from its marker on. */
interface Segment {
  marker: number
  from: number
  to: number
}

/** The parts of a JPEG up to the picture; none of what is no JPEG. */
function segments(b: Uint8Array): Segment[] {
  const out: Segment[] = []
  if (b[0] !== 0xff || b[1] !== 0xd8) return out
  for (let i = 2; i + 4 <= b.length && b[i] === 0xff;) {
    if (b[i + 1] === 0xff) { // filled up
      i++
      continue
    }
    const to = i + 2 + (b[i + 2] << 8 | b[i + 3])
    out.push({ marker: b[i + 1], from: i, to })
    if (b[i + 1] === 0xda || to <= i + 3) break
    i = to
  }
  return out
}

const app1 = 0xe1
const app2 = 0xe2
const app13 = 0xed // of news agencies: it may name the place
const startOfScan = 0xda
const endOfImage = 0xd9

const says = (b: Uint8Array, at: number, word: string) => [...word].every((c, i) => b[at + i] === c.charCodeAt(0))

/** The fields of an Exif directory: tag, and where its value stands. */
function directory(b: DataView, at: number, little: boolean): Map<number, number> {
  const out = new Map<number, number>()
  if (at + 2 > b.byteLength) return out
  const n = b.getUint16(at, little)
  for (let i = at + 2; i < at + 2 + n * 12 && i + 12 <= b.byteLength; i += 12) out.set(b.getUint16(i, little), i + 8)
  return out
}

const orientation = 0x0112
const place = 0x8825
const latitude = 2

/** What an Exif segment says: which way up the picture is, and whether it has a place. */
function read(b: Uint8Array, s: Segment): { up: number, placed: boolean } {
  const tiff = b.subarray(s.from + 10, s.to) // offsets count from here
  const v = new DataView(tiff.buffer, tiff.byteOffset, tiff.length)
  if (v.byteLength < 8) return { up: 1, placed: false }
  const little = v.getUint16(0) === 0x4949
  const first = directory(v, v.getUint32(4, little), little)
  const up = first.get(orientation)
  const gps = first.get(place)
  return { up: up === undefined ? 1 : v.getUint16(up, little), placed: gps !== undefined && directory(v, v.getUint32(gps, little), little).has(latitude) }
}

const isExif = (b: Uint8Array, s: Segment) => s.marker === app1 && says(b, s.from + 4, 'Exif\0')
const isXmp = (b: Uint8Array, s: Segment) => s.marker === app1 && says(b, s.from + 4, 'http://ns.adobe.com/xap/')

/** Whether the beginning of a file is that of a JPEG which tells where it was taken. */
export function tellsPlace(head: Uint8Array): boolean {
  return segments(head).some((s) => (isExif(head, s) && read(head, s).placed) || (isXmp(head, s) && new TextDecoder('latin1').decode(head.subarray(s.from, s.to)).includes('GPSLatitude')))
}

/** A JPEG without what was written about it, in pieces; null: it is none that could be read. */
export function withoutPlace(b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] | null {
  const all = segments(b)
  const scan = all.at(-1)
  if (scan?.marker !== startOfScan) return null
  const exif = all.find((s) => isExif(b, s))
  const up = exif ? read(b, exif).up : 1
  const stays = all.filter((s) => s !== scan && s.marker !== app1 && s.marker !== app13 && !(s.marker === app2 && says(b, s.from + 4, 'MPF\0')))
  const jfif = stays[0]?.marker === 0xe0 ? stays.splice(0, 1) : [] // it has to be the first
  return [b.subarray(0, 2), ...jfif.map((s) => b.subarray(s.from, s.to)), ...(up > 1 && up < 9 ? [upright(up)] : []), ...stays.map((s) => b.subarray(s.from, s.to)), b.subarray(scan.from, end(b, scan.from))]
}

/** An Exif segment that says which way up a picture is, and nothing else. */
function upright(up: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array([
    0xff, app1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, // Exif
    0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, // TIFF, big-endian, its directory right behind
    0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, up, 0, 0, 0, 0, 0, 0,
  ])
}

/** Where a picture ends: phones put further ones behind it, with all that was written about them. */
function end(b: Uint8Array, scan: number): number {
  for (let i = scan; i + 4 <= b.length;) {
    if (b[i] !== 0xff || b[i + 1] === 0 || b[i + 1] === 0xff || (b[i + 1] >= 0xd0 && b[i + 1] < 0xd8)) i++ // of the picture
    else if (b[i + 1] === endOfImage) return i + 2
    else i += 2 + (b[i + 2] << 8 | b[i + 3])
  }
  return b.length
}
