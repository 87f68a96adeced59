// The session with the server: one wire at a time, how the line is, and what was published and is not acknowledged yet.
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Ack, Client, LineState, Refused } from '../mqtt/client.ts'
import * as lines from './line.ts'

/** What of the MQTT client is used. */
export type Wire = Pick<Client, 'start' | 'stop' | 'tryNow' | 'subscribe' | 'unsubscribe' | 'publish'>

export class Session {
  readonly #line = signal<lines.Line>(lines.unconnected)
  readonly #unanswered = new Set<{ at: number }>()
  readonly #now: () => number
  #wire: Wire | null = null

  /** now: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now
  }

  get line(): ReadonlySignal<lines.Line> {
    return this.#line
  }

  get online(): boolean {
    return this.#line.value.is === 'online'
  }

  /** Whether there is a wire, be it up or not. */
  get open(): boolean {
    return this.#wire !== null
  }

  /** Since when the server owes an answer; 0: it owes none. */
  get asked(): number {
    for (const { at } of this.#unanswered) return at
    return 0
  }

  /** Puts a wire in the place of the one there is. What makes it can ask later whether it is still the one. */
  begin(make: (isMine: () => boolean) => Wire): Wire {
    void this.#wire?.stop()
    const wire: Wire = make(() => wire === this.#wire)
    this.#wire = wire
    return wire
  }

  /** Gives up being in, or trying to. */
  hangUp(): Promise<void> | undefined {
    const wire = this.#wire
    this.#wire = null
    return wire?.stop()
  }

  /** Tries again at once, instead of when it is due. */
  tryNow(): void {
    this.#wire?.tryNow()
  }

  subscribe(filters: string[]): Promise<number[]> {
    return this.#wire?.subscribe(filters) ?? Promise.reject(new Error('not connected'))
  }

  unsubscribe(filters: string[]): void {
    void this.#wire?.unsubscribe(filters).catch(() => {})
  }

  publish(topic: string, payload: string, qos: 0 | 1 = 1): Promise<Ack> {
    if (!this.#wire) return Promise.reject(new Error('not connected'))
    const ack = this.#wire.publish(topic, payload, { qos })
    const since = { at: this.#now() }
    this.#unanswered.add(since)
    const answered = () => void this.#unanswered.delete(since)
    ack.then(answered, answered)
    return ack
  }

  /** Publishes what is worth nothing later: now or not at all. */
  publishNow(topic: string, payload: string): Promise<Ack> {
    return this.online ? this.publish(topic, payload) : Promise.reject(new Error('not connected'))
  }

  /** The line is in another state; waiting is how many messages wait for it. */
  moved(to: Exclude<LineState, 'ended'>, waiting: number, why?: Refused): void {
    this.#line.value = lines.moved(this.#line.value, to, this.#now(), waiting, why ? lines.said(why) : null)
  }

  /** The line has ended and does not come back by itself. */
  ended(why: Refused): void {
    this.#line.value = lines.ended(this.#line.value, lines.endOf(why), this.#now())
  }

  /** There is no line, and there was none. */
  forget(): void {
    this.#line.value = lines.unconnected
  }
}
