// The chat as one tab has it: who I am, the line, the conversations; what comes in goes to its place, and what a person wants goes
// out. It knows neither DOM nor sockets: the world hands those in.
import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Ack, Client, ClientOptions, Incoming, LineState, Refused } from '../mqtt/client.ts'
import { type Inbox, parseInbox, parseJSON, parseMemberPresence, parseMessage, parsePresence, parseRooms, parseRoster, parseState, parseStatus } from '../mqtt/parse.ts'
import { filter, parseTopic, to as topics } from '../mqtt/topics.ts'
import { Activity } from './activity.ts'
import { Arrivals } from './arrivals.ts'
import { Asks } from './asks.ts'
import { keyOf } from './conversation.ts'
import * as devices from './devices.ts'
import { Entrance } from './entrance.ts'
import { type Fill, randomWord } from './ids.ts'
import * as lines from './line.ts'
import type { Identity, Memory } from './memory.ts'
import type { Check } from './name.ts'
import { same } from './outbox.ts'
import { Pages } from './pages.ts'
import { Places } from './places.ts'
import { Post } from './post.ts'
import { Reading } from './reading.ts'
import type { Place } from './route.ts'
import type { Preferences } from './settings.ts'
import type { Shelf } from './shelf.ts'
import { sign } from './typing.ts'

/** What of the MQTT client is used. */
export type Wire = Pick<Client, 'start' | 'stop' | 'tryNow' | 'subscribe' | 'unsubscribe' | 'publish'>

/** What the chat is given: the line, the clock, chance, memory. */
export interface World {
  wire(o: Pick<ClientOptions, 'clientId' | 'name' | 'secret' | 'user' | 'onState' | 'onReady' | 'onMessage'>): Wire
  check(name: string): Promise<Check | null> // null: no answer, or asked too often
  shelf(): Promise<Shelf>
  memory: Memory
  settings: Preferences
  now(): number // milliseconds since 1970
  later(ms: number, f: () => void): () => void
  frame(f: () => void): void // before the next drawing, soon when hidden
  fill: Fill
  client: string // client id of this tab
  label: string // phone, tablet, laptop
  build: string // of this page; empty: not known
}

export class Chat {
  readonly screen = signal<'welcome' | 'room'>('welcome')
  readonly me = signal('')
  readonly line = signal<lines.Line>(lines.unconnected)
  readonly version = signal('') // of the server; empty: not told yet
  readonly newer = signal(false) // the server serves a newer page than this one
  readonly taken = signal<{ key: string, text: string } | null>(null) // what goes back into the field of a conversation
  readonly now: ReadonlySignal<number>
  readonly string: ReadonlySignal<lines.Shown['string']> // how the line hangs
  readonly strip: ReadonlySignal<lines.Shown['strip']> // what is said about it
  readonly entrance: Entrance
  readonly places: Places
  readonly post: Post
  readonly reading: Reading
  readonly arrivals: Arrivals
  readonly activity: Activity
  readonly settings: Preferences

  readonly #time = signal(0)
  #wire: Wire | null = null
  #identity: Identity | null = null
  #remember = true
  #client: string
  readonly #asks: Asks
  #build: string

  readonly #world: World

  constructor(world: World) {
    this.#world = world
    this.#client = world.client
    this.settings = world.settings
    this.#build = world.build
    this.#time.value = world.now()
    this.now = this.#time
    this.#asks = new Asks((t, p) => this.#publish(t, p), world.later)
    const pages = new Pages(this.#asks, (messages) => this.post.brought(messages, this.me.value))
    this.post = new Post({
      publish: (t, p) => this.#publish(t, p), online: () => this.line.value.is === 'online', now: world.now, fill: world.fill, later: world.later,
      newest: (to) => this.places.conversation(to).log.peek().at(-1)?.seq ?? 0,
      kept: (e) => { this.places.conversation(e.to).arrived.value = { key: `${e.from}/${e.id}`, at: world.now() } },
    }, world.client)
    this.entrance = new Entrance({
      ...world,
      connect: (me, remember) => {
        this.#remember = remember
        this.#connect(me)
      },
      hangUp: () => void this.#hangUp(),
    })
    this.reading = new Reading((room, seq) => void this.#publish(topics.read(room), JSON.stringify({ seq })).catch(() => {}), world.now)
    this.places = new Places({
      me: this.me, box: this.post.box, memory: world.memory, reading: this.reading, pages,
      online: () => this.line.value.is === 'online',
      subscribe: (filters) => this.#wire?.subscribe(filters) ?? Promise.reject(new Error('not connected')),
      unsubscribe: (filters) => void this.#wire?.unsubscribe(filters).catch(() => {}),
    })
    this.arrivals = new Arrivals({
      frame: world.frame, reading: this.reading, me: () => this.me.value, current: () => this.places.current.value,
      arrived: (c, messages) => {
        this.post.brought(messages, this.me.value)
        if (c.asked) pages.mend(c)
        if ('user' in c.to) this.places.meet(c.to.user)
      },
    })
    this.activity = new Activity({
      now: world.now, typing: () => world.settings.all.value.typing,
      tellTyping: (room, say) => void this.#publish(topics.typing(room), say, 0).catch(() => {}),
      tellAway: (away) => void this.#publish(topics.away, away ? '1' : '0').catch(() => {}),
    })
    this.string = computed(() => lines.shown(this.line.value, this.#time.value).string)
    this.strip = computed(() => lines.shown(this.line.value, this.#time.value).strip)
  }

  // --- the first visit ---

  /** Begins: a remembered person goes straight in, everybody else is asked for a name. */
  begin(): void {
    const me = this.#world.memory.me()
    if (!me) return
    this.#remember = this.#world.memory.remembers()
    this.screen.value = 'room'
    this.#recognise(me.name)
    this.#connect(me)
  }

  #hangUp(): Promise<void> | undefined {
    const wire = this.#wire
    this.#wire = null
    return wire?.stop()
  }

  /** Goes away and asks for a name again. */
  async signOut(): Promise<void> {
    this.#world.memory.forgetMe()
    await this.#hangUp()
    batch(() => {
      this.line.value = lines.unconnected
      this.screen.value = 'welcome'
      this.me.value = ''
      this.entrance.clear()
      this.places.forget()
    })
  }

  // --- the line ---

  /** The client id of this session. */
  get client(): string {
    return this.#client
  }

  /** Tries again at once. After the end: begins anew as another session, so that no other tab is thrown out. */
  tryNow(): void {
    if (this.line.value.is !== 'ended') {
      this.#wire?.tryNow()
      return
    }
    if (!this.#identity) return
    this.#client = randomWord(16, this.#world.fill)
    this.#connect(this.#identity)
  }

  #connect(me: Identity): void {
    void this.#wire?.stop()
    this.#identity = me
    const wire: Wire = this.#world.wire({
      clientId: this.#client, name: me.name, secret: me.secret, user: [['kind', 'person'], ['label', this.#world.label]],
      onState: (s, why) => wire === this.#wire && this.#onState(s, why),
      onReady: (info) => wire === this.#wire && this.#onReady(info.name),
      onMessage: (m) => wire === this.#wire && this.#onMessage(m),
    })
    this.#wire = wire
    void wire.subscribe([filter.inbox, filter.server]).catch(() => {})
    this.places.listen(me.name)
    wire.start()
  }

  #onReady(name: string): void {
    if (!this.#identity) return
    this.#identity = { ...this.#identity, name }
    this.#world.memory.setMe(this.#identity, this.#remember)
    batch(() => {
      if (this.me.value !== name) this.#recognise(name)
      this.screen.value = 'room'
      this.entrance.clear()
    })
  }

  /** Takes up what this browser keeps for a name: with whom I wrote, and what was not sent yet. */
  #recognise(name: string): void {
    batch(() => {
      this.me.value = name
      this.places.recognise(name)
    })
    void this.#world.shelf().then((s) => this.post.restore(s, name))
  }

  #onState(s: LineState, why?: Refused): void {
    const now = this.#world.now()
    if (s === 'ended') return this.#onEnd(why)
    batch(() => {
      this.#time.value = now
      this.line.value = lines.moved(this.line.value, s, now, this.post.waiting(), why?.code ?? 0)
    })
    if (s !== 'online') return
    this.activity.again()
    this.post.flush(this.me.value)
    this.reading.again()
    this.places.online()
  }

  #onEnd(why?: Refused): void {
    const now = this.#world.now()
    if (!why) return
    const reasons = ['name-taken', 'wrong-secret', 'look-alike', 'name-invalid', 'too-many-tries']
    batch(() => {
      const name = this.#identity?.name ?? ''
      const about = why.where === 'connack' && (reasons.includes(why.reason ?? '') || why.code === 0x86)
      const end: lines.End = { why: why.code === 0x8e ? 'taken-over' : about ? 'name' : why.code === 0x98 || why.code === 0x8a ? 'kicked' : 'refused', code: why.code, text: why.text ?? '' }
      this.line.value = lines.ended(this.line.value, end, now)
      if (why.where !== 'connack') return
      this.entrance.refused({ reason: why.reason ?? '', text: why.text ?? '', name, chosen: this.#identity?.chosen ?? false })
      this.screen.value = 'welcome'
    })
  }

  #publish(topic: string, payload: string, qos: 0 | 1 = 1): Promise<Ack> {
    return this.#wire ? this.#wire.publish(topic, payload, { qos }) : Promise.reject(new Error('not connected'))
  }

  // --- what comes in ---

  #onMessage(m: Incoming): void {
    const t = parseTopic(m.topic)
    if (!t) return
    const v = () => parseJSON(m.payload)
    if (t.of !== 'messages') this.arrivals.settle() // what came before is in its place first
    switch (t.of) {
      case 'messages': {
        const message = parseMessage(v())
        if (message) this.arrivals.add(this.places.conversation({ room: t.room }), message)
        break
      }
      case 'roster': {
        const r = parseRoster(v())
        if (r) this.places.conversation({ room: t.room }).takeRoster(r)
        break
      }
      case 'presence': {
        const p = parsePresence(v())
        if (p && this.places.conversation({ room: t.room }).takePresence(p, this.me.value, this.#world.now())) this.places.subscribe(t.room) // for its roster
        break
      }
      case 'typing': {
        const c = this.places.conversation({ room: t.room })
        if (t.name !== this.me.value) c.typing.value = sign(c.typing.value, t.name, new TextDecoder().decode(m.payload) === '1', this.#world.now())
        break
      }
      case 'state': {
        const c = this.places.conversation({ room: t.room })
        c.devices.value = devices.told(c.devices.value, t.name, t.path, parseState(m.payload), this.#world.now(), m.retain)
        break
      }
      case 'member':
        this.places.conversation({ user: t.name }).presence.value = parseMemberPresence(v()) ?? null
        break
      case 'rooms': {
        const infos = parseRooms(v())
        if (infos) this.places.told(infos)
        break
      }
      case 'status': {
        const s = parseStatus(v())
        if (s) this.version.value = s.version
        if (!s?.build) break
        if (this.#build === '') this.#build = s.build
        this.newer.value = s.state === 'online' && s.build !== this.#build
        break
      }
      case 'inbox': {
        const i = parseInbox(v())
        if (i) this.#onInbox(i)
      }
    }
  }

  #onInbox(i: Inbox): void {
    if (this.#asks.take(i)) return
    if (i.type === 'read') this.#onRead(i.room !== undefined ? `room/${i.room}` : `user/${i.with}`, i.seq)
    else if (i.type === 'marks') for (const [room, seq] of i.rooms) this.#onRead(`room/${room}`, seq)
    else if (i.type === 'error' && i.id !== undefined) this.post.refused(i.id, i.text)
    else if (i.type === 'message') {
      const m = i.message
      const mate = m.from === this.me.value ? m.to : m.from
      if (mate === undefined) return
      this.arrivals.add(this.places.conversation({ user: mate }), m)
    }
  }

  #onRead(key: string, seq: number): void {
    this.reading.know(key, seq)
    const c = this.places.find(key)
    if (c) c.mentions.value = c.mentions.value.filter((s) => s > seq)
  }

  /** Shows a place. */
  go(p: Place): void {
    this.activity.stop()
    this.places.go(p)
  }

  // --- what I do ---

  /** Sends text to the open conversation. */
  send(text: string): void {
    const c = this.places.current.value
    this.activity.stop()
    this.post.write(c.to, text, this.me.value, c.reply.value)
    c.reply.value = null
    this.reading.unpin(c)
    this.setDraft(c.key, '')
    void this.places.toEnd(c) // who writes has read, and wants to see what was written
  }

  /** What was written and not sent in a conversation. */
  draft(key: string): string {
    return this.#world.memory.drafts().get(key) ?? ''
  }

  setDraft(key: string, text: string): void {
    this.#world.memory.setDraft(key, text)
  }

  /** Takes a message that was not sent back into the field. */
  edit(id: string): void {
    const e = this.post.discard(id)
    if (!e) return
    this.places.conversation(e.to).reply.value = e.re ?? null
    this.taken.value = { key: keyOf(e.to), text: e.text }
  }

  /** Takes the last message of the open conversation that was not sent back into the field; tells whether there is one. */
  editLast(): boolean {
    const { to } = this.places.current.value
    const last = this.post.box.value.findLast((e) => e.from === this.me.value && same(e.to, to) && (e.state === 'failed' || e.state === 'waiting'))
    if (last) this.edit(last.id)
    return last !== undefined
  }

  again(id: string): void {
    this.post.again(id, this.me.value)
  }

  // --- time and presence ---

  /** A second went by. */
  tick(): void {
    const now = this.#world.now()
    this.#time.value = now
    this.activity.tick()
    this.reading.tick(this.line.value.is === 'online')
    const { to } = this.places.current.value
    if ('user' in to) this.places.meet(to.user)
  }

  /** Five seconds went by, or the page is about to go: what is stored is kept up. */
  tend(): void {
    void this.post.tend(this.me.value)
  }

  /** The page is visible, or not; the window has the focus, or not. */
  setHere(visible: boolean, focused: boolean): void {
    this.reading.setHere(visible && focused)
    this.activity.setVisible(visible)
    if (!visible) this.reading.tick(this.line.value.is === 'online')
  }
}
