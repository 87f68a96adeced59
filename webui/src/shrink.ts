// Makes small pictures of large ones, in the browser: the network carries less. What the camera wrote into a picture (where it was taken)
// does not come along then.
import { kindOf, sent, type Size, small } from './store/picture.ts'

/** What there is to send of a picture. */
export interface Pictures extends Size {
  smaller: Blob | null // instead of the file, unless that is wanted as it is
  small: Blob | null // to be shown in the log
}

const quality = 0.82

/** Looks at a picture; null when it is none that this browser can read. */
export async function pictures(file: Blob): Promise<Pictures | null> {
  if (!file.type.startsWith('image/') || file.type === 'image/svg+xml') return null
  const bitmap = await drawable(file)
  if (!bitmap) return null
  try {
    const of = { width: bitmap.width, height: bitmap.height }
    const size = sent(of, file.size, file.type)
    const drawn = size && (await draw(bitmap, size))
    const gain = drawn !== null && (drawn.size < file.size || kindOf(file.type) !== 'picture') // else it is better as it is
    const least = small(of, gain ? drawn.size : file.size)
    return { ...(gain && size ? size : of), smaller: gain ? drawn : null, small: least && (await draw(bitmap, least)) }
  } finally {
    if ('close' in bitmap) bitmap.close()
  }
}

/** The picture, the right way up. */
async function drawable(file: Blob): Promise<ImageBitmap | HTMLImageElement | null> {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch {
    // An older browser, or one that has other ways for some kinds of pictures.
  }
  const img = new Image()
  img.src = URL.createObjectURL(file)
  try {
    await img.decode()
    return img.naturalWidth > 0 ? img : null
  } catch {
    return null
  } finally {
    URL.revokeObjectURL(img.src)
  }
}

async function draw(from: CanvasImageSource, { width, height }: Size): Promise<Blob | null> {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const c = canvas.getContext('2d')
  if (!c) return null
  c.imageSmoothingQuality = 'high'
  c.drawImage(from, 0, 0, width, height)
  const made = await as(canvas, 'image/webp')
  if (made?.type === 'image/webp') return made
  c.globalCompositeOperation = 'destination-over' // a JPEG has no transparency
  c.fillStyle = '#fff'
  c.fillRect(0, 0, width, height)
  return as(canvas, 'image/jpeg')
}

function as(canvas: HTMLCanvasElement, type: string): Promise<Blob | null> {
  return new Promise((done) => canvas.toBlob(done, type, quality))
}
