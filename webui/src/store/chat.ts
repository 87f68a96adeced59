// The chat as one tab has it, put together: the person, the session, the conversations; what comes in goes to its place, and what a
// person wants goes out. It knows neither DOM nor sockets: the world hands those in.
import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Ack, ClientOptions, LineState, Refused } from '../mqtt/client.ts'
import type { Message } from '../mqtt/parse.ts'
import { filter, to as topics } from '../mqtt/topics.ts'
import { Activity } from './activity.ts'
import { Arrivals } from './arrivals.ts'
import { Asks } from './asks.ts'
import { type Conversation, keyOf } from './conversation.ts'
import { Drafts, nothing } from './drafts.ts'
import type { Errand } from './errand.ts'
import { type Fill, randomWord } from './ids.ts'
import type { Intake, IntakeNeeds } from './intake.ts'
import type { Leader } from './leader.ts'
import * as lines from './line.ts'
import type { Identity, Memory } from './memory.ts'
import { type Change, same } from './outbox.ts'
import { Pages } from './pages.ts'
import { Person } from './person.ts'
import { Places } from './places.ts'
import { Post } from './post.ts'
import { Reading } from './reading.ts'
import { Recall } from './recall.ts'
import type { Place, View } from './route.ts'
import { Server } from './server.ts'
import { Session, type Wire } from './session.ts'
import type { Preferences } from './settings.ts'
import { isKept, type Keeps, type Shelf, type Trouble } from './shelf.ts'
import type { Tabs } from './tabs.ts'
import type { Uploads } from './uploads.ts'

/** What the chat is given: the line, the clock, chance, memory. */
export interface World {
  wire(o: Pick<ClientOptions, 'clientId' | 'name' | 'secret' | 'user' | 'onState' | 'onReady' | 'onMessage'>): Wire
  intake(needs: IntakeNeeds): Pick<Intake, 'take'>
  opened(door: string): void // the passphrase of the door is known
  shelf: Shelf
  memory: Memory
  settings: Preferences
  tabs: Tabs
  leader: Leader
  now(): number // milliseconds since 1970
  later(ms: number, f: () => void): () => void
  frame(f: (drawn: boolean) => void): void // after the next drawing, soon when hidden: then nothing is drawn
  fill: Fill
  client: string // client id of this tab
  label: string // phone, tablet, laptop, wall
  build: string // of this page; empty: not known
}

export class Chat {
  readonly view = signal<View>({ is: 'talk' })
  readonly person: Person
  readonly me: ReadonlySignal<string> // my name; empty: nobody is here
  readonly line: ReadonlySignal<lines.Line>
  readonly keeping: ReadonlySignal<Keeps | Trouble> // how much this browser keeps for the page
  readonly asking = signal<string | null>(null) // a poll is being made, with this question to begin with; null: none is
  readonly taken = signal<{ key: string, text: string } | null>(null) // what goes back into the field of a conversation
  readonly now: ReadonlySignal<number>
  readonly string: ReadonlySignal<lines.Shown['string']> // how the line hangs
  readonly strip: ReadonlySignal<lines.Shown['strip']> // what is said about it
  readonly places: Places
  readonly post: Post
  readonly reading: Reading
  readonly arrivals: Arrivals
  readonly activity: Activity
  readonly settings: Preferences
  readonly memory: Memory
  readonly drafts: Drafts
  readonly server: Server
  readonly errand = signal<Errand | null>(null) // what a link brought me for
  readonly leader: ReadonlySignal<boolean> // whether this tab plays sounds and raises pop-ups for all of its person

  readonly uploads = signal<Uploads | null>(null) // when the part of the page that uploads is there

  readonly #time = signal(0)
  readonly #trouble = signal<Trouble | null>(null)
  readonly #recall: Recall
  readonly #session: Session
  readonly #asks: Asks
  #tipping = false
  #client: string // client id of this session
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    this.#client = world.client
    this.settings = world.settings
    this.memory = world.memory
    this.#time.value = world.now()
    this.now = this.#time
    const session = this.#session = new Session(world.now)
    this.line = session.line
    this.person = new Person({
      ...world, session,
      connect: (me) => this.#connect(me),
      recognise: (name) => this.places.recognise(name),
      recall: async (name, former) => {
        if (former !== '') {
          await this.drafts.recall(former, name)
          await this.post.rename(former, name)
        }
        await Promise.all([this.#recall.marks(name, this.reading), this.drafts.recall(name, name), this.post.tend(name)])
      },
      forget: () => {
        this.places.forget()
        this.reading.forgetAll()
        this.drafts.forget()
        this.post.forget()
      },
      erase: (name) => this.#recall.forget(name),
      clear: async () => {
        await this.uploads.value?.clear()
        await world.shelf.clear()
      },
    })
    this.me = this.person.name
    this.#asks = new Asks((t, p) => session.publish(t, p), world.later)
    const pages = new Pages(this.#asks, (messages) => this.post.brought(messages, this.me.value), (c) => {
      this.reading.forget(c.key)
      this.reading.know(c.key, c.last.value)
    })
    this.post = new Post({
      publish: (t, p) => session.publish(t, p), online: () => session.online, now: world.now, fill: world.fill, shelf: world.shelf,
      newest: (to) => this.places.conversation(to).log.peek().at(-1)?.seq ?? 0,
      kept: (e) => { if (!e.about) this.places.conversation(e.to).arrived.value = { key: `${e.from}/${e.id}`, at: world.now() } },
    }, world.client)
    this.reading = new Reading((key, seq) => void session.publish((key.startsWith('room/') ? topics.read : topics.directRead)(key.slice(5)), JSON.stringify({ seq })).catch(() => {}), world.now, (key, seq) => world.tabs.say({ is: 'read', name: this.me.value, key, seq }))
    this.#recall = new Recall({ shelf: world.shelf, now: world.now })
    this.drafts = new Drafts({ ...world, tab: world.memory.tab, me: () => this.me.value })
    this.places = new Places({
      me: this.me, box: this.post.box, memory: world.memory, settings: world.settings.all, reading: this.reading, pages,
      recall: (c) => this.#recall.messages(this.me.value, c),
      online: () => session.online,
      enter: (room) => {
        const { code } = world.memory.invitation()
        return code === '' ? Promise.reject(new Error('no code')) : this.order('enter', { room, code })
      },
      subscribe: (filters) => session.subscribe(filters),
      unsubscribe: (filters) => session.unsubscribe(filters),
    })
    this.arrivals = new Arrivals({
      frame: world.frame, reading: this.reading, me: () => this.me.value, current: () => this.view.value.is === 'devices' ? null : this.places.current.value,
      arrived: (c, messages) => {
        this.post.brought(messages, this.me.value)
        if (c.asked) pages.mend(c)
        if ('user' in c.to) this.places.meet(c.to.user)
      },
    })
    this.activity = new Activity({
      now: world.now, typing: () => world.settings.all.value.typing,
      tellTyping: (room, say) => void session.publish(topics.typing(room), say, 0).catch(() => {}),
      tellAway: (away) => void session.publish(topics.away, away ? '1' : '0').catch(() => {}),
    })
    this.server = new Server(world.build)
    const shown = computed(() => lines.shown(this.line.value, this.#time.value, session.asked))
    this.string = computed(() => shown.value.string)
    this.strip = computed(() => shown.value.strip)
    this.leader = world.leader.is
    this.keeping = computed(() => this.#trouble.value ?? world.shelf.keeps)
    world.shelf.onTrouble((t) => { this.#trouble.value = t })
    world.tabs.answer(() => this.#client)
    world.tabs.on('read', ({ name, key, seq }) => { if (name === this.me.value) this.places.read(key, seq) })
  }

  // --- coming and going ---

  /**
   * Begins at a place, if one is wanted: a remembered person sees the room at once, everybody else is asked for a name. The promise is
   * kept when what the browser keeps has been taken up.
   */
  async open(place: Place | null): Promise<void> {
    const known = await this.person.begin()
    if (place || known) await this.places.go(place ?? this.places.place.value)
  }

  /** Shows a place. */
  go(p: Place): void {
    if (this.view.value.is !== 'talk') this.view.value = { is: 'talk' }
    this.activity.stop()
    void this.places.go(p)
  }

  /** Tries again at once. After the end: begins anew as another session, so that no other tab is thrown out. */
  tryNow(): void {
    const me = this.person.identity
    if (this.line.value.is !== 'ended') this.#session.tryNow()
    else if (me) {
      this.#client = randomWord(16, this.#world.fill)
      void this.post.moveTo(this.#client)
      this.#connect(me)
    }
  }

  #connect(me: Identity): void {
    const { door, code } = this.memory.invitation()
    const opens = Object.entries({ door, code }).filter(([, given]) => given !== '')
    const { places, arrivals, post, reading, server } = this
    const intake = this.#world.intake({ me: () => this.me.value, now: this.#world.now, places, arrivals, post, reading, server, asks: this.#asks })
    const wire = this.#session.begin((isMine) => this.#world.wire({
      clientId: this.#client, name: me.name, secret: me.secret, user: [['kind', /^wall-....$/.test(me.name) ? 'device' : 'person'], ['label', this.#world.label], ...opens],
      onState: (s, why) => isMine() && this.#onState(s, why),
      onReady: (info) => isMine() && this.person.letIn(info.name),
      onMessage: (m) => isMine() && intake.take(m),
    }))
    void wire.subscribe([filter.inbox, filter.server]).catch(() => {})
    this.places.listen(me.name)
    wire.start()
  }

  #onState(s: LineState, why?: Refused): void {
    if (s === 'ended') {
      if (why) this.person.refused(why)
      return
    }
    batch(() => {
      this.#time.value = this.#world.now()
      this.#session.moved(s, this.post.waiting(), why)
    })
    if (s !== 'online') return
    this.activity.again()
    this.post.flush(this.me.value)
    this.reading.again()
    this.places.online()
  }

  // --- what is asked of the server, and who runs rooms ---

  /** Asks the server something; see Asks. */
  ask(topic: string, body: object): ReturnType<Asks['ask']> {
    return this.#asks.ask(topic, body)
  }

  /** Orders something; rejects with the server's sentence when it says no. */
  async order(what: string, body: object = {}, topic = topics.admin): Promise<Record<string, unknown>> {
    const a = await this.#asks.ask(topic, { do: what, ...body })
    return a.type === 'said' ? a.said : {}
  }

  /** Whether I run a room. */
  runs(room: string): boolean {
    const a = this.places.find(`room/${room}`)?.about.value
    const me = this.me.value
    return a?.owner === me || a?.hosts.includes(me) === true || (this.server.host.value && !a?.hidden)
  }

  /** How often a code that I showed was used by another device. */
  get handed(): ReadonlySignal<number> {
    return this.#asks.handed
  }

  // --- what I do ---

  /** Sends text to the open conversation. */
  send(text: string): void {
    const c = this.places.current.value
    this.activity.stop()
    const { value: about } = c.editing
    if (about) {
      c.editing.value = null
      this.change(c, { kind: 'edit', ...about }, text)
      return
    }
    this.#tip()
    const files = c.tray.value // each is a message; the text and what it answers go with the first
    if (files.length === 0) this.post.write(c.to, text, this.me.value, { re: c.reply.value })
    else for (const [i, f] of files.entries()) f.sent(this.post.write(c.to, i === 0 ? text : '', this.me.value, { re: i === 0 ? c.reply.value : null, file: f.file }))
    c.tray.value = []
    c.reply.value = null
    this.reading.unpin(c)
    this.drafts.set(c.key, nothing)
    const mark = this.reading.marks.value.get(c.key) ?? Infinity
    const unseen = c.anchor !== Infinity && c.log.value.some((m) => m.seq > mark && m.from !== this.me.value)
    if (!unseen) void this.places.toEnd(c) // who writes wants to see what was written, but not past what is still to be read: a button leads there
  }

  /** Who has written something will want to come back: tells once, in a while, that the name can be kept. */
  #tip(): void {
    const due = () => !this.settings.all.peek().tipped && !this.person.identity?.chosen
    if (this.#tipping || !due()) return
    this.#tipping = true
    this.#world.later(tipAfter, () => {
      if (!due() || !this.#session.online) return
      this.settings.set({ tipped: true })
      this.errand.value ??= { is: 'tip', state: 'waits' }
    })
  }

  /** Takes a message that was not sent back into the field. */
  edit(id: string): void {
    const e = this.post.discard(id)
    if (!e) return
    this.places.conversation(e.to).reply.value = e.re ?? null
    this.taken.value = { key: keyOf(e.to), text: e.text }
  }

  /** Takes my last message of the open conversation into the field; tells whether there is one. One that was not sent goes first. */
  editLast(): boolean {
    const c = this.places.current.value
    const unsent = this.post.box.value.findLast((e) => e.from === this.me.value && !e.about && same(e.to, c.to) && (e.state === 'failed' || e.state === 'waiting'))
    const sent = c.log.value.findLast((m) => m.from === this.me.value && m.kind === 'text' && !m.deleted && m.text !== '')
    if (unsent) this.edit(unsent.id)
    else if (sent) this.rewrite(c, sent)
    return unsent !== undefined || sent !== undefined
  }

  /** Takes a message that was sent into the field: what is sent next becomes its text. */
  rewrite(c: Conversation, { seq, id, text }: Message): void {
    batch(() => {
      c.editing.value = { seq, id }
      this.taken.value = { key: c.key, text }
    })
  }

  /** Edits, deletes or reacts. It goes the way of messages: it waits for the line, and may fail. */
  change(c: Conversation, about: Change, text = ''): void {
    this.post.write(c.to, text, this.me.value, { about })
  }

  /** Reacts to a message with an emoji, or takes that back. */
  react(c: Conversation, m: Message, text: string): void {
    const undo = m.reactions?.some((r) => r.text === text && r.from.includes(this.me.value)) === true
    this.change(c, { kind: 'react', seq: m.seq, id: m.id, ...(undo && { undo }) }, text)
  }

  /** The ids of all messages that this browser keeps until they are sent, of all tabs and names. */
  async stored(): Promise<string[]> {
    return (await this.#world.shelf.all('outbox')).filter(isKept).map((r) => r.key)
  }

  again(id: string): void {
    this.post.again(id, this.me.value)
  }

  /** Sends a device a command, now or not at all: one that came hours later would do harm. */
  command(name: string, payload: string): Promise<Ack> {
    return this.#session.publishNow(topics.direct(name), payload)
  }

  /** Does something in a room that is worth nothing later: it pins, raises a hand, closes a poll. */
  act(room: string, what: object): Promise<Ack> {
    return this.#session.publishNow(topics.say(room), JSON.stringify(what))
  }

  // --- time and presence ---

  /** A second went by. */
  tick(): void {
    const now = this.#world.now()
    this.#time.value = now
    this.activity.tick()
    this.reading.tick(this.#session.online)
    this.post.flush(this.me.value)
    this.#world.leader.tick()
    this.#keep()
    this.places.trim()
    const { to } = this.places.current.value
    if ('user' in to) this.places.meet(to.user)
  }

  /** Some seconds went by: what is stored is kept up. */
  tend(): void {
    void this.post.tend(this.me.value)
  }

  /** The page goes, perhaps for good. */
  leave(): void {
    this.#world.leader.resign()
    this.memory.keepClientId(this.#client)
    this.#keep()
  }

  /** The page is back, as it was. */
  back(): void {
    this.memory.takeClientId()
    this.#world.leader.stand(this.me.value)
  }

  /** Whether something that was written would be lost with this tab. */
  wouldLose(): boolean {
    return this.keeping.value !== 'all' && this.keeping.value !== 'little' && this.post.waiting() > 0
  }

  #keep(): void {
    void this.#recall.keep(this.me.value, this.places.all(), this.reading)
  }

  /** The page is visible, or not; the window has the focus, or not. */
  setHere(visible: boolean, focused: boolean): void {
    this.reading.setHere(visible && focused)
    this.activity.setVisible(visible)
    if (visible) return
    this.reading.tick(this.#session.online)
    this.#keep() // a phone may end a hidden page without a word
  }
}

const tipAfter = 300_000 // milliseconds
