// What devices publish below state/, taken in: their last values, and a trail of each number.
import { about, type Devices, hour, numbers, type Point } from './devices.ts'

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
