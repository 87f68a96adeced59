/** Random bytes, as crypto.getRandomValues gives them (which needs no secure context). */
export type Fill = (bytes: Uint8Array<ArrayBuffer>) => void

/** A UUIDv7 (RFC 9562 §5.7): sortable by the milliseconds in it, unique by the random rest. */
export function uuid7(now: number, fill: Fill): string {
  const b = new Uint8Array(16)
  fill(b)
  for (let i = 0, t = now; i < 6; i++, t = Math.floor(t / 256)) b[5 - i] = t % 256
  b[6] = (b[6] & 0x0f) | 0x70
  b[8] = (b[8] & 0x3f) | 0x80
  const hex = Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('')
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** n random letters and digits (of 32: 5 bits each). */
export function randomWord(n: number, fill: Fill): string {
  const b = new Uint8Array(n)
  fill(b)
  return Array.from(b, (x) => 'abcdefghijkmnpqrstuvwxyz23456789'[x % 32]).join('')
}

/** A secret that the page makes, in the form of those that are derived: the server takes both as they are. */
export const randomSecret = (fill: Fill) => `tincan:${randomWord(43, fill)}`
