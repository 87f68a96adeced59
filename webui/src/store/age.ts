// How long ago a device spoke, and whether that is longer than it is used to.
import type { Device } from './devices.ts'

/** When a device last said something while this page looked; 0: not. */
export function lastAt(d: Device): number {
  return d.heard.at(-1) ?? 0
}

/** How long a device is usually silent; 0: it has not said enough yet. */
export function interval(d: Device): number {
  const between = d.heard.slice(1).map((at, i) => at - d.heard[i]).sort((a, b) => a - b)
  return between.length < 2 ? 0 : between[between.length >> 1]
}

const leastAge = 10_000 // milliseconds below which nothing is old

/** Whether a value that still stands there is too old to count: three times the usual silence has gone by. */
export function isOld(d: Device, now: number): boolean {
  const usual = interval(d)
  return usual > 0 && now - lastAt(d) > Math.max(leastAge, 3 * usual)
}
