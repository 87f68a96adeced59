// The first visit: the name in the field, what is known of it, and the way in.
import { type ReadonlySignal, signal } from '@preact/signals'
import { type Fill, randomSecret } from './ids.ts'
import type { Memory } from './memory.ts'
import * as names from './name.ts'
import type { Here } from './namecheck.ts'
import type { Person } from './person.ts'

export interface EntranceNeeds {
  person: Pick<Person, 'screen' | 'no' | 'enter' | 'hangUp'>
  memory: Pick<Memory, 'secretOf'>
  check(name: string): Promise<names.Check | null>
  here(): Promise<Here | null>
  later(ms: number, f: () => void): () => void
  /** Derives what is sent of a secret that was typed for a name. */
  seal(name: string, typed: string): Promise<string>
  fill: Fill
}

const checkAfter = 250 // milliseconds after the last key

export class Entrance {
  readonly #field = signal<names.Field>(names.empty)
  readonly #here = signal<Here | null | undefined>(undefined)
  readonly #needs: EntranceNeeds
  #uncheck = () => {}

  /** Nobody stands here any more. */
  readonly close: () => void

  constructor(needs: EntranceNeeds) {
    this.#needs = needs
    const { screen, no } = needs.person
    const ends = [
      screen.subscribe((s) => { if (s === 'room') this.#clear() }),
      no.subscribe((n) => { if (n) this.#refused(n); else this.#clear() }),
    ]
    this.close = () => {
      this.#uncheck()
      for (const end of ends) end()
    }
  }

  get field(): ReadonlySignal<names.Field> {
    return this.#field
  }

  /** How many are talking here; null: nobody, or it is not known; undefined: it is being asked. */
  get here(): ReadonlySignal<Here | null | undefined> {
    return this.#here
  }

  /** Somebody stands before the door. */
  look(): void {
    this.#needs.here().catch(() => null).then((h) => { this.#here.value = h && (h.door || h.people + h.devices > 0) ? h : null })
  }

  /** The field changed; the server is asked a quarter of a second after the last key. */
  type(value: string): void {
    if (this.#field.value.joining) void this.#needs.person.hangUp() // the answer would be about another name
    this.#field.value = names.typed(this.#field.value, value)
    this.#uncheck()
    if (names.worthAsking(this.#field.value)) this.#uncheck = this.#needs.later(checkAfter, () => this.#check(value))
  }

  /** The server may answer now: what is known of the name is asked for again. */
  again(): void {
    if (names.worthAsking(this.#field.value)) this.#check(this.#field.value.value)
  }

  /** Joins with the name in the field. Without a secret the page takes the one it has for the name, or makes one. */
  join(secret: string, remember: boolean): void {
    const name = this.#field.value.value.trim()
    if (name === '' || this.#field.value.joining) return
    this.#uncheck()
    this.#field.value = { ...this.#field.value, joining: true, checking: false, no: null }
    const { person, memory, fill } = this.#needs
    const known = memory.secretOf(name)
    if (secret === '') return person.enter(known ? { ...known, name } : { name, secret: randomSecret(fill), chosen: false }, remember)
    const joining = this.#field.value
    this.#needs.seal(name, secret).then(
      (sealed) => { if (this.#field.value === joining) person.enter({ name, secret: sealed, chosen: true }, remember) },
      () => { if (this.#field.value === joining) this.#refused({ reason: 'stopping', text: '', name, chosen: true }) },
    )
  }

  /** The server did not let me in. */
  #refused(no: names.No): void {
    const field = this.#field.value.value.trim() === '' ? names.typed(names.empty, no.name) : this.#field.value
    this.#field.value = names.refused(field, no)
    if (field.check === null && names.worthAsking(field)) this.#check(field.value) // for its suggestions
  }

  /** In, or back at the door: the field is empty. */
  #clear(): void {
    this.#uncheck()
    this.#field.value = names.empty
  }

  #check(value: string): void {
    this.#field.value = names.asked(this.#field.value)
    this.#needs.check(value).catch(() => null).then((c) => {
      this.#field.value = names.answered(this.#field.value, value, c)
    })
  }
}
