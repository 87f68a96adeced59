// Where a TIFF was taken, and the raw pictures of cameras that are one: DNG, CR2, NEF, ARW. Their directories tell by offsets where all the
// rest is, so what tells of the place is overwritten where it stands.
import { bareXmp, placedInXmp, says } from './exif.ts'
import { blank, type Finding, type Source } from './source.ts'

const place = 0x8825
const xmp = 700
const latitude = 2
const mostFields = 1024
const sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8] // of a value, by its kind

interface Field {
  tag: number
  at: number // where its value is
  length: number
}

export const isTiff = (b: Uint8Array) => says(b, 0, 'II*\0') || says(b, 0, 'MM\0*')

export async function tiff(s: Source, found: Finding): Promise<void> {
  const head = await s.read(0, 8)
  const little = head.getUint8(0) === 0x49
  const first = await fields(s, head.getUint32(4, little), little)
  for (const f of first) {
    if (f.tag === xmp && placedInXmp(await s.bytes(f.at, f.length))) {
      found.told = true
      found.changes.push({ from: f.at, to: f.at + f.length, by: bareXmp(f.length) })
    } else if (f.tag === place) {
      const at = (await s.read(f.at, 4)).getUint32(0, little)
      const all = await fields(s, at, little)
      if (!all.some((x) => x.tag === latitude)) continue
      found.told = true
      for (const x of [...all, { at, length: 2 + 12 * all.length + 4 }]) found.changes.push({ from: x.at, to: x.at + x.length, by: blank(x.length) }) // it has no fields then
    }
  }
}

/** The fields of the directory at a place. */
async function fields(s: Source, at: number, little: boolean): Promise<Field[]> {
  const n = Math.min((await s.read(at, 2)).getUint16(0, little), mostFields)
  const v = await s.read(at + 2, 12 * n)
  return Array.from({ length: n }, (_, i) => {
    const length = v.getUint32(12 * i + 4, little) * (sizes[v.getUint16(12 * i + 2, little)] ?? 1)
    const from = length > 4 ? v.getUint32(12 * i + 8, little) : at + 2 + 12 * i + 8
    return { tag: v.getUint16(12 * i, little), at: from, length: Math.max(0, Math.min(length, s.size - from)) }
  })
}
