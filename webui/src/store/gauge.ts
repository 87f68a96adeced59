// What the values of a device mean: numbers with units and limits, a text, or what came.
import { about, type Device, numbers } from './devices.ts'

/** One value with what is known of it. */
export interface Gauge {
  id: string // path#key
  label: string // as the device calls it; may be empty
  value: number | boolean
  unit: string
  min?: number
  max?: number
  low?: number // below it someone should look
  high?: number
  on?: string // of a yes-or-no: the command that makes it so, and the one that unmakes it
  off?: string
}

/** What a tile shows. */
export type Reading =
  | { is: 'gauges', of: Gauge[] }
  | { is: 'text', label: string, text: string }
  | { is: 'raw', text: string }
  | { is: 'nothing' }

/** A button that a device declares. */
export interface Order {
  label: string
  payload: string
  confirm: boolean
}

/** What a device says of itself under $about; everything may be missing. */
export interface About {
  title: string
  values: Readonly<Record<string, Partial<Gauge>>>
  orders: Order[]
}

const mostOrders = 8

/** Reads $about with care. */
export function aboutOf(d: Device | undefined): About {
  const o = fields(d?.values.get(about)?.value)
  const text = (v: unknown, most: number) => (typeof v === 'string' ? v.slice(0, most) : '')
  const orders = Array.isArray(o.commands) ? o.commands.slice(0, mostOrders).map(fields) : []
  return {
    title: text(o.title, 60),
    values: Object.fromEntries(Object.entries(fields(o.values)).map(([key, v]) => [key, limits(fields(v))])),
    orders: orders.flatMap((c) => {
      const payload = c.payload === undefined ? text(c.label, 40) : command(c.payload)
      return typeof c.label === 'string' && c.label !== '' ? [{ label: text(c.label, 40), payload, confirm: c.confirm === true }] : []
    }),
  }
}

function fields(v: unknown): Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v) ? v as Record<string, unknown> : {}
}

function limits(o: Record<string, unknown>): Partial<Gauge> {
  const out: Partial<Gauge> = {}
  if (typeof o.unit === 'string') out.unit = o.unit.slice(0, 12)
  if (typeof o.label === 'string') out.label = o.label.slice(0, 40)
  for (const k of ['min', 'max', 'low', 'high'] as const) if (typeof o[k] === 'number') out[k] = o[k]
  for (const k of ['on', 'off'] as const) if (o[k] !== undefined) out[k] = command(o[k])
  return out
}

/** A command as it is sent: a text as it is, anything else as JSON. */
function command(v: unknown): string {
  return typeof v === 'string' ? v : JSON.stringify(v)
}

/** What a device's values come to. */
export function reading(d: Device): Reading {
  const { values } = aboutOf(d)
  const paths = [...d.values.keys()].filter((p) => p !== about).sort()
  const of = paths.flatMap((path) => {
    const v = d.values.get(path)!.value
    const name = path.split('/').at(-1) ?? ''
    return numbers(v).map(([key, value]): Gauge => {
      const label = key.split('.').at(-1) || name
      const own = limits(fields(key === '' ? v : key.split('.').reduce((o, k) => fields(o)[k], v)))
      return { id: `${path}#${key}`, label, value, unit: unitOf(label), ...own, ...(values[key || name] ?? {}) }
    })
  })
  if (of.some((g) => typeof g.value === 'number') || (of.length > 0 && paths.every((p) => typeof d.values.get(p)!.value !== 'string'))) return { is: 'gauges', of }
  if (paths.length === 0) return { is: 'nothing' }
  const said = paths.find((p) => typeof d.values.get(p)!.value === 'string')
  if (said !== undefined) return { is: 'text', label: said.split('/').at(-1) ?? '', text: String(d.values.get(said)!.value) }
  return { is: 'raw', text: JSON.stringify(d.values.get(paths[0])!.value, null, 1) }
}

// Words in a key and the unit that they nearly always mean; the first that fits counts.
const units: [RegExp, string][] = [
  [/temp|nozzle/, '°C'], [/hum|moisture/, '%'], [/press|baro/, 'hPa'], [/energy|kwh/, 'kWh'], [/power|watt/, 'W'], [/volt/, 'V'],
  [/current|^amp/, 'A'], [/batt|^soc$/, '%'], [/rssi|signal/, 'dBm'], [/co2/, 'ppm'], [/lux|illum/, 'lx'],
]

/** The unit that a key means; empty when it is not known. */
export function unitOf(key: string): string {
  const k = key.toLowerCase()
  return units.find(([word]) => word.test(k))?.[1] ?? ''
}

/** Whether a number is where someone should look. */
export function beyond(g: Gauge): 'low' | 'high' | null {
  if (typeof g.value !== 'number') return null
  if (g.low !== undefined && g.value < g.low) return 'low'
  return g.high !== undefined && g.value > g.high ? 'high' : null
}
