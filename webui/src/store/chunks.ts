// What is written about a picture in a PNG or a WebP: both are files of chunks, each with its kind and its length.
import { bare, bareXmp, latin1, placedInXmp, read, says, titled } from './exif.ts'
import { blank, type Finding, joined, mostWritten, type Source } from './source.ts'

const mostChunks = 1 << 17 // a PNG of a gigabyte in pieces of 8 KiB

/** PNG: Exif in eXIf, XMP in iTXt; older programs write both as hexadecimal text. */
export async function png(s: Source, found: Finding): Promise<void> {
  for (let at = 8, n = 0; at + 12 <= s.size && n < mostChunks; n++) {
    const head = await s.read(at, 8)
    const length = head.getUint32(0)
    const kind = s.word(head, 4)
    const end = at + 12 + length // with its checksum
    if (kind === 'IEND' || end > s.size) return
    if (kind === 'eXIf') {
      const said = read(await s.bytes(at + 8, length))
      found.told ||= said.placed
      found.changes.push({ from: at, to: end, by: chunk('eXIf', bare(said.up)) })
    } else if (kind === 'iTXt' || kind === 'zTXt' || kind === 'tEXt') {
      const text = await s.bytes(at + 8, length)
      const end0 = text.indexOf(0)
      const keyword = latin1.decode(text.subarray(0, end0))
      if (keyword === 'XML:com.adobe.xmp' || keyword.startsWith('Raw profile type ')) {
        found.told ||= placedInText(await value(kind, text, end0 + 1))
        found.changes.push({ from: at, to: end, by: blank(0) })
      }
    }
    at = end
  }
}

/** The text of a chunk behind its keyword. */
async function value(kind: string, b: Uint8Array<ArrayBuffer>, at: number): Promise<Uint8Array> {
  if (kind === 'tEXt') return b.subarray(at)
  if (kind === 'zTXt') return inflated(b.subarray(at + 1))
  const packed = b[at] === 1
  const language = b.indexOf(0, at + 2)
  const from = b.indexOf(0, language + 1) + 1
  return packed ? inflated(b.subarray(from)) : b.subarray(from)
}

/** Unpacks as much as is looked at; what comes until it is damaged, if it is. */
async function inflated(b: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const out: Uint8Array[] = []
  try {
    const from = new Blob([b]).stream().pipeThrough(new DecompressionStream('deflate')).getReader()
    for (let n = 0; n < mostWritten;) {
      const { done, value } = await from.read()
      if (done) break
      out.push(value)
      n += value.length
    }
    void from.cancel().catch(() => {})
  } catch {
    // Damaged, or a browser that cannot.
  }
  return joined(out)
}

/** Whether a text, or the bytes that it is the hexadecimal form of, tells where a picture was taken. */
function placedInText(b: Uint8Array): boolean {
  if (placedInXmp(b)) return true
  const hex = /^\s*\w+\s+\d+\s+([0-9a-f\s]+)/.exec(latin1.decode(b))?.[1].replace(/\s/g, '') ?? ''
  const raw = Uint8Array.from({ length: hex.length >> 1 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16))
  return read(raw).placed || placedInXmp(raw)
}

/** A chunk of a PNG. */
function chunk(kind: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(12 + content.length)
  const v = new DataView(out.buffer)
  v.setUint32(0, content.length)
  for (let i = 0; i < 4; i++) out[4 + i] = kind.charCodeAt(i)
  out.set(content, 8)
  let crc = ~0
  for (const x of out.subarray(4, -4)) {
    crc ^= x
    for (let i = 0; i < 8; i++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0)
  }
  v.setUint32(8 + content.length, ~crc)
  return out
}

/** WebP: Exif and XMP have a chunk each. They stay as long as they were, so that no other length is wrong. */
export async function webp(s: Source, found: Finding): Promise<void> {
  for (let at = 12, n = 0; at + 8 <= s.size && n < mostChunks; n++) {
    const head = await s.read(at, 8)
    const kind = s.word(head, 0)
    const from = at + 8
    const length = Math.min(head.getUint32(4, true), s.size - from)
    if (kind === 'EXIF' || kind === 'XMP ') {
      const b = await s.bytes(from, length)
      const exif = kind === 'EXIF' ? read(b) : null
      const title = exif ? titled(b) : 0
      found.told ||= exif ? exif.placed : placedInXmp(b)
      found.changes.push({ from: from + title, to: from + length, by: exif ? bare(exif.up, length - title) : bareXmp(length) })
    }
    at = from + length + length % 2
  }
}

export const isPng = (b: Uint8Array) => says(b, 0, '\x89PNG\r\n\x1a\n')
export const isWebp = (b: Uint8Array) => says(b, 0, 'RIFF') && says(b, 8, 'WEBP')
