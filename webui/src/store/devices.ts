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

/** How long a trail goes back, in milliseconds. */
export const hour = 3600_000

/** The numbers and yes-or-nos in a payload by their keys, two levels deep; '' is the payload itself. */
export function numbers(value: unknown, within = ''): [string, number | boolean][] {
  if (typeof value === 'number' || typeof value === 'boolean') return [[within, value]]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const o = value as Record<string, unknown>
  if (typeof o.value === 'number' || typeof o.value === 'boolean') return [[within, o.value]]
  if (within.includes('.')) return []
  return Object.entries(o).flatMap(([key, v]) => numbers(v, within === '' ? key : `${within}.${key}`))
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
