// What comes in from the server, each to its place.
import { signal } from '@preact/signals'
import type { Incoming } from '../mqtt/client.ts'
import { type Inbox, parseInbox, parseJSON, parseMemberPresence, parseMessage, parsePresence, parseRooms, parseRoster, parseState, parseStatus } from '../mqtt/parse.ts'
import { parseTopic } from '../mqtt/topics.ts'
import type { Arrivals } from './arrivals.ts'
import type { Asks } from './asks.ts'
import * as devices from './devices.ts'
import type { Places } from './places.ts'
import type { Post } from './post.ts'
import type { Reading } from './reading.ts'
import { sign } from './typing.ts'

export interface IntakeNeeds {
  me(): string
  now(): number
  places: Places
  arrivals: Arrivals
  asks: Asks
  post: Post
  reading: Reading
  build: string // of this page; empty: not known
}

export class Intake {
  readonly version = signal('') // of the server; empty: not told yet
  readonly newer = signal(false) // the server serves a newer page than this one
  readonly restarted = signal<{ since: number, at: number } | null>(null) // the server was started anew while we were here
  readonly #needs: IntakeNeeds
  #build: string
  #since = 0 // when the server was started; 0: not told yet

  constructor(needs: IntakeNeeds) {
    this.#needs = needs
    this.#build = needs.build
  }

  take(m: Incoming): void {
    const t = parseTopic(m.topic)
    if (!t) return
    const { me, now, places, arrivals } = this.#needs
    const v = () => parseJSON(m.payload)
    if (t.of !== 'messages') arrivals.settle() // what came before is in its place first
    switch (t.of) {
      case 'messages': {
        const message = parseMessage(v())
        if (message) arrivals.add(places.conversation({ room: t.room }), message)
        break
      }
      case 'roster': {
        const r = parseRoster(v())
        if (r) places.conversation({ room: t.room }).takeRoster(r)
        break
      }
      case 'presence': {
        const p = parsePresence(v())
        if (p && places.conversation({ room: t.room }).takePresence(p, me(), now())) places.subscribe(t.room) // for its roster
        break
      }
      case 'typing': {
        const c = places.conversation({ room: t.room })
        if (t.name !== me()) c.typing.value = sign(c.typing.value, t.name, new TextDecoder().decode(m.payload) === '1', now())
        break
      }
      case 'state': {
        const c = places.conversation({ room: t.room })
        c.devices.value = devices.told(c.devices.value, t.name, t.path, parseState(m.payload), now(), m.retain)
        break
      }
      case 'member':
        places.conversation({ user: t.name }).presence.value = parseMemberPresence(v()) ?? null
        break
      case 'rooms': {
        const infos = parseRooms(v())
        if (infos) places.told(infos)
        break
      }
      case 'status':
        this.#status(v())
        break
      case 'inbox': {
        const i = parseInbox(v())
        if (i) this.#inbox(i)
      }
    }
  }

  #status(v: unknown): void {
    const s = parseStatus(v)
    if (s) this.version.value = s.version
    if (s?.state !== 'online') return
    if (this.#since !== 0 && s.since > this.#since) this.restarted.value = { since: s.since, at: this.#needs.now() }
    this.#since = s.since
    if (!s.build) return
    if (this.#build === '') this.#build = s.build
    this.newer.value = s.build !== this.#build
  }

  #inbox(i: Inbox): void {
    const { me, places, arrivals, asks, post } = this.#needs
    if (asks.take(i)) return
    if (i.type === 'read') this.read(i.room !== undefined ? `room/${i.room}` : `user/${i.with}`, i.seq)
    else if (i.type === 'marks') for (const [room, seq] of i.rooms) this.read(`room/${room}`, seq)
    else if (i.type === 'error' && i.id !== undefined) post.refused(i.id, i.text)
    else if (i.type === 'message') {
      const m = i.message
      const mate = m.from === me() ? m.to : m.from
      if (mate === undefined) return
      arrivals.add(places.conversation({ user: mate }), m)
    }
  }

  /** Another session or tab of mine has read a conversation so far. */
  read(key: string, seq: number): void {
    this.#needs.reading.know(key, seq)
    const c = this.#needs.places.find(key)
    if (c) c.mentions.value = c.mentions.value.filter((s) => s > seq)
  }
}
