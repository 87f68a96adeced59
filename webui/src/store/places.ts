// Where I can be: the rooms, the members I write with, what is open and where to begin reading it.
import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import type { RoomInfo } from '../mqtt/parse.ts'
import { filter } from '../mqtt/topics.ts'
import { Conversation, keyOf } from './conversation.ts'
import { bySeq } from './log.ts'
import type { Mate, Memory } from './memory.ts'
import { muted } from './notice.ts'
import { of, type Outbox, type To } from './outbox.ts'
import { page, type Pages } from './pages.ts'
import type { Reading } from './reading.ts'
import { kept } from './recall.ts'
import * as rooms from './rooms.ts'
import type { Place } from './route.ts'
import type { Settings } from './settings.ts'
import { shownKind } from './rows.ts'

/** Messages kept of all conversations. */
export const mostInAll = 6000

/** The reason code with which one is not let into a room. */
export const notForMe = 0x87

export interface PlacesNeeds {
  me: ReadonlySignal<string>
  box: ReadonlySignal<Outbox>
  memory: Memory
  reading: Reading
  pages: Pages
  settings: ReadonlySignal<Settings>
  /** Gives a conversation the messages that the browser keeps of it. */
  recall(c: Conversation): Promise<void>
  online(): boolean
  /** Enters a private room by the code of the invitation; rejects when that does not open it. */
  enter(room: string): Promise<unknown>
  subscribe(filters: string[]): Promise<number[]>
  unsubscribe(filters: string[]): void
}

export class Places {
  readonly items: ReadonlySignal<rooms.Item[]>
  #opened = 0
  #listed: readonly RoomInfo[] = []
  readonly #needs: PlacesNeeds
  readonly #rooms = signal<rooms.Rooms>({ open: new Map(), joined: [rooms.lobby] })
  readonly #hidden = signal<readonly RoomInfo[]>([])
  readonly #mates = signal<readonly Mate[]>([])
  readonly #place = signal<Place>({ at: 'room', room: rooms.lobby, seq: 0 })
  readonly #all = signal<ReadonlyMap<string, Conversation>>(new Map())
  readonly #current
  #found = false // whether the message that the address names was looked for

  constructor(needs: PlacesNeeds) {
    this.#needs = needs
    const joined = needs.memory.rooms()
    if (joined && joined.length > 0) this.#rooms.value = { ...this.#rooms.value, joined }
    this.#current = signal(this.conversation({ room: rooms.lobby }))
    this.items = computed(() => rooms.items(this.#rooms.value, needs.reading.marks.value, {
      last: (r) => Math.max(this.#rooms.value.open.get(r)?.last ?? 0, this.#all.value.get(`room/${r}`)?.last.value ?? 0),
      mentions: (r) => this.#all.value.get(`room/${r}`)?.mentions.value.length ?? 0,
      pinned: (r) => needs.settings.value.pinned.includes(r),
      muted: (r) => muted(needs.settings.value, r),
    }))
  }

  get rooms(): ReadonlySignal<rooms.Rooms> {
    return this.#rooms
  }

  /** The members I write with. */
  get mates(): ReadonlySignal<readonly Mate[]> {
    return this.#mates
  }

  get place(): ReadonlySignal<Place> {
    return this.#place
  }

  /** What is open. */
  get current(): ReadonlySignal<Conversation> {
    return this.#current
  }

  /** The conversation with a room or a member; it is made when first asked for. */
  conversation(to: To): Conversation {
    const key = keyOf(to)
    const known = this.#all.peek().get(key)
    if (known) return known
    const c = new Conversation(to, this.#needs.box, this.#needs.me)
    this.#all.value = new Map(this.#all.peek()).set(key, c)
    return c
  }

  /** A conversation by its key, if there is one yet. */
  find(key: string): Conversation | undefined {
    return this.#all.value.get(key)
  }

  /** All that there are. */
  all(): Iterable<Conversation> {
    return this.#all.peek().values()
  }

  /**
   * Shows a place: joins the room if that is not done, loads what is missing, and finds where to begin reading. The promise is kept when
   * what can be shown now is there.
   */
  go(p: Place): Promise<void> {
    const old = this.#current.peek()
    this.#found = false
    batch(() => {
      this.#place.value = p
      this.#current.value = this.conversation(whither(p))
      if (this.#current.value !== old) this.#left(old)
      this.#needs.reading.unpin(this.#current.value)
      if (p.at === 'room') this.join(p.room)
      else this.meet(p.user)
    })
    this.#current.value.opened = ++this.#opened
    return this.#settle(this.#current.value)
  }

  /** Leaves a room for good, or until it is opened again. */
  leave(room: string): void {
    this.#rooms.value = rooms.left(this.#rooms.value, room)
    this.#needs.memory.setRooms(this.#rooms.value.joined)
    this.#needs.unsubscribe([filter.room(room)])
    const key = `room/${room}`
    if (this.#current.value.key === key) void this.go({ at: 'room', room: this.#rooms.value.joined[0] ?? rooms.lobby, seq: 0 })
    const rest = new Map(this.#all.value)
    rest.delete(key)
    this.#all.value = rest
  }

  /** Asks a new session for all that I listen to. */
  listen(name: string): void {
    for (const room of this.#rooms.value.joined) this.subscribe(room)
    for (const m of this.#needs.memory.mates(name)) void this.#needs.subscribe([filter.member(m.name)]).catch(() => {})
  }

  /** Subscribes to a room; again for what is retained in it. */
  subscribe(room: string): void {
    const c = this.conversation({ room })
    const shut = c.barred.peek() !== 0
    const ask = async (enter: boolean): Promise<void> => {
      const [code] = await this.#needs.subscribe([filter.room(room)])
      if (code === notForMe && enter && await this.#needs.enter(room).then(() => true, () => false)) return ask(false)
      c.barred.value = code >= 0x80 ? code : 0
      if (!shut || code >= 0x80) return
      c.start.value = null // to who was not let in the history was an empty one
      c.asked = false
      if (c === this.#current.peek()) await this.#settle(c)
    }
    ask(true).catch(() => {})
  }

  /** Takes up with whom I wrote under this name. */
  recognise(name: string): void {
    this.#mates.value = this.#needs.memory.mates(name)
    for (const m of this.#mates.value) {
      this.#needs.reading.know(`user/${m.name}`, m.read)
      const c = this.conversation({ user: m.name })
      c.last.value = Math.max(c.last.value, m.last)
    }
  }

  /** Another session or tab of mine has read a conversation so far. */
  read(key: string, seq: number): void {
    this.#needs.reading.know(key, seq)
    const c = this.find(key)
    if (c) c.mentions.value = c.mentions.value.filter((s) => s > seq)
  }

  /** Forgets all that was said. */
  forget(): void {
    this.#all.value = new Map()
    this.#mates.value = []
    this.#current.value = this.conversation(whither(this.#place.value))
  }

  /** The line is there (again). */
  online(): void {
    const open = this.#current.value
    for (const c of this.#all.value.values()) if (c !== open && c.asked && !c.kept) this.#needs.pages.mend(c)
    void (open.asked ? this.#catchUp(open) : this.#settle(open))
  }

  /** The server told the open rooms. */
  told(infos: readonly RoomInfo[]): void {
    this.#listed = infos
    this.#news(infos)
  }

  /** The server told the private rooms that I am in. */
  hidden(infos: readonly RoomInfo[]): void {
    this.#hidden.value = infos
    this.#news(infos)
  }

  #news(infos: readonly RoomInfo[]): void {
    this.#rooms.value = rooms.told(this.#rooms.value, [...this.#listed, ...this.#hidden.value])
    for (const i of infos) {
      const c = this.#all.value.get(`room/${i.room}`)
      if (!c || i.last <= c.last.value) continue
      c.last.value = i.last
      if (c.asked) this.#needs.pages.mend(c)
    }
  }

  /** What a room is called. */
  called(room: string): string {
    return this.worded(room) || room
  }

  /** Words for a private room, whose name is made of letters alone. They come with ruling.ts, as what is private does. */
  worded = (_room: string): string => ''

  /** Whether a room is private. */
  isHidden(room: string): boolean {
    return this.#hidden.value.some((i) => i.room === room)
  }

  /** Puts a member among those I write with, or keeps how far that has come. */
  meet(user: string): void {
    const { memory, me, reading } = this.#needs
    const c = this.conversation({ user })
    const mate: Mate = { name: user, read: reading.marks.value.get(c.key) ?? c.last.value, last: c.last.value }
    const old = this.#mates.value.find((m) => m.name === user)
    if (!old) void this.#needs.subscribe([filter.member(user)]).catch(() => {})
    else if (old.read === mate.read && old.last === mate.last) return
    this.#mates.value = [...this.#mates.value.filter((m) => m.name !== user), mate].sort((a, b) => a.name.localeCompare(b.name))
    if (me.value !== '') memory.setMates(me.value, this.#mates.value)
  }

  /** The page before the oldest message held. */
  older(c: Conversation): void {
    if (this.#needs.online()) void this.#needs.pages.older(c)
  }

  /** A part of a gap, from the side the reader comes from. */
  fill(c: Conversation, after: number, before: number, from: 'above' | 'below'): void {
    if (this.#needs.online()) void this.#needs.pages.gap(c, { after, before }, from)
  }

  /** Shows a message of the open conversation. */
  async show(c: Conversation, seq: number): Promise<void> {
    if (bySeq(c.log.value, seq) || (this.#needs.online() && (await this.#needs.pages.around(c, seq)))) c.wish.value = { way: 'message', seq }
  }

  /** Shows the unread line, fetching what stands around it if it was let go. */
  async toCut(c: Conversation): Promise<void> {
    const cut = c.cut.value
    if (!cut) return
    if (!bySeq(c.log.value, cut.after + 1) && this.#needs.online()) await this.#needs.pages.around(c, cut.after + 1)
    c.wish.value = { way: 'cut', seq: cut.after }
  }

  /** Lets go of messages when too many are held: in what was open longest ago, all but the newest. */
  trim(): void {
    let held = 0
    for (const c of this.#all.value.values()) held += c.log.value.length
    if (held <= mostInAll) return
    const all = [...this.#all.value.values()].filter((c) => c !== this.#current.value).sort((a, b) => a.opened - b.opened)
    for (const n of [kept, page]) { // a page of each only when there are very many
      for (const c of all) {
        if (held <= mostInAll) return
        held -= c.log.value.length
        c.keepNewest(n)
        held += c.log.value.length
      }
    }
  }

  /** Fetches a message that is quoted. */
  quote(c: Conversation, seq: number): void {
    if (this.#needs.online()) this.#needs.pages.quoted(c, seq)
  }

  /** Goes to the newest message, fetching it if there is a gap before it. */
  async toEnd(c: Conversation): Promise<void> {
    if ((c.log.value.at(-1)?.seq ?? 0) < c.last.value) await this.#needs.pages.first(c)
    c.wish.value = { way: 'end', seq: Infinity }
  }

  /** Finds where to begin reading: at the message that the address names, at the unread line, at the end. */
  async #settle(c: Conversation): Promise<void> {
    const { pages, reading, recall } = this.#needs
    if (!c.asked) await recall(c)
    if (!c.asked && !(this.#needs.online() && (await pages.first(c)))) return
    if (c !== this.#current.value) return
    const p = this.#place.value
    const mark = reading.marks.value.get(c.key)
    if (mark === undefined) reading.know(c.key, c.last.value)
    const waiting = mark !== undefined && mark < c.last.value && !c.cut.value
    if (waiting) c.cut.value = { after: mark, until: c.last.value }
    if (p.at === 'room' && p.seq > 0) await this.#find(c, p.seq)
    else if (waiting) {
      if ((c.log.value[0]?.seq ?? 0) > mark + 1 && this.#needs.online()) await pages.around(c, mark + 1)
      c.wish.value = { way: 'cut', seq: mark }
    } else c.wish.value = { way: 'end', seq: Infinity }
    if (!this.#needs.online()) return
    if (c.kept) await this.#catchUp(c)
    else pages.mend(c)
  }

  /** Goes to the message that the address names; without the line, if it is held. */
  async #find(c: Conversation, seq: number): Promise<void> {
    if (bySeq(c.log.value, seq)) this.#found = true
    else if (this.#needs.online()) this.#found = await this.#needs.pages.around(c, seq)
    c.wish.value = this.#found ? { way: 'message', seq } : { way: 'end', seq: Infinity }
  }

  /** After the line came back: the unread line stands above what was missed, and who was at the end begins to read there. */
  async #catchUp(c: Conversation): Promise<void> {
    const before = c.last.value
    const atEnd = c.anchor === Infinity
    if (!(await this.#needs.pages.caughtUp(c)) || c !== this.#current.value) return
    const p = this.#place.value
    if (p.at === 'room' && p.seq > 0 && !this.#found) return this.#find(c, p.seq)
    const after = Math.max(before, this.#needs.reading.marks.value.get(c.key) ?? 0) // another tab or device may have shown them
    if (c.cut.value || c.last.value < after) return
    if (!c.log.value.some((m) => m.seq > after && m.from !== this.#needs.me.value && shownKind(m))) return
    c.cut.value = { after, until: c.last.value }
    if (atEnd) c.wish.value = { way: 'cut', seq: after }
  }

  /** Is in a room from now on; one that did not let me in is asked again. */
  join(room: string): void {
    if (this.#rooms.value.joined.includes(room)) {
      if (this.find(`room/${room}`)?.barred.peek()) this.subscribe(room)
      return
    }
    this.#rooms.value = rooms.joined(this.#rooms.value, room)
    this.#needs.memory.setRooms(this.#rooms.value.joined)
    this.subscribe(room)
  }

  /** What was open is not any more: its unread line goes, and a member to whom nothing was said is none I write with. */
  #left(c: Conversation): void {
    c.cut.value = null
    const { to } = c
    if (!('user' in to) || c.last.value > 0 || of(this.#needs.box.value, to).length > 0) return
    this.#mates.value = this.#mates.value.filter((m) => m.name !== to.user)
    this.#needs.memory.setMates(this.#needs.me.value, this.#mates.value)
    this.#needs.unsubscribe([filter.member(to.user)])
  }
}

function whither(p: Place): To {
  return p.at === 'room' ? { room: p.room } : { user: p.user }
}
