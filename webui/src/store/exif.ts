// What a camera writes about a picture: whether that tells where it was taken, and the same without. Exif is a TIFF without a picture.
import { blank } from './source.ts'

/** Where it was taken, as far as that is told, and which way up the picture is. */
export interface Said {
  placed: boolean
  up: number // 1 to 8; 1 is upright
}

const nothing: Said = { placed: false, up: 1 }

/** For what is searched only: of what is not ASCII browsers make other letters. */
export const latin1 = new TextDecoder('latin1')

/** Whether bytes at a place are these letters. */
export const says = (b: Uint8Array, at: number, word: string) => [...word].every((c, i) => b[at + i] === c.charCodeAt(0))

/** The fields of a directory: tag, and where its value stands. */
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

/** How many bytes stand before the TIFF: some formats begin Exif with its name, where others do not. */
export const titled = (b: Uint8Array, at = 0) => (says(b, at, 'Exif\0') ? 6 : 0)

/** What Exif says; it may be cut. */
export function read(exif: Uint8Array): Said {
  const tiff = exif.subarray(titled(exif)) // offsets count from here
  const v = new DataView(tiff.buffer, tiff.byteOffset, tiff.length)
  if (v.byteLength < 8 || !says(tiff, 0, tiff[0] === 0x49 ? 'II' : 'MM')) return nothing
  const little = tiff[0] === 0x49
  const first = directory(v, v.getUint32(4, little), little)
  const up = first.get(orientation)
  const gps = first.get(place)
  return { up: up === undefined ? 1 : v.getUint16(up, little), placed: gps !== undefined && directory(v, v.getUint32(gps, little), little).has(latitude) }
}

/** Exif that says which way up a picture is, and nothing else, followed by zeros up to a length. */
export function bare(up: number, length = bareBytes): Uint8Array<ArrayBuffer> {
  const out = blank(length)
  if (length < bareBytes) return out
  out.set([0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8]) // TIFF, big-endian, its directory right behind
  out.set([0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, up > 0 && up < 9 ? up : 1], 8)
  return out
}

const bareBytes = 26

/** Whether XMP tells where a picture was taken. */
export const placedInXmp = (xmp: Uint8Array) => latin1.decode(xmp).includes('GPSLatitude')

const bareText = '<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'

/** XMP that says nothing, as long as it was. */
export function bareXmp(length: number): Uint8Array<ArrayBuffer> {
  const out = blank(length, ' ')
  if (length >= bareText.length) out.set(Uint8Array.from(bareText, (c) => c.charCodeAt(0)))
  return out
}
