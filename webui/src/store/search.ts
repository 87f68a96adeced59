// A search: what is sought, what was found, and what stands around one of those.
import { signal } from '@preact/signals'
import type { Inbox, Message } from '../mqtt/parse.ts'
import { to } from '../mqtt/topics.ts'
import { Unanswered } from './asks.ts'
import { type Hit, parseFound } from './hits.ts'
import type { Place } from './route.ts'
import { says } from './sought.ts'

const page = 50 // hits asked for at once
const few = 20 // fewer than these, and a search that took long goes on by itself
const rounds = 20 // times
const pause = 180 // milliseconds after a key, until what was typed is sought
const around = 6 // messages before and after one

export interface SearchNeeds {
  ask(topic: string, body: object): Promise<Inbox>
  online(): boolean
  later(ms: number, f: () => void): () => void
}

/** How a search stands: nothing to seek, being sought, all that was asked for is there, not now without a line, or it went wrong. */
export type Standing = 'idle' | 'seeking' | 'there' | 'offline' | 'failed'

export class Search {
  readonly is = signal<Standing>('idle')
  readonly hits = signal<readonly Hit[]>([])
  readonly more = signal(false) // there are older ones
  readonly adding = signal(false) // they are being fetched
  readonly why = signal<Unanswered | null>(null) // what the server says to a search that it does not take
  readonly chosen = signal(0) // index of the hit that is looked at
  of: Place | null = null
  q = ''
  scroll = 0 // how far down the list was when it was left
  jumped = false // it was left for what was found

  #before = ''
  #last = Promise.resolve() // until what was asked is answered, or will not be
  #turn = 0 // what is answered to an older one is not wanted any more
  #cancel = () => {}
  readonly #places = new Map<string, Promise<readonly Message[]>>()
  readonly #needs: SearchNeeds

  constructor(needs: SearchNeeds) {
    this.#needs = needs
  }

  /** Seeks something; after a moment when it is being typed. The same again changes nothing, so that what was found stays as it was. */
  seek(of: Place | null, q: string, typed: boolean): void {
    if (this.is.value !== 'idle' && this.is.value !== 'failed' && q === this.q && keyOf(of) === keyOf(this.of)) return
    this.of = of
    this.q = q
    this.again(typed ? pause : 0)
  }

  /** Seeks the same anew. */
  again(after = 0): void {
    this.#cancel()
    const turn = ++this.#turn
    this.adding.value = false
    if (!says(this.q)) {
      this.#show([], false, 'idle')
      return
    }
    if (!this.#needs.online()) {
      this.is.value = 'offline'
      return
    }
    this.is.value = 'seeking'
    this.#cancel = this.#needs.later(after, () => void this.#find(turn, [], ''))
  }

  /** The line is there again. */
  online(): void {
    if (this.is.value === 'offline') this.again()
  }

  /** Fetches older hits. */
  async older(): Promise<void> {
    if (!this.more.value || this.adding.value || this.is.value !== 'there' || !this.#needs.online()) return
    this.adding.value = true
    await this.#find(this.#turn, this.hits.value, this.#before)
  }

  async #find(turn: number, have: readonly Hit[], before: string): Promise<void> {
    let hits = have
    let from = before
    try {
      for (let round = 0; round < rounds; round++) {
        const body = { search: this.q, limit: page, prefix: !/\s$/.test(this.q), zone: -new Date().getTimezoneOffset(), ...(from !== '' && { before: from }) }
        await this.#last // one question at a time: what was typed meanwhile is asked for in one
        if (turn !== this.#turn) return
        const asked = this.#needs.ask(topicOf(this.of), body)
        this.#last = asked.then(() => {}, () => {})
        const a = await asked
        if (turn !== this.#turn) return
        const found = a.type === 'said' ? parseFound(a.said) : undefined
        if (!found) throw new Error(`an answer of type ${a.type} to a search`)
        hits = [...hits, ...found.hits]
        from = found.before
        const enough = !found.more || hits.length - have.length >= few
        this.#before = from
        this.#show(hits, found.more, enough ? 'there' : 'seeking', have.length > 0 || round > 0)
        if (enough) break
      }
      this.is.value = 'there'
    } catch (e) {
      if (turn !== this.#turn) return
      this.why.value = e instanceof Unanswered && this.#needs.online() ? e : null
      this.is.value = this.#needs.online() ? 'failed' : 'offline'
    }
    this.adding.value = false
  }

  #show(hits: readonly Hit[], more: boolean, is: Standing, goesOn = false): void {
    this.hits.value = hits
    this.more.value = more
    this.is.value = is
    this.why.value = null
    if (!goesOn) this.chosen.value = 0
    if (!goesOn) this.#places.clear()
  }

  /** What stands around a hit, itself among it. */
  around(h: Hit, me: string): Promise<readonly Message[]> {
    const p = placeOf(h.message, me)
    const key = `${keyOf(p)} ${h.message.seq}`
    const known = this.#places.get(key)
    if (known) return known
    const topic = p.at === 'room' ? to.history(p.room) : to.directHistory(p.user)
    const found = this.#needs.ask(topic, { after: Math.max(0, h.message.seq - around - 1), limit: 2 * around + 1 }).then((a) => {
      if (a.type !== 'history') throw new Error(`an answer of type ${a.type} to a question about history`)
      return a.messages
    })
    this.#places.set(key, found)
    found.catch(() => this.#places.delete(key))
    return found
  }
}

/** Where a message was said. */
export function placeOf(m: Message, me: string): Place {
  if (m.room !== undefined) return { at: 'room', room: m.room, seq: m.seq }
  return { at: 'user', user: m.from === me ? m.to ?? '' : m.from }
}

function keyOf(p: Place | null): string {
  return p === null ? '' : p.at === 'room' ? `room/${p.room}` : `user/${p.user}`
}

function topicOf(p: Place | null): string {
  return p === null ? to.search : p.at === 'room' ? to.history(p.room) : to.directHistory(p.user)
}
