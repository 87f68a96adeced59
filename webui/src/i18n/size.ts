// Sizes of files in the reader's language.
import { once } from './format.ts'

/** A size: 12 bytes, 8 kB, 1.5 MB. */
export function size(of: number): string {
  if (of < 1024) return bytes(of)
  const [n, unit] = of < 1024 ** 2 ? [of / 1024, 'kilobyte'] : of < 1024 ** 3 ? [of / 1024 ** 2, 'megabyte'] : [of / 1024 ** 3, 'gigabyte']
  return once(`size ${unit}`, (l) => new Intl.NumberFormat(l, { style: 'unit', unit: unit as string, unitDisplay: 'short', maximumFractionDigits: 1 })).format(n as number)
}

/** A number of bytes, to the byte. */
export function bytes(n: number): string {
  return once('bytes', (l) => new Intl.NumberFormat(l, { style: 'unit', unit: 'byte', unitDisplay: 'long' })).format(n)
}
