// What was written and not sent, in each conversation. The last one who writes wins; the tabs of a person have the same drafts.
import { type ReadonlySignal, signal } from '@preact/signals'
import { isKept, type Shelf } from './shelf.ts'
import type { Tabs } from './tabs.ts'

export interface Draft {
  text: string
  reply: string // what it answers, as a word (see reply.ts); empty: nothing
  caret: number // where in the text
}

export interface DraftsNeeds {
  me(): string
  now(): number
  shelf: Shelf
  tabs: Tabs
}

export const nothing: Draft = { text: '', reply: '', caret: 0 }

export class Drafts {
  readonly #all = signal<ReadonlyMap<string, Draft>>(new Map())
  readonly #heard = signal<{ key: string, draft: Draft } | null>(null)
  readonly #needs: DraftsNeeds

  constructor(needs: DraftsNeeds) {
    this.#needs = needs
    needs.tabs.on('draft', ({ name, key, draft }) => {
      const d = parse(draft)
      if (!d || name !== needs.me()) return
      this.#put(key, d)
      this.#heard.value = { key, draft: d }
    })
  }

  /** By the key of the conversation; those that are empty are left out. */
  get all(): ReadonlySignal<ReadonlyMap<string, Draft>> {
    return this.#all
  }

  /** What another tab has written last. A field in which the person writes here is not overwritten by it. */
  get heard(): ReadonlySignal<{ key: string, draft: Draft } | null> {
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
    const { shelf, tabs, now } = this.#needs
    if (isEmpty(draft)) void shelf.drop('drafts', [rowKey(name, key)])
    else void shelf.put('drafts', [{ key: rowKey(name, key), at: now(), ...draft } as never])
    tabs.say({ is: 'draft', name, key, draft })
  }

  /** Takes up what was written under a name, for whoever goes by the same or another one now. */
  async recall(name: string, me: string): Promise<void> {
    const mine = new Map<string, Draft>()
    for (const row of await this.#needs.shelf.all('drafts')) {
      const d = parse(row)
      if (d && isKept(row) && row.key.startsWith(rowKey(name, ''))) mine.set(row.key.slice(rowKey(name, '').length), d)
    }
    if (this.#needs.me() !== me) return
    this.#all.value = new Map([...mine, ...this.#all.peek()]) // what was written meanwhile is newer
    if (name === me) return
    await this.#needs.shelf.put('drafts', [...mine].map(([key, d]) => ({ key: rowKey(me, key), at: this.#needs.now(), ...d })))
    await this.#needs.shelf.drop('drafts', [...mine.keys()].map((key) => rowKey(name, key)))
  }

  /** The page forgets them; the shelf does not. */
  forget(): void {
    this.#all.value = new Map()
  }

  #put(key: string, draft: Draft): void {
    const all = new Map(this.#all.peek())
    if (isEmpty(draft)) all.delete(key)
    else all.set(key, draft)
    this.#all.value = all
  }
}

const isEmpty = (d: Draft) => d.text === '' && d.reply === ''

const rowKey = (name: string, key: string) => `${name}\n${key}`

function parse(v: unknown): Draft | null {
  const d = v as Partial<Draft> | null
  if (typeof d?.text !== 'string') return null
  const caret = Number.isSafeInteger(d.caret) ? Math.min(Math.max(0, d.caret as number), d.text.length) : d.text.length
  return { text: d.text, reply: typeof d.reply === 'string' ? d.reply : '', caret }
}
