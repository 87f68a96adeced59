// Fetching what is not held: the first page, older pages, gaps, the neighbourhood of a message.
import type { Inbox, Message } from '../mqtt/parse.ts'
import { to } from '../mqtt/topics.ts'
import type { Asks } from './asks.ts'
import type { Conversation } from './conversation.ts'
import { type Gap, gaps, missing, place } from './log.ts'

type Page = Extract<Inbox, { type: 'history' }>

/** Messages asked for at once. */
export const page = 50
const least = 20 // messages shown before the unread line or a linked message
const atOnce = 200 // a gap of so many is filled without waiting for the reader to come near

export class Pages {
  readonly #asks: Asks
  #quotes = Promise.resolve()
  readonly #brought: (messages: readonly Message[]) => void
  readonly #renewed: (c: Conversation) => void

  /** brought is told of every message that comes, renewed of a conversation whose log turned out to be another than the one held. */
  constructor(asks: Asks, brought: (messages: readonly Message[]) => void, renewed: (c: Conversation) => void) {
    this.#asks = asks
    this.#brought = brought
    this.#renewed = renewed
  }

  /** The newest page of a conversation that was never asked for. It tells whether it came. */
  async first(c: Conversation): Promise<boolean> {
    return this.#once(c, 'first', async () => {
      const a = await this.#ask(c, { limit: page })
      c.anchor = Infinity // else what comes would be let go again, for the reader is far away
      this.#took(c, a, 'newest')
      c.asked = true
    })
  }

  /** The page before the oldest message held. */
  async older(c: Conversation): Promise<boolean> {
    const oldest = c.log.value[0]?.seq
    if (oldest === undefined || (c.start.value !== null && oldest <= c.start.value)) return true
    return this.#once(c, 'older', async () => this.#took(c, await this.#ask(c, { before: oldest, limit: 2 * page }), 'older'))
  }

  /** A part of a gap, from the side the reader comes from. */
  async gap(c: Conversation, g: Gap, from: 'above' | 'below'): Promise<boolean> {
    const limit = Math.min(missing(g), atOnce)
    return this.#once(c, `gap ${g.after}`, async () => {
      const whole = missing(g) <= limit
      const asked = from === 'above' || whole ? { after: g.after, limit } : { before: g.before, limit }
      this.#took(c, await this.#ask(c, asked), 'between')
    })
  }

  /** The messages around a seq that is not held. */
  async around(c: Conversation, seq: number): Promise<boolean> {
    const log = c.log.value
    if (log[place(log, seq) - 1]?.seq === seq) return true
    return this.#once(c, 'first', async () => {
      const a = await this.#ask(c, { after: Math.max(0, seq - least - 1), limit: 2 * page })
      c.anchor = seq
      this.#took(c, a, seq <= least + 1 ? 'beginning' : 'between')
    })
  }

  /** A single message, to be quoted. Only one is asked for at a time, so that a page full of answers does not ask too often. */
  quoted(c: Conversation, seq: number): void {
    this.#quotes = this.#quotes.then(async () => {
      if (c.quoted.peek().has(seq)) return
      const a = await this.#ask(c, { after: seq - 1, limit: 1 })
      c.takeQuoted(seq, a.messages.find((m) => m.seq === seq) ?? null)
    }).catch(() => {}) // it is asked for again when it is next shown
  }

  /**
   * After the line came back: what was missed. Few messages fill the gap at once; of many only the newest page is fetched and the
   * gap waits for the reader. It tells whether it is done.
   */
  async caughtUp(c: Conversation): Promise<boolean> {
    const held = c.log.value.at(-1)
    if (held === undefined) return this.first(c)
    const newest = held.seq
    return this.#once(c, `gap ${newest}`, async () => {
      const a = await this.#ask(c, { after: newest - (c.kept ? 1 : 0), limit: atOnce }) // with the one held, to see that it is the same
      if (c.kept && a.messages[0]?.id !== held.id) {
        c.forget()
        this.#took(c, await this.#ask(c, { limit: page }), 'newest')
        return this.#renewed(c)
      }
      c.kept = false
      this.#took(c, a.more ? await this.#ask(c, { limit: page }) : a, a.more ? 'newest' : 'between')
    })
  }

  /** Fills the small gaps between what is held. */
  mend(c: Conversation): void {
    if (c.kept) return void this.caughtUp(c)
    for (const g of gaps(c.log.value, c.last.value)) if (missing(g) <= atOnce) void this.gap(c, g, 'above')
  }

  #took(c: Conversation, a: Page, where: 'newest' | 'older' | 'between' | 'beginning'): void {
    const oldest = a.messages[0]?.seq
    if (a.last > c.last.value) c.last.value = a.last
    if (where === 'beginning') c.start.value = oldest ?? 0
    else if (where !== 'between' && !a.more) c.start.value = oldest ?? c.log.value[0]?.seq ?? 0
    c.take(a.messages, a.last)
    this.#brought(a.messages)
  }

  async #ask(c: Conversation, body: object): Promise<Page> {
    const topic = 'room' in c.to ? to.history(c.to.room) : to.directHistory(c.to.user)
    const a = await this.#asks.ask(topic, body)
    if (a.type !== 'history') throw new Error(`an answer of type ${a.type} to a question about history`)
    return a
  }

  /** Does work unless the same is under way; what fails is marked, so that the reader can try again. */
  async #once(c: Conversation, what: string, work: () => Promise<void>): Promise<boolean> {
    if (c.busy.value.has(what)) return false
    c.setBusy(what, true)
    try {
      await work()
      return true
    } catch {
      c.setFailed(what)
      return false
    } finally {
      c.setBusy(what, false)
    }
  }
}
