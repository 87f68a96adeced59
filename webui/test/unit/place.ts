/** Chats in tabs of one browser, and a server that is the test. */
import type { Ack, ClientOptions } from '../../src/mqtt/client.ts'
import type { Message } from '../../src/mqtt/parse.ts'
import { Chat } from '../../src/store/chat.ts'
import { Entrance } from '../../src/store/entrance.ts'
import { Intake } from '../../src/store/intake.ts'
import { Leader } from '../../src/store/leader.ts'
import { Memory, passing, type Store } from '../../src/store/memory.ts'
import type { Check } from '../../src/store/name.ts'
import type { Here } from '../../src/store/namecheck.ts'
import type { Place as At } from '../../src/store/route.ts'
import { Preferences } from '../../src/store/settings.ts'
import type { Wire } from '../../src/store/session.ts'
import { isKept, type Kept, type Shelf, type Table, tables, type Trouble } from '../../src/store/shelf.ts'
import { type Channel, Tabs } from '../../src/store/tabs.ts'

/** A shelf that keeps everything, like that in IndexedDB, and can be told to have no space. */
export class Cupboard implements Shelf {
  readonly keeps = 'all'
  full = false
  readonly rows = new Map<Table, Map<string, unknown>>(tables.map((t) => [t, new Map()]))
  #tell = new Set<(t: Trouble | null) => void>()

  #table(t: Table): Map<string, unknown> {
    return this.rows.get(t)!
  }

  get = async (table: Table, key: string) => structuredClone(this.#table(table).get(key))
  all = async (table: Table) => structuredClone([...this.#table(table).values()])

  put = async (table: Table, rows: readonly Kept[]) => {
    for (const f of this.#tell) f(this.full ? 'full' : null)
    if (!this.full) for (const r of rows) this.#table(table).set(r.key, structuredClone(r))
  }

  drop = async (table: Table, keys: readonly string[]) => keys.forEach((k) => this.#table(table).delete(k))

  change = async <T extends Kept>(table: Table, f: (rows: unknown[]) => readonly T[]) => {
    const rows = f(structuredClone([...this.#table(table).values()].filter(isKept)))
    await this.put(table, rows)
    return rows
  }

  clear = async () => tables.forEach((t) => this.#table(t).clear())
  onTrouble = (f: (t: Trouble | null) => void) => void this.#tell.add(f)
}

/** What the tabs of one browser share. */
export class Browser {
  readonly lasting: Store = passing()
  readonly shelf = new Cupboard()
  readonly #tabs: ((v: unknown) => void)[] = []

  channel(): Channel {
    let mine = (_: unknown) => {}
    return {
      post: (v) => this.#tabs.forEach((f) => f !== mine && f(structuredClone(v))),
      hear: (f) => this.#tabs.push(mine = f),
    }
  }
}

type Handlers = Pick<ClientOptions, 'clientId' | 'name' | 'secret' | 'user' | 'onState' | 'onReady' | 'onMessage'>

/** A chat whose server is this test: a room with a log, and a line that the test cuts. */
export class Place {
  now = 1_000_000
  tab = passing()
  log: Message[] = [] // of the lobby
  published: { topic: string, body: any }[] = []
  subscribed: string[] = []
  connects: Handlers[] = []
  checks = new Map<string, Check>()
  later: { at: number, f: () => void }[] = []
  mute = false // whether the server is silent
  deaf = false // whether it loses what is published
  here: Here | null = null
  chat: Chat
  entrance!: Entrance // of that chat

  /** Another tab of the same browser has its id of its own. */
  constructor(readonly browser = new Browser(), readonly id = 'tab-1') {
    this.chat = this.open()
  }

  get lasting(): Store {
    return this.browser.lasting
  }

  open(): Chat {
    let seed = this.id.length + this.id.charCodeAt(this.id.length - 1)
    const later = (ms: number, f: () => void) => {
      const t = { at: this.now + ms, f }
      this.later.push(t)
      return () => { this.later = this.later.filter((x) => x !== t) }
    }
    const now = () => this.now
    const fill = (b: Uint8Array) => void b.fill(++seed)
    const chat = new Chat({
      wire: (o) => this.wire(o),
      intake: (needs) => new Intake(needs),
      opened: () => {},
      shelf: this.browser.shelf,
      memory: new Memory(this.lasting, this.tab),
      settings: new Preferences(this.lasting, () => {}),
      tabs: new Tabs(this.browser.channel(), later),
      leader: new Leader({ lock: null, store: this.lasting, now }, this.id),
      now, later,
      frame: (f) => f(false),
      fill,
      client: this.id, label: 'laptop', build: '',
    })
    this.entrance = new Entrance({ person: chat.person, memory: chat.memory, check: async (name) => this.checks.get(name) ?? null, here: async () => this.here, seal: async (_, typed) => typed, later, fill })
    return chat
  }

  /** The page is loaded. */
  async begin(at: At | null): Promise<void> {
    await this.chat.open(at)
    this.chat.person.start()
  }

  get line(): Handlers {
    return this.connects.at(-1)!
  }

  wire(o: Handlers): Wire {
    this.connects.push(o)
    return {
      start: () => o.onState('connecting'),
      stop: async () => {},
      tryNow: () => {},
      subscribe: async (filters) => (this.subscribed.push(...filters), filters.map(() => 0)),
      unsubscribe: async () => {},
      publish: async (topic, payload) => this.take(topic, JSON.parse(String(payload))),
    }
  }

  take(topic: string, body: any): Ack | Promise<Ack> {
    if (this.deaf) return new Promise<Ack>(() => {})
    this.published.push({ topic, body })
    if (this.mute) return { code: 0, user: {} }
    if (topic.endsWith('/history')) {
      const after = body.after as number | undefined
      const before = body.before as number | undefined
      const fit = this.log.filter((m) => m.seq > (after ?? 0) && m.seq < (before ?? Infinity))
      const messages = after !== undefined ? fit.slice(0, body.limit) : fit.slice(-body.limit)
      this.tell('chat/user/me/inbox', { type: 'history', room: 'lobby', request: body.request, messages: messages.map(wired), last: this.log.at(-1)?.seq ?? 0, more: messages.length < fit.length })
      return { code: 0, user: {} }
    }
    if (topic.endsWith('/say')) {
      const m = this.say('noor', body.text, body.id)
      return { code: 0, user: { seq: String(m.seq) } }
    }
    return { code: 0, user: {} }
  }

  /** Appends to the log without telling anybody. */
  say(from: string, text: string, id = `id-${this.log.length + 1}`): Message {
    const m: Message = { seq: this.log.length + 1, id, time: this.now, from, room: 'lobby', kind: 'text', text }
    this.log.push(m)
    return m
  }

  tell(topic: string, body: unknown, retain = false): void {
    this.line.onMessage({ topic, payload: new TextEncoder().encode(JSON.stringify(body)), retain, user: [] })
  }

  bring(m: Message): void {
    this.tell('chat/room/lobby/messages', wired(m))
  }

  async online(name = 'noor'): Promise<void> {
    this.line.onReady({ name, sessionPresent: false, user: {}, refused: [] })
    this.line.onState('online')
    await quiet()
  }

  async join(name = 'noor', secret = ''): Promise<void> {
    this.entrance.type(name)
    this.entrance.join(secret, true)
    await this.online(name)
  }

  /** Lets time pass, second by second. */
  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end;) {
      this.now = Math.min(end, this.now + 1000)
      for (const t of this.later.filter((x) => x.at <= this.now)) {
        this.later = this.later.filter((x) => x !== t)
        t.f()
      }
      this.chat.tick()
      await quiet()
    }
  }

  get texts(): string[] {
    return this.chat.places.current.value.rows.value.map((r) => r.is === 'message' ? r.m.text : r.is === 'mine' ? `${r.entry.text} (${r.entry.state})` : r.is === 'gap' ? `gap ${r.before - r.after - 1}` : r.is)
  }
}

export const wired = (m: Message) => ({ ...m, time: new Date(m.time).toISOString() })
export const quiet = async () => {
  for (let i = 0; i < 5; i++) await new Promise((r) => setImmediate(r))
}

