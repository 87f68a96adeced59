// Whether a picture or a film tells where it was taken, and the same file without. Nothing is encoded anew, and of a film of gigabytes
// only the parts are read in which that may stand.
import { boxes, isBoxes } from './boxes.ts'
import { isPng, isWebp, png, webp } from './chunks.ts'
import { headBytes, tellsPlace, withoutPlace } from './jpeg.ts'
import { changed, type Finding, Source } from './source.ts'
import { isTiff, tiff } from './tiff.ts'

/** Whether a file tells where it was taken, as far as it can be read. */
export async function tells(file: Blob): Promise<boolean> {
  if (await isJpeg(file)) return tellsPlace(new Uint8Array(await file.slice(0, headBytes).arrayBuffer()))
  const found: Finding = { told: false, changes: [] }
  await look(file, found).catch(() => {}) // what was found counts
  return found.told
}

/** The same file without where it was taken, in pieces; null: it cannot be taken out. */
export async function without(file: Blob): Promise<BlobPart[] | null> {
  if (await isJpeg(file)) return withoutPlace(new Uint8Array(await file.arrayBuffer()))
  const found: Finding = { told: false, changes: [] }
  try {
    await look(file, found)
  } catch {
    return null
  }
  return found.changes.length > 0 ? changed(file, found.changes) : null
}

async function isJpeg(file: Blob): Promise<boolean> {
  const b = new Uint8Array(await file.slice(0, 3).arrayBuffer())
  return b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff
}

async function look(file: Blob, found: Finding): Promise<void> {
  const s = new Source(file)
  const head = await s.bytes(0, 12)
  if (isPng(head)) await png(s, found)
  else if (isWebp(head)) await webp(s, found)
  else if (isTiff(head)) await tiff(s, found)
  else if (isBoxes(head)) await boxes(s, found)
}
