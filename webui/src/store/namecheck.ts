import type { Check } from './name.ts'

const states = ['free', 'taken', 'held', 'registered', 'alike', 'invalid', 'reserved', 'locked'] as const

/** Asks GET /api/name about a name; null when there is no answer, or when it was asked too often (429). */
export async function askName(get: (url: string) => Promise<Response>, name: string): Promise<Check | null> {
  const r = await get(`/api/name?n=${encodeURIComponent(name)}`)
  return r.ok ? parseCheck(await r.json()) : null
}

/** Reads the answer of GET /api/name. */
export function parseCheck(v: unknown): Check | null {
  const o = v as Record<string, unknown> | null
  const state = states.find((s) => s === o?.state)
  if (!o || !state) return null
  const text = (x: unknown) => (typeof x === 'string' ? x : '')
  const suggest = Array.isArray(o.suggest) ? o.suggest.filter((s) => typeof s === 'string') : []
  return { name: text(o.name), state, like: text(o.like), text: text(o.text), suggest, ...(typeof o.salt === 'string' && { salt: o.salt }) }
}

/** How many are here now; or that there is a door, before which nothing is told. */
export interface Here {
  people: number
  devices: number
  door?: true
}

/** Asks GET /api/place; null when there is no answer. */
export async function askHere(get: (url: string) => Promise<Response>): Promise<Here | null> {
  const r = await get('/api/place')
  return r.ok ? parseHere(await r.json()) : null
}

/** Reads the answer of GET /api/place. */
export function parseHere(v: unknown): Here | null {
  const o = v as Partial<Here> | null
  const count = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0
  if (o?.door === true) return { people: 0, devices: 0, door: true }
  return o && count(o.people) && count(o.devices) ? { people: o.people, devices: o.devices } : null
}
