// What the server tells of itself.
import { signal } from '@preact/signals'
import type { Act, Status } from '../mqtt/parse.ts'

export class Server {
  readonly version = signal('') // empty: not told yet
  readonly newer = signal(false) // it serves a newer page than this one
  readonly restarted = signal<{ since: number, at: number } | null>(null) // it was started anew while we were here
  readonly acts = signal<readonly Act[]>([]) // what hosts decided about me and I have not put away, and what they tell everyone
  readonly host = signal(false) // whether I am one of them
  readonly keep = signal<unknown>(null) // how much of every log stays, as it was told
  #build: string // of this page; empty: not known
  #since = 0 // when it was started; 0: not told yet

  constructor(build: string) {
    this.#build = build
  }

  told(s: Status, now: number): void {
    this.version.value = s.version
    this.keep.value = s.keep
    if (s.state !== 'online') return
    if (this.#since !== 0 && s.since > this.#since) this.restarted.value = { since: s.since, at: now }
    this.#since = s.since
    if (!s.build) return
    if (this.#build === '') this.#build = s.build
    this.newer.value = s.build !== this.#build
  }
}
