/** Random values from a seed, so that a failure can be had again. */
export class Chance {
  #s: number
  constructor(seed: number) {
    this.#s = seed | 0
  }

  /** 0 ≤ next() < 1 (mulberry32). */
  next(): number {
    let t = (this.#s = (this.#s + 0x6d2b79f5) | 0)
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  /** from ≤ int() ≤ to. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1))
  }

  flip(): boolean {
    return this.next() < 0.5
  }

  one<T>(of: readonly T[]): T {
    return of[this.int(0, of.length - 1)]
  }

  bytes(most: number): Uint8Array {
    return Uint8Array.from({ length: this.int(0, most) }, () => this.int(0, 255))
  }

  text(most: number): string {
    const alphabet = ['a', 'Z', '7', ' ', '/', 'é', 'ﻉ', '漢', '🦊', '\ufeff', '\n', '"']
    return Array.from({ length: this.int(0, most) }, () => this.one(alphabet)).join('')
  }
}
