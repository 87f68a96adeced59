// Messages that come in: gathered for a drawing, then each put in its place, counted and told.
import { batch, signal } from '@preact/signals'
import type { Message } from '../mqtt/parse.ts'
import type { Conversation } from './conversation.ts'
import type { Reading } from './reading.ts'
import { shownKind } from './rows.ts'

/** A message of somebody else that a screen reader or the title may tell of. */
export interface Heard {
  conversation: Conversation
  message: Message
  mention: boolean
}

const most = 8 // messages put in their place between two drawings: an old phone has time for so many

export interface ArrivalsNeeds {
  me(): string
  current(): Conversation | null // what is shown; null: something else than a conversation
  frame(f: (drawn: boolean) => void): void
  reading: Reading
  /** Messages have been put in their place. */
  arrived(c: Conversation, messages: readonly Message[]): void
}

export class Arrivals {
  readonly heard = signal<readonly Heard[]>([]) // what came last; each time another list
  readonly #needs: ArrivalsNeeds
  #queue: ([Conversation, Message] | (() => void))[] = [] // in the order of coming
  #due = false // whether a frame was asked for

  constructor(needs: ArrivalsNeeds) {
    this.#needs = needs
  }

  add(c: Conversation, m: Message): void {
    this.#queue.push([c, m])
    this.#next()
  }

  /** Runs f when the messages that came before are in their place; at once when none wait. */
  after(f: () => void): void {
    if (this.#queue.length === 0) f()
    else this.#queue.push(f)
  }

  /**
   * After each drawing some of what has come is put in its place, in a task of its own: a flood of messages does not hold up what a hand does
   * meanwhile.
   */
  #next(): void {
    if (this.#due) return
    this.#due = true
    this.#needs.frame((drawn) => {
      this.#due = false
      try {
        batch(() => this.#take(drawn ? most : Infinity))
      } finally {
        if (this.#queue.length > 0) this.#next()
      }
    })
  }

  /** Puts the first so many messages in their place, each conversation's at once, and does in its order what was to be done after them. */
  #take(count: number): void {
    const all = this.#queue
    const heard: Heard[] = []
    let i = 0
    try {
      while (i < all.length && (count > 0 || typeof all[i] === 'function')) {
        const some = new Map<Conversation, Message[]>()
        for (let next = all[i]; Array.isArray(next) && count > 0; next = all[++i]) {
          const [c, m] = next
          const its = some.get(c)
          if (its) its.push(m)
          else some.set(c, [m])
          count--
        }
        for (const [c, messages] of some) heard.push(...this.#settle(c, messages))
        const next = all[i]
        if (typeof next !== 'function') continue
        i++
        next()
      }
    } finally {
      this.#queue = all.slice(i)
    }
    if (heard.length > 0) this.heard.value = heard
  }

  #settle(c: Conversation, messages: readonly Message[]): Heard[] {
    const { me, current, reading, arrived } = this.#needs
    const before = c.last.value
    c.take(messages)
    c.wrote(messages)
    arrived(c, messages)
    for (const m of messages) if (m.seq > before && m.from === me()) reading.wrote(c, m.seq)
    const fresh = messages.filter((m) => m.seq > before && m.from !== me() && shownKind(m))
    if (fresh.length === 0) return []
    const open = c === current()
    if (!reading.marks.value.has(c.key)) reading.know(c.key, fresh[0].seq - 1)
    reading.cut(c, open)
    return fresh.map((message) => {
      const mention = 'user' in c.to || c.calls(message.text)
      if (mention && !(open && reading.here)) c.mentions.value = [...c.mentions.value, message.seq]
      return { conversation: c, message, mention }
    })
  }
}
