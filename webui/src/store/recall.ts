// The newest messages of each conversation, and how far was read, as they were when the page was last open: it begins with them,
// before the line is up.
import type { Message } from '../mqtt/parse.ts'
import type { Conversation } from './conversation.ts'
import type { Reading } from './reading.ts'
import { isKept, type Kept, type Shelf } from './shelf.ts'
import type { Log } from './log.ts'

/** Messages kept of one conversation. */
export const kept = 200

export interface RecallNeeds {
  shelf: Shelf
  now(): number
}

export class Recall {
  readonly #needs: RecallNeeds
  readonly #stored = new WeakMap<Conversation, Log>()
  #marks: ReadonlyMap<string, number> = new Map()

  constructor(needs: RecallNeeds) {
    this.#needs = needs
  }

  /** Gives a conversation the messages that are kept of it. What the room has brought meanwhile stays. */
  async messages(name: string, c: Conversation): Promise<void> {
    const row = (await this.#needs.shelf.get('logs', rowKey(name, c.key))) as { messages?: unknown, start?: unknown } | undefined
    if (!row || c.asked) return
    const messages = Array.isArray(row.messages) ? row.messages.filter(isMessage).slice(-kept) : []
    if (messages.length === 0) return
    c.remember(messages, typeof row.start === 'number' ? row.start : null)
    this.#stored.set(c, c.log.peek())
  }

  /** Tells reading how far was read under a name. */
  async marks(name: string, reading: Reading): Promise<void> {
    const mine = (await this.#needs.shelf.all('marks')).filter(isKept).filter((r) => r.key.startsWith(rowKey(name, '')))
    for (const r of mine) {
      const { seq } = r as Kept & { seq?: unknown }
      if (Number.isSafeInteger(seq)) reading.remember(r.key.slice(rowKey(name, '').length), seq as number)
    }
    this.#marks = reading.marks.peek()
  }

  /** Keeps what has changed since the last time. */
  async keep(name: string, all: Iterable<Conversation>, reading: Reading): Promise<void> {
    if (name === '') return
    const at = this.#needs.now()
    const logs = [...all].filter((c) => c.asked && c.log.peek() !== this.#stored.get(c) && c.log.peek().length > 0)
    for (const c of logs) this.#stored.set(c, c.log.peek())
    const marks = reading.marks.peek()
    const moved = [...marks].filter(([key, seq]) => this.#marks.get(key) !== seq)
    this.#marks = marks
    await Promise.all([
      this.#needs.shelf.put('logs', logs.map((c) => ({ key: rowKey(name, c.key), at, messages: c.log.peek().slice(-kept), start: c.start.peek() }))),
      this.#needs.shelf.put('marks', moved.map(([key, seq]) => ({ key: rowKey(name, key), at, seq }))),
    ])
  }

  /** Forgets what is kept under a name. */
  async forget(name: string): Promise<void> {
    for (const table of ['logs', 'marks'] as const) {
      const rows = (await this.#needs.shelf.all(table)).filter(isKept)
      await this.#needs.shelf.drop(table, rows.map((r) => r.key).filter((key) => key.startsWith(rowKey(name, ''))))
    }
  }
}

const rowKey = (name: string, key: string) => `${name}\n${key}`

/** Whether a value has what every message has: it was one when it was kept, perhaps by another build. */
function isMessage(v: unknown): v is Message {
  const { seq, id, from, time, kind, text } = (v ?? {}) as Partial<Message>
  const named = [id, from, kind].every((s) => typeof s === 'string' && s !== '')
  return named && typeof text === 'string' && typeof time === 'number' && Number.isSafeInteger(seq) && Number(seq) > 0
}
