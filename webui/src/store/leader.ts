// One tab of a person leads: it alone plays sounds and raises pop-ups. By a lock of the browser where there is one, else by a sign
// of life in localStorage.
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Store } from './memory.ts'

export interface LeaderNeeds {
  /** Asks for a lock and calls held when it is had; the answer gives it back. Null: the browser has no locks here. */
  lock: ((name: string, held: () => void) => () => void) | null
  store: Store
  now(): number
}

const leadFor = 6000 // milliseconds after the last sign of life

export class Leader {
  readonly #is = signal(false)
  readonly #needs: LeaderNeeds
  readonly #tab: string
  #name = ''
  #release = () => {}

  /** tab is unlike that of any other tab. */
  constructor(needs: LeaderNeeds, tab: string) {
    this.#needs = needs
    this.#tab = tab
  }

  /** Whether this tab leads those of its person. */
  get is(): ReadonlySignal<boolean> {
    return this.#is
  }

  /** Stands for leading the tabs of name; empty: for none. */
  stand(name: string): void {
    if (name === this.#name) return
    this.resign()
    this.#name = name
    if (name === '') return
    if (this.#needs.lock) this.#release = this.#needs.lock(`tincan ${name}`, () => { this.#is.value = this.#name === name })
    else this.tick()
  }

  /** Gives the lead up at once; called when the page goes. */
  resign(): void {
    this.#release()
    this.#release = () => {}
    if (!this.#needs.lock && this.#is.value) this.#needs.store.removeItem(this.#key)
    this.#is.value = false
    this.#name = ''
  }

  /** A second went by. */
  tick(): void {
    if (this.#needs.lock || this.#name === '') return
    const now = this.#needs.now()
    const { tab, until } = this.#read()
    const mine = tab === this.#tab || until <= now || until > now + 2 * leadFor // further ahead than anyone writes: the clock was put back
    if (mine && (tab !== this.#tab || until - now < leadFor / 2)) this.#write(now + leadFor)
    this.#is.value = mine
  }

  get #key(): string {
    return `tincan.leader.${this.#name}`
  }

  #read(): { tab: string, until: number } {
    try {
      const v = JSON.parse(this.#needs.store.getItem(this.#key) ?? 'null') as { tab?: unknown, until?: unknown } | null
      if (typeof v?.tab === 'string' && typeof v.until === 'number') return { tab: v.tab, until: v.until }
    } catch {
      // Not ours, or broken: nobody leads.
    }
    return { tab: '', until: 0 }
  }

  #write(until: number): void {
    try {
      this.#needs.store.setItem(this.#key, JSON.stringify({ tab: this.#tab, until }))
    } catch {
      // Full: each tab leads itself.
    }
  }
}
