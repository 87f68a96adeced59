// A JPEG without what was written about it. The picture itself is not touched, so nothing is lost; only which way up it is, is written
// again.
import { bare, placedInXmp, read, says } from './exif.ts'

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
const drawn = new Set([0xe0, app2, 0xee]) // JFIF, the profile and Adobe's colours; the other twelve of programs may name the place, too
const startOfScan = 0xda
const endOfImage = 0xd9

const isExif = (b: Uint8Array, s: Segment) => s.marker === app1 && says(b, s.from + 4, 'Exif\0')
const isXmp = (b: Uint8Array, s: Segment) => s.marker === app1 && says(b, s.from + 4, 'http://ns.adobe.com/xap/')
const content = (b: Uint8Array, s: Segment) => b.subarray(s.from + 4, s.to)

/** Whether the beginning of a file is that of a JPEG which tells where it was taken. */
export function tellsPlace(head: Uint8Array): boolean {
  return segments(head).some((s) => (isExif(head, s) && read(content(head, s)).placed) || (isXmp(head, s) && placedInXmp(content(head, s))))
}

/** A JPEG without what was written about it, in pieces; null: it is none that could be read. */
export function withoutPlace(b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] | null {
  const all = segments(b)
  const scan = all.at(-1)
  if (scan?.marker !== startOfScan) return null
  const exif = all.find((s) => isExif(b, s))
  const up = exif ? read(content(b, exif)).up : 1
  const stays = all.filter((s) => s !== scan && (s.marker >> 4 !== 0xe || drawn.has(s.marker)) && !(s.marker === app2 && says(b, s.from + 4, 'MPF\0')))
  const jfif = stays[0]?.marker === 0xe0 ? stays.splice(0, 1) : [] // it has to be the first
  const upright = up > 1 && up < 9 ? [new Uint8Array([0xff, app1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0]), bare(up)] : []
  return [b.subarray(0, 2), ...jfif.map((s) => b.subarray(s.from, s.to)), ...upright, ...stays.map((s) => b.subarray(s.from, s.to)), b.subarray(scan.from, end(b, scan.from))]
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
