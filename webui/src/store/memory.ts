// What this browser remembers between visits. Each value is read with care: another version of the page may have written it.

import type { Habit } from '../i18n/format.ts'
import { fold } from './fold.ts'
import type { Invitation } from './route.ts'

/** The part of Storage that is used; localStorage, sessionStorage, or a map where they are forbidden. */
export interface Store {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
  readonly passing?: true // it is forgotten with the page
}

/** Who I am here. chosen: the secret is the person's own, not made by the page. */
export interface Identity {
  name: string
  secret: string
  chosen: boolean
}

/** Someone I write with, and how far I have read and there is. */
export interface Mate {
  name: string
  read: number
  last: number
}

export const meKey = 'tincan.me'
export const glimpseKey = 'tincan.glimpse'

const keys = { me: meKey, glimpse: glimpseKey, habit: 'tincan.habit', secrets: 'tincan.secrets', rooms: 'tincan.rooms', mates: 'tincan.mates', client: 'tincan.client', invitation: 'tincan.invitation' }
const mostSecrets = 20
const mostRooms = 200

/** The memory of one browser. */
export class Memory {
  readonly #lasting: Store
  readonly tab: Store // forgotten with the tab

  constructor(lasting: Store, tab: Store) {
    this.#lasting = lasting
    this.tab = tab
  }

  /** Whoever was last here: in this tab, else in this browser. */
  me(): Identity | null {
    return identity(this.#read(this.tab, keys.me)) ?? identity(this.#read(this.#lasting, keys.me))
  }

  /** Whether this browser keeps who I am when the tab is closed. */
  remembers(): boolean {
    return identity(this.#read(this.#lasting, keys.me)) !== null
  }

  setMe(me: Identity, remember: boolean): void {
    this.#write(this.tab, keys.me, me)
    if (!remember) {
      this.#lasting.removeItem(keys.me)
      return
    }
    this.#write(this.#lasting, keys.me, me)
    const { door } = this.invitation()
    if (door !== '') this.#write(this.#lasting, keys.invitation, { door })
    const others = this.#secrets().filter((s) => s.name !== me.name)
    this.#write(this.#lasting, keys.secrets, [...others, me].slice(-mostSecrets))
  }

  /** Signs out; the secret of the name stays, so that the name can be had again from here. */
  forgetMe(): void {
    this.tab.removeItem(keys.me)
    this.#lasting.removeItem(keys.me)
    this.#lasting.removeItem(keys.glimpse)
  }

  /** Keeps what the page begins with next time; see glimpse.ts. */
  setGlimpse(v: unknown): void {
    this.#write(this.#lasting, keys.glimpse, v)
  }

  /** How small numbers and times were written here. */
  habit(): Habit | null {
    return this.#read(this.#lasting, keys.habit) as Habit | null
  }

  setHabit(h: Habit | null): void {
    this.#write(this.#lasting, keys.habit, h)
  }

  /** Forgets everything, secrets too. */
  forgetAll(): void {
    for (const key of Object.values(keys)) {
      this.tab.removeItem(key)
      this.#lasting.removeItem(key)
    }
  }

  /** The secret that this browser has for a name. */
  secretOf(name: string): Identity | null {
    const same = fold(name)
    return this.#secrets().find((s) => fold(s.name) === same) ?? null
  }

  rooms(): string[] | null {
    const v = this.#read(this.#lasting, keys.rooms)
    return Array.isArray(v) ? v.filter((x) => typeof x === 'string').slice(0, mostRooms) : null
  }

  setRooms(rooms: readonly string[]): void {
    this.#write(this.#lasting, keys.rooms, rooms)
  }

  /** The people that name writes with. */
  mates(name: string): Mate[] {
    const v = (this.#read(this.#lasting, keys.mates) as Record<string, unknown> | null)?.[name]
    return Array.isArray(v) ? v.filter((m): m is Mate => typeof m?.name === 'string' && typeof m.read === 'number' && typeof m.last === 'number') : []
  }

  setMates(name: string, mates: readonly Mate[]): void {
    const all = this.#read(this.#lasting, keys.mates)
    this.#write(this.#lasting, keys.mates, { ...(typeof all === 'object' ? all : null), [name]: mates })
  }

  /** What came with the invitation that opened this tab, else what opened the door when this browser was here last. */
  invitation(): Invitation {
    const v = (this.#read(this.tab, keys.invitation) ?? this.#read(this.#lasting, keys.invitation)) as Partial<Invitation> | null
    const text = (x: unknown) => (typeof x === 'string' ? x : '')
    return { door: text(v?.door), code: text(v?.code) }
  }

  setInvitation(i: Invitation): void {
    this.#write(this.tab, keys.invitation, i)
  }

  /**
   * Takes the client id that this tab kept over a reload. It is stored only between pages: a tab that is copied copies what is stored,
   * and two tabs with one client id would throw each other out for ever.
   */
  takeClientId(): string | null {
    const v = this.#read(this.tab, keys.client)
    this.tab.removeItem(keys.client)
    return typeof v === 'string' && v !== '' ? v : null
  }

  /** Keeps the client id over a reload; called when the page goes. */
  keepClientId(id: string): void {
    this.#write(this.tab, keys.client, id)
  }

  #secrets(): Identity[] {
    const v = this.#read(this.#lasting, keys.secrets)
    return Array.isArray(v) ? v.map(identity).filter((x) => x !== null) : []
  }

  #read(from: Store, key: string): unknown {
    try {
      return JSON.parse(from.getItem(key) ?? 'null')
    } catch {
      return null
    }
  }

  #write(into: Store, key: string, value: unknown): void {
    try {
      into.setItem(key, JSON.stringify(value))
    } catch {
      // Full or forbidden: the page goes on without remembering.
    }
  }
}

function identity(v: unknown): Identity | null {
  const o = v as Partial<Identity> | null
  if (typeof o?.name !== 'string' || o.name === '' || typeof o.secret !== 'string') return null
  return { name: o.name, secret: o.secret, chosen: o.chosen === true }
}

/** A Store that lives as long as the page, for browsers that forbid the lasting ones. */
export function passing(): Store {
  const all = new Map<string, string>()
  return {
    getItem: (k) => all.get(k) ?? null,
    setItem: (k, v) => void all.set(k, v),
    removeItem: (k) => void all.delete(k),
    passing: true,
  }
}
