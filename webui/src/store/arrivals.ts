// Messages that come in: gathered for a frame, then each put in its place, counted and told.
import { batch, type ReadonlySignal, signal } from '@preact/signals'
import type { Message } from '../mqtt/parse.ts'
import type { Conversation } from './conversation.ts'
import type { Reading } from './reading.ts'
import { shownKind } from './rows.ts'
import { mentions } from './text.ts'

/** A message of somebody else that a screen reader or the title may tell of. */
export interface Heard {
  conversation: Conversation
  message: Message
  mention: boolean
}

export interface ArrivalsNeeds {
  me(): string
  current(): Conversation | null // what is shown; null: something else than a conversation
  frame(f: () => void): void
  reading: Reading
  /** Messages have been put in their place. */
  arrived(c: Conversation, messages: readonly Message[]): void
}

export class Arrivals {
  readonly #heard = signal<readonly Heard[]>([])
  readonly #needs: ArrivalsNeeds
  #waiting = new Map<Conversation, Message[]>()

  constructor(needs: ArrivalsNeeds) {
    this.#needs = needs
  }

  /** What came last; each time another list. */
  get heard(): ReadonlySignal<readonly Heard[]> {
    return this.#heard
  }

  add(c: Conversation, m: Message): void {
    const waiting = this.#waiting.get(c)
    if (waiting) waiting.push(m)
    else this.#waiting.set(c, [m])
    if (this.#waiting.size === 1 && !waiting) this.#needs.frame(() => this.settle())
  }

  /** Puts what has come since the last frame in its place, now. */
  settle(): void {
    if (this.#waiting.size === 0) return
    const all = this.#waiting
    this.#waiting = new Map()
    batch(() => {
      const heard = [...all].flatMap(([c, messages]) => this.#settle(c, messages))
      if (heard.length > 0) this.#heard.value = heard
    })
  }

  #settle(c: Conversation, messages: readonly Message[]): Heard[] {
    const { me, current, reading, arrived } = this.#needs
    const before = c.last.value
    c.take(messages)
    c.wrote(messages)
    arrived(c, messages)
    const fresh = messages.filter((m) => m.seq > before && m.from !== me() && shownKind(m))
    if (fresh.length === 0) return []
    const open = c === current()
    if (!reading.marks.value.has(c.key)) reading.know(c.key, fresh[0].seq - 1)
    reading.cut(c, open)
    return fresh.map((message) => {
      const mention = 'user' in c.to || mentions(message.text, me())
      if (mention && !(open && reading.here)) c.mentions.value = [...c.mentions.value, message.seq]
      return { conversation: c, message, mention }
    })
  }
}
