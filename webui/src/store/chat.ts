// The chat as one tab has it: who I am, the line, the conversations; what comes in goes to its place, and what a person wants goes
// out. It knows neither DOM nor sockets: the world hands those in.
import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { Ack, Client, ClientOptions, Incoming, LineState, Refused } from '../mqtt/client.ts'
import { type Inbox, parseInbox, parseJSON, parseMemberPresence, parseMessage, parsePresence, parseRooms, parseRoster, parseState, parseStatus } from '../mqtt/parse.ts'
import { filter, parseTopic, to as topics } from '../mqtt/topics.ts'
import { Activity } from './activity.ts'
import { Arrivals } from './arrivals.ts'
import { Asks } from './asks.ts'
import { Conversation, keyOf } from './conversation.ts'
import * as devices from './devices.ts'
import { Entrance } from './entrance.ts'
import { type Fill, randomWord } from './ids.ts'
import * as lines from './line.ts'
import type { Identity, Mate, Memory } from './memory.ts'
import type { Check } from './name.ts'
import { of, type To } from './outbox.ts'
import { Pages } from './pages.ts'
import { Post } from './post.ts'
import { unread } from './read.ts'
import { Reading } from './reading.ts'
import * as rooms from './rooms.ts'
import type { Place } from './route.ts'
import { shownKind } from './rows.ts'
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
  readonly rooms = signal<rooms.Rooms>({ open: new Map(), joined: [rooms.lobby] })
  readonly mates = signal<readonly Mate[]>([])
  readonly place = signal<Place>({ at: 'room', room: rooms.lobby, seq: 0 })
  readonly newer = signal(false) // the server serves a newer page than this one
  readonly taken = signal<{ key: string, text: string } | null>(null) // what goes back into the field of a conversation
  readonly now: ReadonlySignal<number>
  readonly current: Signal<Conversation>
  readonly items: ReadonlySignal<rooms.Item[]>
  readonly string: ReadonlySignal<lines.Shown['string']> // how the line hangs
  readonly strip: ReadonlySignal<lines.Shown['strip']> // what is said about it
  readonly entrance: Entrance
  readonly post: Post
  readonly reading: Reading
  readonly arrivals: Arrivals
  readonly activity: Activity

  readonly #time = signal(0)
  readonly #conversations = signal<ReadonlyMap<string, Conversation>>(new Map())
  #wire: Wire | null = null
  #identity: Identity | null = null
  #remember = true
  #client: string
  readonly #asks: Asks
  readonly #pages: Pages
  #build: string

  readonly #world: World

  constructor(world: World) {
    this.#world = world
    this.#client = world.client
    this.#build = world.build
    this.#time.value = world.now()
    this.now = this.#time
    this.#asks = new Asks((t, p) => this.#publish(t, p), world.later)
    this.#pages = new Pages(this.#asks, (messages) => this.post.brought(messages, this.me.value))
    this.post = new Post({
      publish: (t, p) => this.#publish(t, p), online: () => this.line.value.is === 'online', now: world.now, fill: world.fill, later: world.later,
      newest: (to) => this.conversation(to).log.peek().at(-1)?.seq ?? 0,
      kept: (e) => { this.conversation(e.to).arrived.value = { key: `${e.from}/${e.id}`, at: world.now() } },
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
    this.arrivals = new Arrivals({
      frame: world.frame, reading: this.reading, me: () => this.me.value, current: () => this.current.value,
      arrived: (c, messages) => {
        this.post.brought(messages, this.me.value)
        if (c.asked) this.#pages.mend(c)
        if ('user' in c.to) this.#meet(c.to.user)
      },
    })
    this.activity = new Activity({
      now: world.now,
      tellTyping: (room, say) => void this.#publish(topics.typing(room), say, 0).catch(() => {}),
      tellAway: (away) => void this.#publish(topics.away, away ? '1' : '0').catch(() => {}),
    })
    this.string = computed(() => lines.shown(this.line.value, this.#time.value).string)
    this.strip = computed(() => lines.shown(this.line.value, this.#time.value).strip)
    this.current = signal(this.conversation({ room: rooms.lobby }))
    this.items = computed(() => rooms.items(
      this.rooms.value, this.reading.marks.value,
      (r) => Math.max(this.rooms.value.open.get(r)?.last ?? 0, this.#conversations.value.get(`room/${r}`)?.last.value ?? 0),
      (r) => this.#conversations.value.get(`room/${r}`)?.mentions.value.length ?? 0,
    ))
  }

  // --- the first visit ---

  /** Begins: a remembered person goes straight in, everybody else is asked for a name. */
  begin(): void {
    const joined = this.#world.memory.rooms()
    if (joined && joined.length > 0) this.rooms.value = { ...this.rooms.value, joined }
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
      this.#conversations.value = new Map()
      this.current.value = this.conversation(whither(this.place.value))
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
    for (const room of this.rooms.value.joined) this.#subscribe(room)
    for (const m of this.#world.memory.mates(me.name)) void wire.subscribe([filter.member(m.name)]).catch(() => {})
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
      this.mates.value = this.#world.memory.mates(name)
      for (const m of this.mates.value) {
        this.reading.know(`user/${m.name}`, m.read)
        const c = this.conversation({ user: m.name })
        c.last.value = Math.max(c.last.value, m.last)
      }
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
    for (const c of this.#conversations.value.values()) if (c !== this.current.value && c.asked) this.#pages.mend(c)
    if (this.current.value.asked) void this.#catchUp(this.current.value)
    else void this.#settle(this.current.value)
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
        if (message) this.arrivals.add(this.conversation({ room: t.room }), message)
        break
      }
      case 'roster': {
        const r = parseRoster(v())
        if (r) this.conversation({ room: t.room }).takeRoster(r)
        break
      }
      case 'presence': {
        const p = parsePresence(v())
        if (p && this.conversation({ room: t.room }).takePresence(p, this.me.value, this.#world.now())) this.#subscribe(t.room) // for its roster
        break
      }
      case 'typing': {
        const c = this.conversation({ room: t.room })
        if (t.name !== this.me.value) c.typing.value = sign(c.typing.value, t.name, new TextDecoder().decode(m.payload) === '1', this.#world.now())
        break
      }
      case 'state': {
        const c = this.conversation({ room: t.room })
        c.devices.value = devices.told(c.devices.value, t.name, t.path, parseState(m.payload), this.#world.now(), m.retain)
        break
      }
      case 'member':
        this.conversation({ user: t.name }).presence.value = parseMemberPresence(v()) ?? null
        break
      case 'rooms': {
        const infos = parseRooms(v())
        if (infos) this.#onRooms(infos)
        break
      }
      case 'status': {
        const s = parseStatus(v())
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

  #onRooms(infos: Parameters<typeof rooms.told>[1]): void {
    this.rooms.value = rooms.told(this.rooms.value, infos)
    for (const i of infos) {
      const c = this.#conversations.value.get(`room/${i.room}`)
      if (!c || i.last <= c.last.value) continue
      c.last.value = i.last
      if (c.asked) this.#pages.mend(c)
    }
  }

  #onInbox(i: Inbox): void {
    if (this.#asks.take(i)) return
    if (i.type === 'read') this.#onRead(i.room !== undefined ? `room/${i.room}` : `user/${i.with}`, i.seq)
    else if (i.type === 'error' && i.id !== undefined) this.post.refused(i.id, i.text)
    else if (i.type === 'message') {
      const m = i.message
      const mate = m.from === this.me.value ? m.to : m.from
      if (mate === undefined) return
      this.arrivals.add(this.conversation({ user: mate }), m)
    }
  }

  #onRead(key: string, seq: number): void {
    this.reading.know(key, seq)
    const c = this.#conversations.value.get(key)
    if (c) c.mentions.value = c.mentions.value.filter((s) => s > seq)
  }

  // --- places ---

  /** The conversation with a room or a member; it is made when first asked for. */
  conversation(to: To): Conversation {
    const key = keyOf(to)
    const known = this.#conversations.peek().get(key)
    if (known) return known
    const c = new Conversation(to, this.post.box, this.me)
    this.#conversations.value = new Map(this.#conversations.peek()).set(key, c)
    return c
  }

  /** A conversation by its key, if there is one yet. */
  find(key: string): Conversation | undefined {
    return this.#conversations.value.get(key)
  }

  /** Shows a place: joins the room if that is not done, loads what is missing, and finds where to begin reading. */
  go(p: Place): void {
    const old = this.current.peek()
    this.activity.stop()
    batch(() => {
      this.place.value = p
      this.current.value = this.conversation(whither(p))
      if (this.current.value !== old) this.#left(old)
      if (p.at === 'room') this.joinRoom(p.room)
      else this.#meet(p.user)
    })
    void this.#settle(this.current.value)
  }

  async #settle(c: Conversation): Promise<void> {
    if (this.line.value.is !== 'online' && !c.asked) return
    if (!c.asked && !(await this.#pages.first(c))) return
    if (c !== this.current.value) return
    const p = this.place.value
    const mark = this.reading.marks.value.get(c.key)
    if (mark === undefined) this.reading.know(c.key, c.last.value)
    const waiting = mark !== undefined && mark < c.last.value && !c.cut.value
    if (waiting) c.cut.value = { after: mark, until: c.last.value }
    if (p.at === 'room' && p.seq > 0) {
      await this.#pages.around(c, p.seq)
      c.wish.value = { way: 'message', seq: p.seq }
    } else if (waiting) {
      if ((c.log.value[0]?.seq ?? 0) > mark + 1) await this.#pages.around(c, mark + 1)
      c.wish.value = { way: 'cut', seq: mark }
    } else c.wish.value = { way: 'end', seq: Infinity }
    this.#pages.mend(c)
  }

  /** After the line came back: the unread line stands above what was missed, and who was at the end begins to read there. */
  async #catchUp(c: Conversation): Promise<void> {
    const before = c.last.value
    const atEnd = c.anchor === Infinity
    if (!(await this.#pages.caughtUp(c)) || c !== this.current.value || c.cut.value) return
    if (!c.log.value.some((m) => m.seq > before && m.from !== this.me.value && shownKind(m))) return
    c.cut.value = { after: before, until: c.last.value }
    if (atEnd) c.wish.value = { way: 'cut', seq: before }
  }

  joinRoom(room: string): void {
    if (this.rooms.value.joined.includes(room)) return
    this.rooms.value = rooms.joined(this.rooms.value, room)
    this.#world.memory.setRooms(this.rooms.value.joined)
    this.#subscribe(room)
  }

  leaveRoom(room: string): void {
    this.rooms.value = rooms.left(this.rooms.value, room)
    this.#world.memory.setRooms(this.rooms.value.joined)
    void this.#wire?.unsubscribe([filter.room(room)]).catch(() => {})
    const key = `room/${room}`
    const was = this.current.value.key === key
    if (was) this.go({ at: 'room', room: this.rooms.value.joined[0] ?? rooms.lobby, seq: 0 })
    const rest = new Map(this.#conversations.value)
    rest.delete(key)
    this.#conversations.value = rest
  }

  #subscribe(room: string): void {
    const c = this.conversation({ room })
    this.#wire?.subscribe([filter.room(room)]).then(([code]) => {
      c.barred.value = code >= 0x80 ? 'refused' : ''
    }).catch(() => {})
  }

  /** What was opened is not any more: its unread line goes, and a member to whom nothing was said is none I write with. */
  #left(c: Conversation): void {
    c.cut.value = null
    const { to } = c
    if (!('user' in to) || c.last.value > 0 || of(this.post.box.value, to).length > 0) return
    this.mates.value = this.mates.value.filter((m) => m.name !== to.user)
    this.#world.memory.setMates(this.me.value, this.mates.value)
    void this.#wire?.unsubscribe([filter.member(to.user)]).catch(() => {})
  }

  /** Puts a member among those I write with. */
  #meet(user: string): void {
    const c = this.conversation({ user })
    const mark = this.reading.marks.value.get(c.key)
    const mate: Mate = { name: user, read: mark ?? c.last.value, last: c.last.value }
    const old = this.mates.value.find((m) => m.name === user)
    if (!old) void this.#wire?.subscribe([filter.member(user)]).catch(() => {})
    else if (old.read === mate.read && old.last === mate.last) return
    this.mates.value = [...this.mates.value.filter((m) => m.name !== user), mate].sort((a, b) => a.name.localeCompare(b.name))
    if (this.me.value !== '') this.#world.memory.setMates(this.me.value, this.mates.value)
  }

  older(c: Conversation): void {
    if (this.line.value.is === 'online') void this.#pages.older(c)
  }

  fill(c: Conversation, after: number, before: number, from: 'above' | 'below'): void {
    if (this.line.value.is === 'online') void this.#pages.gap(c, { after, before }, from)
  }

  /** Goes to the newest message, fetching it if there is a gap before it. */
  async toEnd(c: Conversation): Promise<void> {
    if ((c.log.value.at(-1)?.seq ?? 0) < c.last.value) await this.#pages.first(c)
    c.wish.value = { way: 'end', seq: Infinity }
  }

  // --- what I do ---

  /** Sends text to the open conversation. */
  send(text: string): void {
    const c = this.current.value
    this.activity.stop()
    this.post.write(c.to, text, this.me.value)
    this.setDraft(c.key, '')
    if (unread(this.reading.marks.value, c.key, c.last.value) === 0) void this.toEnd(c)
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
    if (e) this.taken.value = { key: keyOf(e.to), text: e.text }
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
    if ('user' in this.current.value.to) this.#meet(this.current.value.to.user)
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

function whither(p: Place): To {
  return p.at === 'room' ? { room: p.room } : { user: p.user }
}
