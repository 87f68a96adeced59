// The person at this page: who it is, how it is let in or refused, how it goes away or goes by another name.
import { batch, type ReadonlySignal, signal } from '@preact/signals'
import type { Refused } from '../mqtt/client.ts'
import type { Leader } from './leader.ts'
import type { Identity, Memory } from './memory.ts'
import type { No } from './name.ts'
import type { Session } from './session.ts'
import type { Tabs } from './tabs.ts'

export interface PersonNeeds {
  session: Session
  memory: Memory
  tabs: Tabs
  leader: Leader
  /** Opens a line as somebody. */
  connect(me: Identity): void
  /** Shows what this browser knows of a name at once. */
  recognise(name: string): void
  /** Takes up what it keeps for a name; former: of another one that was refused there is more, which comes along; empty: there is none. */
  recall(name: string, former: string): Promise<void>
  /** The page forgets what it holds of whoever was here. */
  forget(): void
  /** The browser forgets what it keeps of others under a name. */
  erase(name: string): Promise<void>
  /** The browser forgets everything that was written here. */
  clear(): Promise<void>
  /** The passphrase of the door is known. */
  opened(door: string): void
}

export class Person {
  readonly #name = signal('')
  readonly #screen = signal<'welcome' | 'room'>('welcome')
  readonly #no = signal<No | null>(null)
  readonly #needs: PersonNeeds
  #identity: Identity | null = null
  #remember = true
  #former = '' // the name that was refused and had unsent messages: the next name takes them along

  constructor(needs: PersonNeeds) {
    this.#needs = needs
    needs.tabs.on('out', ({ name }) => { if (name === this.#name.value) void this.#leave() })
  }

  /** Empty: nobody is here. */
  get name(): ReadonlySignal<string> {
    return this.#name
  }

  get screen(): ReadonlySignal<'welcome' | 'room'> {
    return this.#screen
  }

  /** Why I was not let in last; null: I was, or did not try. */
  get no(): ReadonlySignal<No | null> {
    return this.#no
  }

  /** Who I am, as I show it to the server. */
  get identity(): Identity | null {
    return this.#identity
  }

  /** With what I show the server by HTTP that it is me. */
  get credentials(): string {
    const { door } = this.#needs.memory.invitation()
    return `${this.#name.value}:${this.#identity?.secret ?? ''}${door && `@${door}`}`
  }

  // --- coming in ---

  /** Whoever is remembered is here at once, and everybody else is asked for a name. It tells whether somebody is, when what is kept is taken up. */
  async begin(): Promise<boolean> {
    const { memory } = this.#needs
    const me = memory.me()
    this.#identity = me
    if (!me) return false
    this.#remember = memory.remembers()
    this.#screen.value = 'room'
    await this.#recognise(me.name)
    return true
  }

  /** Lets a remembered person in. */
  start(): void {
    if (this.#identity && this.#screen.value === 'room' && !this.#needs.session.open) this.#connect(this.#identity)
  }

  /** Tries to get in as somebody, whom this browser is to remember or not. What becomes of it shows in screen and no. */
  enter(me: Identity, remember: boolean): void {
    this.#remember = remember
    this.#connect(me)
  }

  /** Gives up being in, or trying to. */
  hangUp(): Promise<void> | undefined {
    return this.#needs.session.hangUp()
  }

  /** Knows the passphrase of the door from now on. */
  bringDoor(door: string): void {
    const { memory, opened } = this.#needs
    memory.setInvitation({ ...memory.invitation(), door })
    opened(door)
  }

  /** The server lets me in, under this name. */
  letIn(name: string): void {
    if (!this.#identity) return
    this.#identity = { ...this.#identity, name }
    this.#needs.memory.setMe(this.#identity, this.#remember)
    if (this.#name.value !== name) void this.#recognise(name)
    batch(() => {
      this.#screen.value = 'room'
      this.#no.value = null
    })
  }

  /** The server does not let me in, or not any more, and it does not come back by itself. */
  refused(why: Refused): void {
    const { memory, session } = this.#needs
    const newer = memory.me()
    if (why.reason === 'wrong-secret' && this.#identity && newer?.name === this.#identity.name && newer.secret !== this.#identity.secret) { // another tab has it
      this.#connect(newer)
      return
    }
    const wasIn = session.line.value.ever // then the room stays in sight, with what was written in it
    batch(() => {
      session.ended(why)
      if (why.where !== 'connack' || (wasIn && why.reason !== 'door')) return
      if (this.#name.value !== '') this.#former = this.#name.value
      this.#sayNo(why.reason ?? '', why.text ?? '', this.#identity?.name ?? '')
      this.#screen.value = 'welcome'
    })
  }

  // --- going away, and by another name ---

  /** Goes away in all tabs and asks for a name again. What others wrote is forgotten here; what I wrote and did not send stays. */
  async signOut(): Promise<void> {
    const { memory, tabs, erase } = this.#needs
    const { value: name } = this.#name
    memory.forgetMe()
    tabs.say({ is: 'out', name })
    await this.#leave()
    await erase(name)
  }

  /** Signs out and forgets everything that this browser keeps for the page: names, secrets, unsent messages. */
  async forgetAll(): Promise<void> {
    await this.signOut()
    this.#needs.memory.forgetAll()
    await this.#needs.clear()
  }

  /** Goes by another name in this tab. When the old one is somebody else's now, what was not sent comes along. */
  async otherName(): Promise<void> {
    const { value: name } = this.#name
    const { end } = this.#needs.session.line.value
    await this.#leave()
    if (end?.why !== 'name') return
    this.#former = name
    this.#sayNo(end.reason, end.text, name)
  }

  /** Goes on as somebody: with another secret of my name, or under another name. This browser remembers it if it remembered me. */
  async become(me: Identity): Promise<void> {
    if (this.#name.value !== '' && this.#name.value !== me.name) await this.#leave()
    this.#connect(me)
  }

  async #leave(): Promise<void> {
    const { session, leader, forget } = this.#needs
    leader.stand('')
    await session.hangUp()
    batch(() => {
      session.forget()
      this.#screen.value = 'welcome'
      this.#name.value = ''
      this.#no.value = null
      forget()
    })
  }

  #connect(me: Identity): void {
    this.#identity = me
    this.#needs.connect(me)
  }

  #sayNo(reason: string, text: string, name: string): void {
    this.#no.value = { reason, text, name, chosen: this.#identity?.chosen ?? false }
  }

  async #recognise(name: string): Promise<void> {
    const { memory, leader, recognise, recall } = this.#needs
    const former = this.#former === name ? '' : this.#former
    this.#former = ''
    if (former !== '') memory.setMates(name, memory.mates(former))
    batch(() => {
      this.#name.value = name
      recognise(name)
    })
    leader.stand(name)
    await recall(name, former)
  }
}
