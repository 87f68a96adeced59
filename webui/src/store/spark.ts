// The trail of a number as a line.
import type { Point } from './devices.ts'
import type { Gauge } from './gauge.ts'

/** The box that a line is drawn in. */
export const box = { width: 100, height: 36 }

const top = 4 // of the box that stays free, so that a line is not cut
const bottom = 32

/** The least span that is drawn, by unit, so that noise does not look like weather. */
const least: Record<string, number> = { '°C': 4, '%': 10, hPa: 6, V: 1, A: 1, W: 10, ppm: 100, dBm: 10, lx: 50, kWh: 1 }
const levels = new Set(['W', 'A', 'lx', 'kWh']) // that can run empty: they begin at zero

/** A line, the same closed to an area, and at what heights its limits lie. */
export interface Spark {
  line: string
  area: string
  limits: number[]
}

/** Draws a trail; null with fewer than two points. */
export function spark(trail: readonly Point[], g: Gauge): Spark | null {
  if (trail.length < 2) return null
  const { low, high } = range(trail, g)
  const from = trail[0].at
  const span = Math.max(1, trail[trail.length - 1].at - from)
  const y = (v: number) => bottom - ((Math.max(low, Math.min(high, v)) - low) / (high - low || 1)) * (bottom - top)
  const steps = typeof g.value === 'boolean'
  const line = 'M' + trail.map((p, i) => {
    const at = `${(((p.at - from) / span) * box.width).toFixed(1)} ${y(p.value).toFixed(1)}`
    return i === 0 ? at : steps ? `H${at.replace(' ', 'V')}` : `L${at}`
  }).join('')
  const limits = [g.low, g.high].filter((v): v is number => v !== undefined && v >= low && v <= high).map(y)
  return { line, area: `${line}V${box.height}H0Z`, limits }
}

/** What is drawn from bottom to top. */
export function range(trail: readonly Point[], g: Gauge): { low: number, high: number } {
  if (typeof g.value === 'boolean') return { low: 0, high: 1 }
  let low = Math.min(...trail.map((p) => p.value))
  let high = Math.max(...trail.map((p) => p.value))
  if (g.min !== undefined && g.max !== undefined && g.min < g.max) return { low: Math.min(low, g.min), high: Math.max(high, g.max) }
  if (low >= 0 && levels.has(g.unit)) low = 0
  const short = (least[g.unit] ?? 0) - (high - low)
  if (short <= 0) return { low, high }
  return low === 0 ? { low, high: high + short } : { low: low - short / 2, high: high + short / 2 }
}

/** Where a trail goes, as one would say it: less than a tenth of what is drawn is nowhere. */
export function trend(trail: readonly Point[], g: Gauge): 'rising' | 'falling' | 'steady' {
  const { low, high } = range(trail, g)
  const by = trail[trail.length - 1].value - trail[0].value
  return Math.abs(by) < (high - low) / 10 ? 'steady' : by > 0 ? 'rising' : 'falling'
}
