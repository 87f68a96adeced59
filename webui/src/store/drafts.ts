// What was written and not sent, in each conversation. The last one who writes wins; the tabs of a person have the same drafts.
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Store } from './memory.ts'
import { isKept, type Shelf } from './shelf.ts'
import type { Tabs } from './tabs.ts'

export interface Draft {
  text: string
  reply: string // what it answers, as a word (see reply.ts); empty: nothing
  caret: number // where in the text
}

/** A draft that was not written in this tab; key null: all that were kept under a name. */
export interface Heard {
  key: string | null
}

export interface DraftsNeeds {
  me(): string
  now(): number
  shelf: Shelf
  tabs: Tabs
  tab: Store // of this tab, written at once: the shelf may be too slow for a page that goes
}

export const nothing: Draft = { text: '', reply: '', caret: 0 }

export class Drafts {
  readonly #all = signal<ReadonlyMap<string, Draft>>(new Map())
  readonly #heard = signal<Heard | null>(null)
  readonly #needs: DraftsNeeds

  constructor(needs: DraftsNeeds) {
    this.#needs = needs
    needs.tabs.on('draft', ({ name, key, draft }) => {
      const d = parse(draft)
      if (!d || name !== needs.me()) return
      this.#put(key, d)
      this.#heard.value = { key }
    })
  }

  /** By the key of the conversation; those that are empty are left out. */
  get all(): ReadonlySignal<ReadonlyMap<string, Draft>> {
    return this.#all
  }

  /** What another tab has written last. A field in which the person writes here is not overwritten by it. */
  get heard(): ReadonlySignal<Heard | null> {
    return this.#heard
  }

  of(key: string): Draft {
    return this.#all.peek().get(key) ?? nothing
  }

  /** Keeps a draft; an empty one is forgotten. */
  set(key: string, draft: Draft): void {
    const old = this.of(key)
    const name = this.#needs.me()
    if (name === '' || (old.text === draft.text && old.reply === draft.reply && old.caret === draft.caret)) return
    this.#put(key, draft)
    const { shelf, tabs, now, tab } = this.#needs
    const row = { key: rowKey(name, key), at: now(), ...draft }
    try {
      tab.setItem(last, JSON.stringify(row))
    } catch {
      // Full: then it is the shelf alone.
    }
    if (isEmpty(draft)) void shelf.drop('drafts', [row.key])
    else void shelf.put('drafts', [row])
    tabs.say({ is: 'draft', name, key, draft })
  }

  /** Takes up what was written under a name, for whoever goes by the same or another one now. */
  async recall(name: string, me: string): Promise<void> {
    const mine = new Map<string, Draft>()
    const rows = [...await this.#needs.shelf.all('drafts'), this.#last()].filter(isKept).sort((a, b) => a.at - b.at)
    for (const row of rows) {
      const d = parse(row)
      if (d && row.key.startsWith(rowKey(name, ''))) mine.set(row.key.slice(rowKey(name, '').length), d)
    }
    for (const [key, d] of mine) if (isEmpty(d)) mine.delete(key)
    if (this.#needs.me() !== me) return
    this.#all.value = new Map([...mine, ...this.#all.peek()]) // what was written meanwhile is newer
    this.#heard.value = { key: null }
    if (name === me) return
    await this.#needs.shelf.put('drafts', [...mine].map(([key, d]) => ({ key: rowKey(me, key), at: this.#needs.now(), ...d })))
    await this.#needs.shelf.drop('drafts', [...mine.keys()].map((key) => rowKey(name, key)))
  }

  /** The page forgets them; the shelf does not. */
  forget(): void {
    this.#all.value = new Map()
  }

  /** What this tab wrote last. */
  #last(): unknown {
    try {
      return JSON.parse(this.#needs.tab.getItem(last) ?? 'null')
    } catch {
      return null
    }
  }

  #put(key: string, draft: Draft): void {
    const all = new Map(this.#all.peek())
    if (isEmpty(draft)) all.delete(key)
    else all.set(key, draft)
    this.#all.value = all
  }
}

const last = 'tincan.draft'

const isEmpty = (d: Draft) => d.text === '' && d.reply === ''

const rowKey = (name: string, key: string) => `${name}\n${key}`

function parse(v: unknown): Draft | null {
  const d = v as Partial<Draft> | null
  if (typeof d?.text !== 'string') return null
  const caret = Number.isSafeInteger(d.caret) ? Math.min(Math.max(0, d.caret as number), d.text.length) : d.text.length
  return { text: d.text, reply: typeof d.reply === 'string' ? d.reply : '', caret }
}
