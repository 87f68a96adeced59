// The last values of devices, as they publish them below state/, and the trail of each number as long as this page watched.

/** One payload of a device. */
export interface Value {
  value: unknown
  at: number // milliseconds when it came; 0: it was there before this page looked, so its age is not known
}

/** A device's values by the path below its state topic; '' is the topic itself. */
export interface Device {
  name: string
  values: ReadonlyMap<string, Value>
  heard: readonly number[] // when it last said something, the newest last
  trails: ReadonlyMap<string, readonly Point[]> // by path#key
}

export interface Point {
  at: number
  value: number
}

export type Devices = ReadonlyMap<string, Device>

/** The path of what a device says of itself: its title, units and commands. */
export const about = '$about'

export const hour = 3600_000
const points = 240 // of a trail: one each 15 s for an hour
const spacing = hour / points
const followed = 8 // numbers of one device that have a trail
const gaps = 6 // of which the usual interval is made

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
  const speaks = value !== undefined && path !== about
  const trails = new Map(old?.trails)
  if (speaks) {
    for (const [key, n] of numbers(value)) {
      const id = `${path}#${key}`
      if (trails.has(id) || trails.size < followed) trails.set(id, longer(trails.get(id) ?? [], { at: now, value: Number(n) }))
    }
  }
  const heard = old?.heard ?? []
  out.set(name, { name, values, trails, heard: speaks && !kept ? [...heard.slice(-gaps), now] : heard })
  return out
}

/** A trail with one more point. It holds an hour; what is older than its last minutes is thinned. */
function longer(trail: readonly Point[], p: Point): readonly Point[] {
  const recent = [...trail.filter((x) => p.at - x.at <= hour), p]
  if (recent.length <= points) return recent
  let last = -Infinity
  return recent.filter((x) => {
    const keep = x.at - last >= spacing || x === p
    if (keep) last = x.at
    return keep
  }).slice(-points)
}

/** The numbers and yes-or-nos in a payload by their keys, two levels deep; '' is the payload itself. */
export function numbers(value: unknown, within = ''): [string, number | boolean][] {
  if (typeof value === 'number' || typeof value === 'boolean') return [[within, value]]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const o = value as Record<string, unknown>
  if (typeof o.value === 'number' || typeof o.value === 'boolean') return [[within, o.value]]
  if (within.includes('.')) return []
  return Object.entries(o).flatMap(([key, v]) => numbers(v, within === '' ? key : `${within}.${key}`))
}

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

const icons = ['drop', 'plug', 'wind', 'door', 'cube', 'chip'] as const

/** The icon of a device: as it says, else by what it measures or is called. */
export function iconOf(d: Pick<Device, 'name' | 'values'>): (typeof icons)[number] {
  const own = (d.values.get(about)?.value as { icon?: unknown } | null | undefined)?.icon
  const said = icons.find((i) => i === own)
  if (said) return said
  const words = [d.name, ...[...d.values].flatMap(([path, { value }]) => path === about ? [] : [path, ...numbers(value).map(([key]) => key)])].join(' ').toLowerCase()
  if (/moisture|water|soil|rain|green/.test(words)) return 'drop'
  if (/plug|power|watt|energy|switch|lamp|light/.test(words)) return 'plug'
  if (/co2|air|wind|hum|press/.test(words)) return 'wind'
  if (/door|window|gate|lock/.test(words)) return 'door'
  return /print/.test(words) ? 'cube' : 'chip'
}
