// What a person has chosen in this browser, shared by all its tabs. Each value is read with care: another version of the page may have
// written it, and what cannot be read is as if it had never been chosen.
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Store } from './memory.ts'

const choices = {
  theme: ['system', 'light', 'dark'],
  density: ['comfortable', 'compact'],
  clock: ['system', '12', '24'],
  announce: ['mentions', 'everything', 'nothing'],
  enter: ['sends', 'breaks'],
  notify: ['mentions', 'all', 'none'],
} as const

/** What of a room is worth a notice. */
export type Notify = (typeof choices.notify)[number]

/** A stretch of each day in minutes after midnight, by the reader's clock; to may be the next day. */
export interface Quiet {
  from: number
  to: number
}

export interface Settings {
  theme: (typeof choices.theme)[number]
  density: (typeof choices.density)[number]
  language: string // BCP 47; empty: as the browser
  clock: (typeof choices.clock)[number]
  sound: boolean
  announce: (typeof choices.announce)[number] // what a screen reader is told
  typing: boolean // whether I tell that I am writing
  joins: boolean // whether comings and goings are shown
  enter: (typeof choices.enter)[number] // what Enter does; with Shift it does the other
  single: boolean // whether keys without Ctrl or Alt mean something outside of fields
  notify: Notify
  rooms: Readonly<Record<string, Notify>> // where it differs, by room
  pinned: readonly string[] // rooms that stand first
  quiet: Quiet | null
  asked: boolean // whether the page has asked about them by itself, which it does once
  tipped: boolean // whether it was told that a name can be kept for good, likewise
  system: boolean // whether notifications of the system are wished, where the browser has them
}

export const defaults: Settings = {
  theme: 'system', density: 'comfortable', language: '', clock: 'system', sound: true, announce: 'everything', typing: true, joins: true,
  enter: 'sends', single: true, notify: 'mentions', rooms: {}, pinned: [], quiet: null, asked: false, tipped: false, system: false,
}

const key = 'tincan.settings'
const mostRooms = 500

/** Settings out of what was stored. */
export function parse(stored: string | null): Settings {
  let o: Record<string, unknown> = {}
  try {
    const v: unknown = JSON.parse(stored ?? '{}')
    if (typeof v === 'object' && v !== null) o = v as typeof o
  } catch {
    // As if nothing had been chosen.
  }
  const one = <K extends keyof typeof choices>(k: K): Settings[K] => ((choices[k] as readonly unknown[]).includes(o[k]) ? o[k] : defaults[k]) as Settings[K]
  const yes = (k: 'sound' | 'typing' | 'joins' | 'single' | 'asked' | 'tipped' | 'system') => (typeof o[k] === 'boolean' ? o[k] : defaults[k])
  const rooms = typeof o.rooms === 'object' && o.rooms !== null ? Object.entries(o.rooms).slice(-mostRooms) : []
  const quiet = o.quiet as Partial<Quiet> | null | undefined
  return {
    theme: one('theme'), density: one('density'), clock: one('clock'), announce: one('announce'), enter: one('enter'), notify: one('notify'),
    language: typeof o.language === 'string' && /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(o.language) ? o.language : '',
    sound: yes('sound'), typing: yes('typing'), joins: yes('joins'), single: yes('single'), asked: yes('asked'), tipped: yes('tipped'), system: yes('system'),
    rooms: Object.fromEntries(rooms.filter((e): e is [string, Notify] => choices.notify.includes(e[1] as Notify))),
    pinned: Array.isArray(o.pinned) ? o.pinned.filter((r): r is string => typeof r === 'string').slice(0, mostRooms) : [],
    quiet: isMinute(quiet?.from) && isMinute(quiet.to) && quiet.from !== quiet.to ? { from: quiet.from, to: quiet.to } : null,
  }
}

function isMinute(v: unknown): v is number {
  return Number.isInteger(v) && (v as number) >= 0 && (v as number) < 24 * 60
}

/** What of a room is worth a notice; of a member, everything but for who wants nothing. */
export function notifyOf(s: Settings, room: string): Notify {
  return Object.hasOwn(s.rooms, room) ? s.rooms[room] : s.notify
}

/** Settings in which a room has its own way; null: the way of all. */
export function withRoom(s: Settings, room: string, way: Notify | null): Settings {
  const { [room]: _, ...rooms } = s.rooms
  return { ...s, rooms: way === null ? rooms : { ...rooms, [room]: way } }
}

/** The settings of this browser. watch calls back when another tab has written a key of the store. */
export class Preferences {
  readonly #all = signal(defaults)
  readonly #store: Store
  #kept = true // whether what was chosen last could be stored

  constructor(store: Store, watch: (key: string, f: () => void) => void) {
    this.#store = store
    const take = () => { this.#all.value = parse(store.getItem(key)) }
    take()
    watch(key, take)
  }

  get all(): ReadonlySignal<Settings> {
    return this.#all
  }

  /** Takes a choice over, and keeps it. What another tab chose meanwhile stays. */
  set(some: Partial<Settings>): void {
    this.#write({ ...this.#stored(), ...some })
  }

  setRoom(room: string, way: Notify | null): void {
    this.#write(withRoom(this.#stored(), room, way))
  }

  #stored(): Settings {
    return this.#kept ? parse(this.#store.getItem(key)) : this.#all.value
  }

  #write(all: Settings): void {
    this.#all.value = all
    try {
      this.#store.setItem(key, JSON.stringify(all))
      this.#kept = true
    } catch {
      this.#kept = false // full or forbidden: it holds until the page is closed
    }
  }
}
