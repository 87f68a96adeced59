// Sizes of pictures: as they are sent, as they are shown small.

/** Largest picture that is sent as it is: its longer edge in pixels, and its bytes. */
export const large = { edge: 2048, bytes: 1 << 20 }

/** The box of a picture in the log, in CSS pixels. */
export const box = { width: 352, height: 264 }

const dense = 2 // pixels of a screen to one of CSS
const worth = 100 * 1024 // bytes of a picture below which it needs no small one

export interface Size {
  width: number
  height: number
}

/** A size within another, with the same shape, never enlarged and never nothing. */
export function within(of: Size, most: Size): Size {
  const by = Math.min(1, most.width / of.width, most.height / of.height)
  return { width: Math.max(1, Math.round(of.width * by)), height: Math.max(1, Math.round(of.height * by)) }
}

/** How large a picture is shown in the log. What is not known gets a whole box. */
export function shown(of: Size): Size {
  return of.width > 0 && of.height > 0 ? within(of, box) : box
}

/** The size in which a picture is sent; null: as it is. */
export function sent(of: Size, bytes: number, type: string): Size | null {
  if (!/^image\/(jpeg|png|webp|bmp|avif|heic|heif)$/.test(type)) return null // others may move, or be drawings
  const edge = Math.max(of.width, of.height)
  return edge > large.edge || bytes > large.bytes ? within(of, { width: large.edge, height: large.edge }) : null
}

/** The size of the small picture that goes along; null: it needs none. */
export function small(of: Size, bytes: number): Size | null {
  const most = { width: box.width * dense, height: box.height * dense }
  const s = within(of, most)
  return bytes > worth || s.width * 2 < of.width ? s : null
}

/** Whether a file of a type is shown as a picture, played, or only offered. */
export function kindOf(type: string): 'picture' | 'audio' | 'video' | 'file' {
  if (/^image\/(jpeg|png|gif|webp|avif)$/.test(type)) return 'picture'
  if (/^audio\/(mpeg|ogg|wav|flac|mp4|aac|webm)$/.test(type)) return 'audio'
  return /^video\/(mp4|webm|ogg)$/.test(type) ? 'video' : 'file'
}
