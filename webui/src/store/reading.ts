// What I have read: from what the view shows to the marks that the server keeps, and the line above what I have not.
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Conversation } from './conversation.ts'
import { advanced, type Marks, toPost } from './read.ts'

const mustShow = 1000 // milliseconds that a message is on the screen before it counts as read
const postEvery = 2000

export class Reading {
  readonly #all = signal<Marks>(new Map())
  #posted: Marks = new Map()
  #postedAt = 0
  #candidate: { c: Conversation, seq: number, since: number } | null = null
  #isHere = true
  readonly #pinned = new Set<string>() // conversations that were marked unread and have not been opened again

  readonly #post: (room: string, seq: number) => void
  readonly #now: () => number
  readonly #moved: (key: string, seq: number) => void

  /** post tells the server, moved the other tabs. */
  constructor(post: (room: string, seq: number) => void, now: () => number, moved: (key: string, seq: number) => void) {
    this.#post = post
    this.#now = now
    this.#moved = moved
  }

  get marks(): ReadonlySignal<Marks> {
    return this.#all
  }

  /** Whether the person looks at this page. */
  get here(): boolean {
    return this.#isHere
  }

  setHere(here: boolean): void {
    if (here && !this.#isHere && this.#candidate) this.#candidate = { ...this.#candidate, since: this.#now() }
    this.#isHere = here
  }

  /** A mark that is known from elsewhere: the server, another session, the memory of the browser. */
  know(key: string, seq: number): void {
    this.#all.value = advanced(this.#all.value, key, seq)
    this.#posted = advanced(this.#posted, key, seq)
  }

  /** Marks a conversation unread from a message on. It stays so until it is opened again, or read elsewhere. */
  pin(c: Conversation, seq: number): void {
    this.#pinned.add(c.key)
    this.#all.value = new Map(this.#all.value).set(c.key, seq - 1)
    c.cut.value = { after: seq - 1, until: c.last.value }
  }

  /** All of a conversation counts as read. */
  readAll(c: Conversation): void {
    this.#read(c.key, c.last.value)
    c.mentions.value = []
    c.cut.value = null
  }

  /** What is shown of a conversation counts as read again. */
  unpin(c: Conversation): void {
    this.#pinned.delete(c.key)
  }

  /** A mark that this browser kept: the server may not know it yet. */
  remember(key: string, seq: number): void {
    this.#all.value = advanced(this.#all.value, key, seq)
  }

  /** The conversation begins anew: what was read of it says nothing. */
  forget(key: string): void {
    const without = (m: Marks) => new Map([...m].filter(([k]) => k !== key))
    this.#all.value = without(this.#all.value)
    this.#posted = without(this.#posted)
  }

  /** Somebody else will read. */
  forgetAll(): void {
    this.#all.value = this.#posted = new Map()
    this.#candidate = null
  }

  /** The view shows a conversation up to this seq. */
  saw(c: Conversation, seq: number): void {
    if (this.#pinned.has(c.key)) {
      this.#candidate = null
      return
    }
    const old = this.#candidate
    if (old?.c === c && old.seq === seq) return
    if (old?.c === c && seq > old.seq) this.#take() // what stood long enough counts before more is seen
    this.#candidate = { c, seq, since: this.#now() }
  }

  /** A message of mine is there. Who writes has seen what is on the screen, and what is written. */
  wrote({ key }: Conversation, seq: number): void {
    if (this.#pinned.has(key)) return
    if (this.#candidate?.c.key === key) this.#take(0)
    if (this.#all.value.get(key) === seq - 1) this.#read(key, seq)
  }

  /** New messages came. If nobody looks, the line stands above the first of them. */
  cut(c: Conversation, open: boolean): void {
    const mark = this.#all.value.get(c.key)
    if (!open || mark === undefined || this.#isHere) return
    c.cut.value = { after: c.cut.value && c.cut.value.after > 0 && c.cut.value.until > mark ? c.cut.value.after : mark, until: c.last.value }
  }

  /** Time went by. Marks are posted at most every two seconds. */
  tick(online: boolean): void {
    this.#take()
    const now = this.#now()
    if (!online || now - this.#postedAt < postEvery) return
    for (const [key, seq] of toPost(this.#all.value, this.#posted)) {
      this.#posted = advanced(this.#posted, key, seq)
      this.#postedAt = now
      this.#post(key, seq)
    }
  }

  /** After a new connection: the last marks may not have arrived, so those of this visit are posted again. */
  again(): void {
    this.#postedAt = 0
  }

  #read(key: string, seq: number): void {
    const marks = advanced(this.#all.value, key, seq)
    if (marks !== this.#all.value) this.#moved(key, seq)
    this.#all.value = marks
  }

  /** What the screen has shown for so long, while somebody looked, is read. */
  #take(least = mustShow): void {
    const s = this.#candidate
    if (!s || !this.#isHere || this.#now() - s.since < least) return
    this.#read(s.c.key, s.seq)
    if (s.c.mentions.value.some((m) => m <= s.seq)) s.c.mentions.value = s.c.mentions.value.filter((m) => m > s.seq)
  }
}
