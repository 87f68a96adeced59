// What comes in from the server, each to its place.
import type { Incoming } from '../mqtt/client.ts'
import { type Inbox, parseInbox, parseJSON, parseMemberPresence, parseMessage, parsePresence, parseRooms, parseRoster, parseState, parseStatus, parseTopic, type Topic } from '../mqtt/parse.ts'
import type { Arrivals } from './arrivals.ts'
import type { Asks } from './asks.ts'
import { takePresence, takeRoster } from './attendance.ts'
import type { Places } from './places.ts'
import type { Post } from './post.ts'
import type { Reading } from './reading.ts'
import type { Server } from './server.ts'
import { told } from './states.ts'
import { sign } from './typing.ts'

export interface IntakeNeeds {
  me(): string
  now(): number
  places: Places
  arrivals: Arrivals
  asks: Asks
  post: Post
  reading: Reading
  server: Server
}

/** What is seldom told is read by what is loaded for it, in its order. */
const ruling = (f: (r: typeof import('./ruling.ts')) => void) => void import('./ruling.ts').then(f, () => {})

export class Intake {
  readonly #needs: IntakeNeeds

  constructor(needs: IntakeNeeds) {
    this.#needs = needs
  }

  take(m: Incoming): void {
    const t = parseTopic(m.topic)
    if (t?.of === 'messages') this.#take(t, m)
    else if (t) this.#needs.arrivals.after(() => this.#take(t, m))
  }

  #take(t: Topic, m: Incoming): void {
    const { me, now, places, arrivals, server } = this.#needs
    const v = () => parseJSON(m.payload)
    switch (t.of) {
      case 'messages': {
        const message = parseMessage(v())
        if (message) arrivals.add(places.conversation({ room: t.room }), message)
        break
      }
      case 'roster': {
        const r = parseRoster(v())
        if (r) takeRoster(places.conversation({ room: t.room }), r)
        break
      }
      case 'board':
        places.conversation({ room: t.room }).board.value = v()
        break
      case 'presence': {
        const p = parsePresence(v())
        if (p && takePresence(places.conversation({ room: t.room }), p, me(), now())) places.subscribe(t.room) // for its roster
        break
      }
      case 'typing': {
        const c = places.conversation({ room: t.room })
        if (t.name !== me()) c.typing.value = sign(c.typing.value, t.name, new TextDecoder().decode(m.payload) === '1', now())
        break
      }
      case 'state': {
        const c = places.conversation({ room: t.room })
        c.devices.value = told(c.devices.value, t.name, t.path, parseState(m.payload), now(), m.retain)
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
      case 'about': case 'notice': {
        const said = v()
        ruling((r) => r.topic(this.#needs, 'room' in t ? t.room : '', said))
        break
      }
      case 'status': {
        const s = parseStatus(v())
        if (s) server.told(s, now())
        break
      }
      case 'inbox': {
        const note = v()
        const i = parseInbox(note)
        if (i) this.#inbox(i)
        const told = note as Record<string, unknown> | undefined
        if (told?.counts || told?.users || told?.type === 'counts') void import('./counts.ts').then((m) => m.told(told, this.#needs), () => {})
      }
    }
  }

  #inbox(i: Inbox): void {
    const { me, places, arrivals, asks, post } = this.#needs
    if (asks.take(i)) return
    if (i.type === 'read') places.read(i.room !== undefined ? `room/${i.room}` : `user/${i.with}`, i.seq)
    else if (i.type === 'marks') for (const [room, seq] of i.rooms) places.read(`room/${room}`, seq)
    else if (i.type === 'told') ruling((r) => r.inbox(this.#needs, i.told))
    else if (i.type === 'error' && i.id !== undefined) post.refused(i.id, i.text, i.user)
    else if (i.type === 'message') {
      const m = i.message
      const mate = m.from === me() ? m.to : m.from
      if (mate === undefined) return
      arrivals.add(places.conversation({ user: mate }), m)
    }
  }
}
