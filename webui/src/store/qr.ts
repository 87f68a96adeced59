// A text as a QR code (ISO/IEC 18004): bytes, error correction M (15 % may be dirt), versions 1 to 20.

/** The modules of a code, row by row: true is dark. Square, without the quiet zone. */
export type Code = readonly (readonly boolean[])[]

/** The light margin that a reader needs, in modules (§5.3.8). */
export const quiet = 4

// For each version, level M (table 9): error correction codewords of a block, and blocks.
const correction = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26]
const blockCount = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16]

/** Draws a text; null when it does not fit (more than 666 bytes). */
export function qr(text: string): Code | null {
  const bytes = new TextEncoder().encode(text)
  for (let version = 1; version <= correction.length; version++) {
    const capacity = codewords(version) - correction[version - 1] * blockCount[version - 1]
    const counter = version < 10 ? 8 : 16 // bits of the length, table 3
    if (4 + counter + 8 * bytes.length <= 8 * capacity) return best(version, interleaved(version, data(bytes, counter, capacity)))
  }
  return null
}

/** A code as an SVG path of one unit a module, with its quiet zone; the side is size(code). */
export function path(code: Code): string {
  return code.map((row, y) => row.map((dark, x) => {
    if (!dark || row[x - 1]) return ''
    const end = row.indexOf(false, x)
    const length = (end < 0 ? row.length : end) - x
    return `M${x + quiet} ${y + quiet}h${length}v1h-${length}z`
  }).join('')).join('')
}

export function size(code: Code): number {
  return code.length + 2 * quiet
}

/** Bytes of data and correction that a version holds (§7.3). */
function codewords(version: number): number {
  const marks = version < 2 ? 0 : Math.floor(version / 7) + 2 // alignment patterns along a side
  const aligned = version < 2 ? 0 : 25 * (marks * marks - 3) - 10 * (marks - 2) // their modules, less those that lie on the timing
  return Math.floor(((16 * version + 128) * version + 64 - aligned - (version >= 7 ? 36 : 0)) / 8)
}

/** The data codewords: mode, length, bytes, terminator, padding (§7.4). */
function data(bytes: Uint8Array, counter: number, capacity: number): number[] {
  const bits: number[] = []
  const put = (value: number, n: number) => { for (let i = n - 1; i >= 0; i--) bits.push((value >> i) & 1) }
  put(4, 4)
  put(bytes.length, counter)
  for (const b of bytes) put(b, 8)
  put(0, Math.min(4, 8 * capacity - bits.length))
  while (bits.length % 8 !== 0) bits.push(0)
  const out = Array.from({ length: bits.length / 8 }, (_, i) => bits.slice(8 * i, 8 * i + 8).reduce((v, b) => 2 * v + b, 0))
  for (let pad = 0xec; out.length < capacity; pad ^= 0xec ^ 0x11) out.push(pad)
  return out
}

/** The codewords in the order in which they are drawn: the blocks of data column by column, then those of correction (§7.6). */
function interleaved(version: number, words: readonly number[]): number[] {
  const n = blockCount[version - 1]
  const short = Math.floor(words.length / n)
  const long = words.length % n // blocks that have one more, the last ones
  const divisor = generator(correction[version - 1])
  let from = 0
  const blocks = Array.from({ length: n }, (_, i) => words.slice(from, from += short + (i < n - long ? 0 : 1)))
  const checks = blocks.map((b) => remainder(b, divisor))
  const out: number[] = []
  for (const side of [blocks, checks]) {
    const longest = Math.max(...side.map((b) => b.length))
    for (let i = 0; i < longest; i++) for (const b of side) if (i < b.length) out.push(b[i])
  }
  return out
}

/** Multiplies in the field of 256 elements, modulo x⁸ + x⁴ + x³ + x² + 1. */
function times(a: number, b: number): number {
  let out = 0
  for (let i = 7; i >= 0; i--) out = (out << 1) ^ ((out >> 7) * 0x11d) ^ (((b >> i) & 1) * a)
  return out
}

/** The generator polynomial of a degree, without its leading coefficient. */
function generator(degree: number): number[] {
  let out = [...Array<number>(degree - 1).fill(0), 1]
  for (let i = 0, root = 1; i < degree; i++, root = times(root, 2)) out = out.map((v, j) => times(v, root) ^ (out[j + 1] ?? 0))
  return out
}

function remainder(words: readonly number[], divisor: readonly number[]): number[] {
  let out = divisor.map(() => 0)
  for (const w of words) {
    const factor = w ^ out[0]
    out = divisor.map((d, i) => (out[i + 1] ?? 0) ^ times(d, factor))
  }
  return out
}

const masks: ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0, (_, y) => y % 2 === 0, (x) => x % 3 === 0, (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0, (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

/** The code with the mask that is easiest to read (§7.8). */
function best(version: number, words: readonly number[]): Code {
  const all = masks.map((_, mask) => drawn(version, words, mask))
  const marks = all.map(penalty)
  return all[marks.indexOf(Math.min(...marks))]
}

/** Draws everything with one mask. */
function drawn(version: number, words: readonly number[], mask: number): boolean[][] {
  const side = 17 + 4 * version
  const dark = Array.from({ length: side }, () => Array<boolean>(side).fill(false))
  const taken = Array.from({ length: side }, () => Array<boolean>(side).fill(false))
  const set = (x: number, y: number, on: boolean) => {
    if (dark[y]?.[x] === undefined) return
    dark[y][x] = on
    taken[y][x] = true
  }
  const square = (cx: number, cy: number, reach: number, light: number[]) => {
    for (let dy = -reach; dy <= reach; dy++) for (let dx = -reach; dx <= reach; dx++) set(cx + dx, cy + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))))
  }
  for (let i = 0; i < side; i++) {
    set(6, i, i % 2 === 0)
    set(i, 6, i % 2 === 0)
  }
  for (const [x, y] of [[3, 3], [side - 4, 3], [3, side - 4]]) square(x, y, 4, [2, 4])
  const at = alignment(version)
  for (const x of at) for (const y of at) if (!(x === 6 && y === 6) && !(x === 6 && y === side - 7) && !(x === side - 7 && y === 6)) square(x, y, 2, [1])

  const format = bch(mask, 10, 0x537) ^ 0x5412 // level M is 00
  for (let i = 0; i < 15; i++) {
    const on = ((format >> i) & 1) === 1
    set(8, i < 6 ? i : i < 8 ? i + 1 : side - 15 + i, on)
    set(i < 8 ? side - 1 - i : i === 8 ? 7 : 14 - i, 8, on)
  }
  set(8, side - 8, true)
  if (version >= 7) {
    const number = bch(version, 12, 0x1f25)
    for (let i = 0; i < 18; i++) {
      const on = ((number >> i) & 1) === 1
      set(side - 11 + (i % 3), Math.floor(i / 3), on)
      set(Math.floor(i / 3), side - 11 + (i % 3), on)
    }
  }

  let i = 0
  for (let right = side - 1; right > 0; right -= right === 8 ? 3 : 2) { // the column of the timing pattern is left out
    const up = ((right < 6 ? right + 1 : right) + 1 - side) % 4 === 0
    for (let step = 0; step < side; step++) {
      for (const x of [right, right - 1]) {
        const y = up ? side - 1 - step : step
        if (taken[y][x]) continue
        dark[y][x] = (((words[i >> 3] ?? 0) >> (7 - (i & 7))) & 1) === 1 !== masks[mask](x, y)
        i++
      }
    }
  }
  return dark
}

/** A number with its check bits (annexes C and D). */
function bch(value: number, bits: number, divisor: number): number {
  let rest = value
  for (let i = 0; i < bits; i++) rest = (rest << 1) ^ ((rest >> (bits - 1)) * divisor)
  return (value << bits) | rest
}

/** Where the alignment patterns stand, along one side (annex E). */
function alignment(version: number): number[] {
  if (version === 1) return []
  const n = Math.floor(version / 7) + 2
  const step = Math.ceil((version * 4 + 4) / (2 * n - 2)) * 2
  return [6, ...Array.from({ length: n - 1 }, (_, i) => 10 + 4 * version - i * step).reverse()]
}

/** How hard a code is to read (§7.8.3): long runs, blocks, what looks like a finder, too much of one colour. */
function penalty(code: Code): number {
  const side = code.length
  let out = 0
  let darks = 0
  for (let a = 0; a < side; a++) {
    for (const line of [code[a], code.map((row) => row[a])]) {
      const text = line.map((d) => (d ? '1' : '0')).join('')
      for (const run of text.match(/0{5,}|1{5,}/g) ?? []) out += run.length - 2
      for (const like of ['00001011101', '10111010000']) for (let i = text.indexOf(like); i >= 0; i = text.indexOf(like, i + 1)) out += 40
    }
    for (let b = 0; b < side; b++) {
      if (code[a][b]) darks++
      if (a > 0 && b > 0 && code[a][b] === code[a - 1][b] && code[a][b] === code[a][b - 1] && code[a][b] === code[a - 1][b - 1]) out += 3
    }
  }
  return out + 10 * Math.floor(Math.abs((20 * darks) / (side * side) - 10))
}
