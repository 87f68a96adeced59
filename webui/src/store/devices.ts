// The last values of devices, as they publish them below state/, and what they mean: a number with its unit, the first numbers of an
// object, a text, or what came.

/** One payload of a device. */
export interface Value {
  value: unknown
  at: number // milliseconds when it came; 0: it was there before this page looked, so its age is not known
}

/** A device's values by the path below its state topic; '' is the topic itself. */
export interface Device {
  name: string
  values: ReadonlyMap<string, Value>
  trail: readonly Point[] // of the first number, as long as this page watched
}

export interface Point {
  at: number
  value: number
}

export type Devices = ReadonlyMap<string, Device>

/** What a tile shows. */
export type Reading =
  | { is: 'numbers', of: { key: string, value: number, unit: string }[] }
  | { is: 'text', text: string }
  | { is: 'raw', text: string }
  | { is: 'nothing' }

const hour = 3600_000
const points = 240 // of a trail: one each 15 s for an hour

/** Takes in one publication; undefined deletes the value, and the device with its last. kept: it was retained, not fresh. */
export function told(all: Devices, name: string, path: string, value: unknown, now: number, kept: boolean): Devices {
  const old = all.get(name)
  const values = new Map(old?.values)
  const before = values.get(path)
  if (kept && before && JSON.stringify(before.value) === JSON.stringify(value)) return all // told again, not new
  if (value === undefined) values.delete(path)
  else values.set(path, { value, at: kept ? 0 : now })
  const out = new Map(all)
  if (values.size === 0) {
    out.delete(name)
    return out
  }
  const device = { name, values, trail: old?.trail ?? [] }
  const first = reading(device)
  const grows = value !== undefined && first.is === 'numbers' && path === [...values.keys()].sort()[0]
  if (grows) {
    const recent = device.trail.filter((p) => now - p.at <= hour).slice(-points + 1)
    device.trail = [...recent, { at: now, value: first.of[0].value }]
  }
  out.set(name, device)
  return out
}

/** When a device last said something while this page looked; 0: not. */
export function lastAt(d: Device): number {
  return Math.max(0, ...[...d.values.values()].map((v) => v.at))
}

/** What a device's values come to: at most two numbers. */
export function reading(d: Device): Reading {
  const paths = [...d.values.keys()].sort()
  const numbers: { key: string, value: number, unit: string }[] = []
  for (const path of paths) {
    const v = d.values.get(path)!.value
    const key = path.split('/').at(-1) ?? ''
    if (typeof v === 'number') numbers.push({ key, value: v, unit: unitOf(key) })
    else if (typeof v === 'object' && v !== null && !Array.isArray(v)) numbers.push(...fromObject(v as Record<string, unknown>, key))
  }
  if (numbers.length > 0) return { is: 'numbers', of: numbers.slice(0, 2) }
  if (paths.length === 0) return { is: 'nothing' }
  const v = d.values.get(paths[0])!.value
  return typeof v === 'object' && v !== null ? { is: 'raw', text: JSON.stringify(v, null, 1) } : { is: 'text', text: String(v) }
}

function fromObject(o: Record<string, unknown>, name: string): { key: string, value: number, unit: string }[] {
  if (typeof o.value === 'number') return [{ key: name, value: o.value, unit: typeof o.unit === 'string' ? o.unit : unitOf(name) }]
  return Object.entries(o)
    .filter((e): e is [string, number] => typeof e[1] === 'number')
    .map(([key, value]) => ({ key, value, unit: unitOf(key) }))
}

// Words in a key and the unit that they nearly always mean; the first that fits counts.
const units: [RegExp, string][] = [
  [/temp|nozzle/, '°C'], [/hum|moisture/, '%'], [/press|baro/, 'hPa'], [/energy|kwh/, 'kWh'], [/power|watt/, 'W'], [/volt/, 'V'],
  [/current|amp/, 'A'], [/batt|soc/, '%'], [/rssi|signal/, 'dBm'], [/co2/, 'ppm'], [/lux|illum/, 'lx'],
]

/** The unit that a key means; empty when it is not known. */
export function unitOf(key: string): string {
  const k = key.toLowerCase()
  return units.find(([word]) => word.test(k))?.[1] ?? ''
}

/** The icon of a device, by what it measures or is called. */
export function iconOf(d: Device): 'drop' | 'plug' | 'wind' | 'door' | 'cube' | 'chip' {
  const r = reading(d)
  const words = `${d.name} ${r.is === 'numbers' ? r.of.map((n) => n.key).join(' ') : ''}`.toLowerCase()
  if (/moisture|water|soil|rain|green/.test(words)) return 'drop'
  if (/plug|power|watt|energy|switch|lamp|light/.test(words)) return 'plug'
  if (/co2|air|wind|hum|press/.test(words)) return 'wind'
  if (/door|window|gate|lock/.test(words)) return 'door'
  return /print/.test(words) ? 'cube' : 'chip'
}

/** The least span that a sparkline draws, so that noise does not look like weather. */
const least: Record<string, number> = { '°C': 4, '%': 10, hPa: 6, V: 1, A: 1, W: 10, ppm: 100, dBm: 10, lx: 50, kWh: 1 }

/** A trail as an SVG path in a box 100 wide and 36 high; empty with fewer than two points. Levels that can run empty begin at zero. */
export function spark(trail: readonly Point[], unit: string): string {
  if (trail.length < 2) return ''
  let low = Math.min(...trail.map((p) => p.value))
  let high = Math.max(...trail.map((p) => p.value))
  if (low >= 0 && (unit === 'W' || unit === 'A' || unit === 'lx' || unit === 'kWh')) low = 0
  const short = (least[unit] ?? 0) - (high - low)
  if (short > 0) {
    high += short / 2
    low = low === 0 ? 0 : low - short / 2
  }
  const from = trail[0].at
  const span = Math.max(1, trail[trail.length - 1].at - from)
  const height = high - low || 1
  return 'M' + trail.map((p) => `${(((p.at - from) / span) * 100).toFixed(1)} ${(32 - ((p.value - low) / height) * 28).toFixed(1)}`).join('L')
}
