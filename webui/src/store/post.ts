// Sends the outbox: in the order of writing, as often as it takes, each message under its one id.
import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { type Ack, LineLost } from '../mqtt/client.ts'
import type { Message } from '../mqtt/parse.ts'
import { to as topic } from '../mqtt/topics.ts'
import { type Fill, uuid7 } from './ids.ts'
import * as outbox from './outbox.ts'
import type { Ref } from './reply.ts'
import type { Shelf } from './shelf.ts'

export interface PostNeeds {
  publish(topic: string, payload: string): Promise<Ack>
  online(): boolean
  now(): number
  fill: Fill
  later(ms: number, f: () => void): () => void
  /** The seq of the newest message that the page holds of a conversation, 0 for none. */
  newest(to: outbox.To): number
  /** Someone's message was kept by the server; it may be told to the person. */
  kept(e: outbox.Entry): void
}

const retry = 5000 // milliseconds until what the server did not take for now is tried again

export class Post {
  readonly #entries = signal<outbox.Outbox>([])
  #shelf: Shelf | null = null
  #waker: (() => void) | null = null

  readonly #needs: PostNeeds
  readonly #tab: string

  constructor(needs: PostNeeds, tab: string) {
    this.#needs = needs
    this.#tab = tab
  }

  /** What is not done with: waiting, under way, kept but not yet brought by the room, failed. */
  get box(): ReadonlySignal<outbox.Outbox> {
    return this.#entries
  }

  /** How many messages wait for the connection. */
  waiting(): number {
    return this.#entries.value.filter((e) => e.state === 'waiting' || e.state === 'sending').length
  }

  /** Takes up what earlier visits and dead tabs left. The shelf is used from then on. */
  async restore(shelf: Shelf, from: string): Promise<void> {
    this.#shelf = shelf
    if (this.#entries.value.length > 0) await shelf.put(this.#entries.value.filter((e) => e.state !== 'kept'))
    await this.tend(from)
  }

  /** Called now and then: renews the lease on my rows and adopts orphans. */
  async tend(from: string): Promise<void> {
    if (!this.#shelf || from === '') return
    const now = this.#needs.now()
    const renewed = outbox.renewed(this.#entries.value, now)
    if (renewed !== this.#entries.value) {
      this.#entries.value = renewed
      await this.#shelf.put(renewed.filter((e) => e.state !== 'kept'))
    }
    const more = outbox.adopted(await this.#shelf.all(), this.#entries.value, this.#tab, from, now)
    if (more.length === 0) return
    await this.#shelf.put(more)
    this.#entries.value = outbox.joined(this.#entries.value, more)
    this.flush(from)
  }

  /** Writes a message: it is in the outbox at once and goes out when it can. */
  write(to: outbox.To, text: string, from: string, re: Ref | null = null): outbox.Entry {
    const now = this.#needs.now()
    const e: outbox.Entry = {
      id: uuid7(now, this.#needs.fill), to, text, ...(re && { re }), from, at: now, state: 'waiting', seq: 0, code: 0, why: '', tab: this.#tab, lease: now + outbox.leaseFor,
    }
    this.#set(outbox.written(this.#entries.value, e))
    this.flush(from)
    return e
  }

  /** Sends whatever waits, if there is a connection. */
  flush(from: string): void {
    if (!this.#needs.online()) return
    for (const e of outbox.due(this.#entries.value, this.#tab, from)) void this.#send(e)
  }

  again(id: string, from: string): void {
    this.#set(outbox.again(this.#entries.value, id))
    this.flush(from)
  }

  /** Takes an entry out and gives it back, to be edited or thrown away. */
  discard(id: string): outbox.Entry | undefined {
    const e = this.#entries.value.find((o) => o.id === id)
    if (e) this.#set(outbox.discarded(this.#entries.value, id))
    return e
  }

  /** The room brought messages: those of mine among them are done with. */
  brought(messages: readonly Message[], me: string): void {
    let box = this.#entries.value
    for (const m of messages) {
      if (m.from !== me) continue
      const e = box.find((o) => o.id === m.id)
      if (e && e.state !== 'kept') this.#needs.kept(e)
      box = outbox.arrived(box, m.id)
    }
    this.#set(box)
  }

  /** A refusal that came to the inbox, because the acknowledgement could not carry it. */
  refused(id: string, why: string): void {
    this.#set(outbox.refused(this.#entries.value, id, 0, why))
  }

  async #send(e: outbox.Entry): Promise<void> {
    this.#set(outbox.sending(this.#entries.value, e.id))
    try {
      const where = 'room' in e.to ? topic.say(e.to.room) : topic.direct(e.to.user)
      const ack = await this.#needs.publish(where, JSON.stringify({ text: e.text, id: e.id, reply: e.re?.id, re: e.re?.seq }))
      if (ack.code < 0x80) {
        if (!this.#entries.value.some((o) => o.id === e.id)) return
        const seq = Number(ack.user.seq ?? 0)
        batch(() => {
          // After a reload, the room may have brought it before the outbox was read: it will not come again.
          const past = seq > 0 && seq <= this.#needs.newest(e.to)
          this.#set(past ? outbox.arrived(this.#entries.value, e.id) : outbox.kept(this.#entries.value, e.id, seq))
          this.#needs.kept(e)
        })
      } else if (outbox.passing(ack.code)) {
        this.#set(outbox.held(this.#entries.value, e.id, ack.code, ack.text ?? ''))
        this.#waker ??= this.#needs.later(retry, () => {
          this.#waker = null
          this.flush(e.from)
        })
      } else this.#set(outbox.refused(this.#entries.value, e.id, ack.code, ack.text ?? ''))
    } catch (err) {
      if (err instanceof LineLost) this.#set(outbox.lost(this.#entries.value, e.id))
      else this.#set(outbox.refused(this.#entries.value, e.id, 0, err instanceof Error ? err.message : String(err)))
    }
  }

  /** Changes the box and keeps the shelf like it. What the server has needs no keeping. */
  #set(box: outbox.Outbox): void {
    const old = this.#entries.value
    if (box === old) return
    this.#entries.value = box
    if (!this.#shelf) return
    const toKeep = (e: outbox.Entry) => e.state !== 'kept'
    const gone = old.filter((e) => toKeep(e) && !box.some((o) => o.id === e.id && toKeep(o)))
    const changed = box.filter((e) => toKeep(e) && !old.includes(e))
    if (changed.length > 0) void this.#shelf.put(changed)
    if (gone.length > 0) void this.#shelf.drop(gone.map((e) => e.id))
  }
}
