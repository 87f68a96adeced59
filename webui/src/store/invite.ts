// How others get here: the addresses of the page and of MQTT, as the server tells them.

import { doorWord } from './knock.ts'

/** The answer of GET /api/place. */
export interface Invitation {
  title: string
  addresses: string[] // of the page for other computers, likeliest first
  mqtt: { host: string, port: number }
  people: number
  devices: number
}

/** Asks GET /api/place; null when there is no answer. */
export async function askInvitation(get: (url: string) => Promise<Response>): Promise<Invitation | null> {
  try {
    const r = await get('/api/place')
    return r.ok ? parseInvitation(await r.json()) : null
  } catch {
    return null
  }
}

/** Reads the answer of GET /api/place. */
export function parseInvitation(v: unknown): Invitation | null {
  const o = v as Partial<Invitation> | null
  const count = (n: unknown) => (Number.isInteger(n) ? (n as number) : 0)
  if (typeof o?.title !== 'string' || !Array.isArray(o.addresses)) return null
  const mqtt: Partial<Invitation['mqtt']> = typeof o.mqtt === 'object' && o.mqtt !== null ? o.mqtt : {}
  return {
    title: o.title, addresses: o.addresses.filter((a): a is string => typeof a === 'string' && /^https?:\/\/[^/]+$/.test(a)),
    mqtt: { host: typeof mqtt.host === 'string' ? mqtt.host : '', port: count(mqtt.port) || 1883 },
    people: count(o.people), devices: count(o.devices),
  }
}

/** Whether a host is one that only this computer understands. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host)
}

/**
 * The addresses to give to others, best first: the one that this page came by has proven itself, unless it is one of this computer
 * alone. None: nobody else can join.
 */
export function addresses(origin: string, told: readonly string[]): string[] {
  const own = isLoopback(new URL(origin).hostname) ? [] : [origin]
  return [...new Set([...own, ...told])]
}

/**
 * The link to a room at an address; the lobby is the address alone, which is the shortest to type. Where there is a door it has its
 * passphrase, and for a private room the code that lets into it.
 */
export function link(address: string, room: string, code = ''): string {
  const opens = Object.entries({ door: doorWord(), code }).filter(([, word]) => word !== '').map(([key, word]) => `${key}=${encodeURIComponent(word)}`)
  if (opens.length > 0) return `${address}/#${encodeURIComponent(room || 'lobby')}?${opens.join('&')}`
  return room === '' || room === 'lobby' ? address : `${address}/#${encodeURIComponent(room)}`
}

/** A link as a person types it. */
export function typed(link: string): string {
  const short = link.replace(/^http:\/\//, '')
  try {
    return decodeURIComponent(short)
  } catch {
    return short
  }
}

/** Where devices connect: as the server says, or by the name of this page where the server knows none that others reach. */
export function mqttHost(host: string, hostname: string): string {
  return host === '' || (isLoopback(host) && !isLoopback(hostname)) ? hostname.replace(/^\[|\]$/g, '') : host
}
