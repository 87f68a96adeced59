// Sends the outbox: in the order of writing, as often as it takes, each message under its one id.
import { batch, type ReadonlySignal, signal } from '@preact/signals'
import type { Ack } from '../mqtt/client.ts'
import { LineLost } from '../mqtt/lost.ts'
import type { Message } from '../mqtt/parse.ts'
import { to as topic } from '../mqtt/topics.ts'
import { type Fill, uuid7 } from './ids.ts'
import * as outbox from './outbox.ts'
import type { Ref } from './reply.ts'
import type { Kept, Shelf } from './shelf.ts'

export interface PostNeeds {
  publish(topic: string, payload: string): Promise<Ack>
  online(): boolean
  now(): number
  fill: Fill
  shelf: Shelf
  /** The seq of the newest message that the page holds of a conversation, 0 for none. */
  newest(to: outbox.To): number
  /** Someone's message was kept by the server; it may be told to the person. */
  kept(e: outbox.Entry): void
}

const retry = 5000 // milliseconds until what the server did not take for now is tried again

export class Post {
  readonly #entries = signal<outbox.Outbox>([])
  readonly #needs: PostNeeds
  #tab: string

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

  /** Whether the server has no space to keep what was written. */
  isHeld(): boolean {
    return this.#entries.value.some((e) => e.state === 'waiting' && e.code === 0x97)
  }

  /** Called at the start and now and then: renews the lease on my rows, takes up what earlier visits and dead tabs left. */
  async tend(from: string): Promise<void> {
    if (from === '') return
    const now = this.#needs.now()
    let lost = new Set<string>()
    let more: outbox.Entry[] = []
    await this.#needs.shelf.change('outbox', (rows) => {
      const stored = rows.map(outbox.read).filter((e) => e !== null)
      const old = this.#entries.value
      const mine = outbox.without(old, stored, this.#tab, now)
      lost = new Set(old.filter((e) => !mine.includes(e)).map((e) => e.id))
      more = outbox.adopted(stored, old, this.#tab, from, now)
      const renewed = outbox.renewed(mine, now)
      return [...more, ...(renewed === mine ? [] : renewed.filter(toKeep))].map(row)
    })
    const mine = outbox.renewed(lost.size === 0 ? this.#entries.value : this.#entries.value.filter((e) => !lost.has(e.id)), now)
    const box = outbox.joined(mine, more.filter((e) => !mine.some((o) => o.id === e.id)))
    if (box !== this.#entries.value) this.#entries.value = box
    this.flush(from)
  }

  /** This tab goes by another client id from now on; its rows are its own still. */
  async moveTo(tab: string): Promise<void> {
    this.#tab = tab
    this.#entries.value = this.#entries.value.map((e) => ({ ...e, tab }))
    await this.#needs.shelf.put('outbox', this.#entries.value.filter(toKeep).map(row))
  }

  /** The person goes by another name: what was written under the old one and is nobody else's goes out under the new one. */
  async rename(from: string, to: string): Promise<void> {
    const now = this.#needs.now()
    this.#entries.value = this.#entries.value.map((e) => (e.from === from ? { ...e, from: to } : e))
    await this.#needs.shelf.change('outbox', (rows) => rows
      .map(outbox.read).filter((e) => e !== null && e.from === from && (e.tab === this.#tab || e.lease <= now))
      .map((e) => row({ ...e as outbox.Entry, from: to })))
  }

  /** Writes a message, or what is to become of one: it is in the outbox at once and goes out when it can. */
  write(to: outbox.To, text: string, from: string, { re = null, about = null, file = null, poll = null }: { re?: Ref | null, about?: outbox.Change | null, file?: outbox.Attached | null, poll?: outbox.Poll | null } = {}): outbox.Entry {
    const now = this.#needs.now()
    const e: outbox.Entry = {
      id: uuid7(now, this.#needs.fill), to, text, ...(re && { re }), ...(about && { about }), ...(file && { file }), ...(poll && { poll }), from, at: now, state: 'waiting', seq: 0, code: 0, why: '', again: 0, tab: this.#tab, lease: now + outbox.leaseFor,
    }
    this.#set(outbox.written(this.#entries.value, e))
    this.flush(from)
    return e
  }

  /** Sends what is due, if there is a connection. */
  flush(from: string): void {
    if (!this.#needs.online()) return
    for (const e of outbox.due(this.#entries.value, this.#tab, from, this.#needs.now())) void this.#send(e)
  }

  again(id: string, from: string): void {
    this.#set(outbox.again(this.#entries.value, id))
    this.flush(from)
  }

  /** Something is known about the file of a message; when it is uploaded, the message goes out. */
  attached(id: string, more: Partial<outbox.Attached>, from: string): void {
    this.#set(outbox.attached(this.#entries.value, id, more))
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
  refused(id: string, why: string, user?: Record<string, string>): void {
    this.#set(outbox.refused(this.#entries.value, id, 0, why, user))
  }

  /** Nobody is here any more; what is kept stays. */
  forget(): void {
    this.#entries.value = []
  }

  async #send(e: outbox.Entry): Promise<void> {
    this.#set(outbox.sending(this.#entries.value, e.id))
    try {
      const where = 'room' in e.to ? topic.say(e.to.room) : topic.direct(e.to.user)
      const ack = await this.#needs.publish(where, outbox.payload(e))
      if (ack.code < 0x80) this.#took(e, Number(ack.user.seq ?? 0))
      else if (outbox.passing(ack.code)) this.#set(outbox.held(this.#entries.value, e.id, ack.code, ack.text ?? '', this.#needs.now() + retry))
      else this.#set(outbox.refused(this.#entries.value, e.id, ack.code, ack.text ?? '', ack.user))
    } catch (err) {
      if (err instanceof LineLost) this.#set(outbox.lost(this.#entries.value, e.id))
      else this.#set(outbox.refused(this.#entries.value, e.id, 0, err instanceof Error ? err.message : String(err)))
      if (err instanceof LineLost) return // the next connection sends
    }
    this.flush(e.from)
  }

  /** The server has it. */
  #took(e: outbox.Entry, seq: number): void {
    if (!this.#entries.value.some((o) => o.id === e.id)) return
    batch(() => {
      // After a reload, the room may have brought it before the outbox was read: it will not come again.
      const past = seq > 0 ? seq <= this.#needs.newest(e.to) : e.about !== undefined // a change that changes nothing is not logged
      this.#set(past ? outbox.arrived(this.#entries.value, e.id) : outbox.kept(this.#entries.value, e.id, seq))
      this.#needs.kept(e)
    })
  }

  /** Changes the box and keeps the shelf like it. What the server has needs no keeping. */
  #set(box: outbox.Outbox): void {
    const old = this.#entries.value
    if (box === old) return
    this.#entries.value = box
    const gone = old.filter((e) => toKeep(e) && !box.some((o) => o.id === e.id && toKeep(o)))
    const changed = box.filter((e) => toKeep(e) && !old.includes(e))
    if (changed.length > 0) void this.#needs.shelf.put('outbox', changed.map(row))
    if (gone.length > 0) void this.#needs.shelf.drop('outbox', gone.map((e) => e.id))
  }
}

const toKeep = (e: outbox.Entry) => e.state !== 'kept'

const row = (e: outbox.Entry): outbox.Entry & Kept => ({ ...e, key: e.id })
