// One room, or what I write with one member: what is known of it, as signals.
import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { About, MemberPresence, Message } from '../mqtt/parse.ts'
import { Changes, changed, foldedUpTo, isChange } from './change.ts'
import type { Coming } from './comings.ts'
import type { Attachment } from './attachment.ts'
import type { Devices } from './devices.ts'
import { fold } from './fold.ts'
import { bySeq, insertAll, keepNear, type Log, place } from './log.ts'
import { everybody, spokenTo } from './mention.ts'
import * as outbox from './outbox.ts'
import type { Ref } from './reply.ts'
import type { Roster } from './roster.ts'
import { type Cut, notes, type Row, rows } from './rows.ts'
import type { Names } from './text.ts'
import { sign, type Typing } from './typing.ts'

/** Messages kept of one conversation. */
export const most = 2000

const mostPosted = 500 // since the board was told

const mostQuoted = 200 // messages that are answered and are not in the log

/** The roster of which nothing is known. */
export const nobody: Roster = { epoch: '', rev: -1, members: new Map(), count: 0, partial: false }

/** Where the view has to go: to a message, to the unread line, to the end. Each wish is a new object. */
export interface Wish {
  seq: number // Infinity: the end
  way: 'message' | 'cut' | 'end'
}

export class Conversation {
  readonly key: string
  readonly log = signal<Log>([])
  readonly last = signal(0) // seq of the newest message there is
  readonly start = signal<number | null>(null) // seq before which there is nothing; null: not known
  readonly came = signal<readonly Coming[]>([])
  readonly roster = signal(nobody)
  readonly typing = signal<Typing>(new Map())
  readonly devices = signal<Devices>(new Map())
  readonly presence = signal<MemberPresence | null>(null) // of the other end
  readonly cut = signal<Cut | null>(null)
  readonly mentions = signal<readonly number[]>([]) // seqs of unread messages that speak to me
  readonly busy = signal<ReadonlySet<string>>(new Set()) // what is being loaded: first, older, or a gap by its row's key
  readonly failed = signal<ReadonlySet<string>>(new Set()) // what could not be loaded
  readonly wish = signal<Wish | null>(null)
  readonly reply = signal<Ref | null>(null) // what the message in the field answers
  readonly quoted = signal<ReadonlyMap<number, Message | null>>(new Map()) // by seq, fetched to be quoted; null: it is not there
  readonly arrived = signal<{ key: string, at: number } | null>(null) // my newest message that was kept
  readonly barred = signal(0) // reason code with which the server does not let me in; 0: it does
  readonly tray = signal<readonly Attachment[]>([]) // files that go with the message in the field
  readonly about = signal<About | null>(null) // what the room is; null: nobody's, or not told yet
  readonly editing = signal<Ref | null>(null) // my message whose text is in the field
  readonly board = signal<unknown>(null) // as the server told it; what came later is in posted
  readonly posted = signal<Log>([]) // pins, hands and deletions that came, see board.ts
  readonly changing: ReadonlySignal<ReadonlyMap<number, readonly outbox.Entry[]>> // by seq: what is under way to become of a message
  readonly rows: ReadonlySignal<readonly Row[]>
  readonly devicesKnown: ReadonlySignal<ReadonlySet<string>> // names of devices: in the room, or with values left
  readonly names: ReadonlySignal<Names> // whom an @ may mean: who is here, who wrote, and I
  opened = 0 // the higher, the later
  asked = false // whether its messages were asked for, or taken from what the browser keeps
  kept = false // they are from what the browser keeps, and the server has not been asked whether they are still its own
  #changes = new Changes()
  anchor = Infinity // seq near which messages are kept in memory: where the view is

  constructor(readonly to: outbox.To, box: ReadonlySignal<outbox.Outbox>, me: ReadonlySignal<string>) {
    this.key = keyOf(to)
    const folds = new Map<string, string>() // a name is folded once
    this.names = computed(() => {
      const all = new Set([me.value, 'room' in to ? everybody : to.user, ...this.roster.value.members.keys(), ...this.log.value.map((m) => m.from)])
      for (const name of all) if (!folds.has(name)) folds.set(name, fold(name))
      return { me: fold(me.value), known: new Set([...all].map((name) => folds.get(name) ?? '')) }
    })
    let known: ReadonlySet<string> = new Set()
    this.devicesKnown = computed(() => {
      const now = new Set([...this.devices.value.keys(), ...[...this.roster.value.members.values()].filter((m) => m.kind === 'device').map((m) => m.name)])
      return known = now.size === known.size && [...now].every((n) => known.has(n)) ? known : now // the same set: nothing is drawn anew
    })
    this.changing = computed(() => {
      const out = new Map<number, outbox.Entry[]>()
      for (const e of outbox.of(box.value, to)) if (e.about && e.from === me.value) out.set(e.about.seq, [...out.get(e.about.seq) ?? [], e])
      return out
    })
    this.rows = computed(() => rows({
      log: this.log.value, last: this.last.value, start: this.start.value, notes: notes(this.came.value),
      mine: outbox.of(box.value, to).filter((e) => e.from === me.value && !e.about && !this.log.value.some((m) => m.id === e.id && m.from === e.from)), cut: this.cut.value, me: me.value,
    }))
  }

  /** Whether something may be on the board. */
  get stands(): boolean {
    const told = this.board.value as { pins?: unknown[], hands?: unknown[] } | null
    return Boolean(told?.pins?.length || told?.hands?.length || this.posted.value.length)
  }

  /** Whether a text that is written here speaks to me. */
  calls(text: string): boolean {
    if (!text.includes('@')) return false
    const { me, known } = this.names.peek()
    return spokenTo(text, known).some((f) => f === me || f === everybody)
  }

  /** Puts messages in their places. asOf: they are as history gives them, with all that was said about them up to this seq. */
  take(messages: readonly Message[], asOf = 0): void {
    if (messages.length === 0) return
    if (asOf > 0) foldedUpTo(messages, asOf)
    const touched = this.#changes.take(messages)
    const posted = messages.filter((m) => /^(pin|hand|delete)$/.test(m.kind))
    if (posted.length > 0) this.posted.value = insertAll(this.posted.value, posted).slice(-mostPosted)
    const log = keepNear(insertAll(this.log.value, messages), this.anchor, most)
    for (const m of messages) if (!isChange(m)) touched.add(m.seq)
    this.log.value = this.#folded(log, touched)
    if (log.length === most) this.#changes.keep((seq) => seq >= log[0].seq && seq <= log[most - 1].seq)
    const newest = messages.reduce((n, m) => Math.max(n, m.seq), 0)
    if (newest > this.last.value) this.last.value = newest
  }

  /** The log with what was said about some of its messages. */
  #folded(log: Log, touched: ReadonlySet<number>): Log {
    let out: Message[] | null = null
    for (const seq of touched) {
      const about = this.#changes.of(seq)
      if (about.length === 0) continue
      const i = place(log, seq) - 1
      if (log[i]?.seq !== seq) continue
      const is = changed(log[i], about)
      if (is !== log[i]) (out ??= [...log])[i] = is
    }
    return out ?? log
  }

  /** Lets go of all but the newest n messages. */
  keepNewest(n: number): void {
    this.anchor = Infinity
    this.log.value = this.log.value.slice(-n)
  }

  /** A message that is answered, if it is known; null when it is not there, undefined when it has to be fetched. */
  quote({ seq, id }: Ref): Message | null | undefined {
    const log = this.log.peek() // whatever comes to the log, what is shown of an answer stays
    const held = seq > 0 ? bySeq(log, seq) ?? this.quoted.value.get(seq) : log.findLast((m) => m.id === id) ?? null
    return held && held.id !== id ? null : held
  }

  /** A message came that is quoted, or it is known that it is not there. */
  takeQuoted(seq: number, m: Message | null): void {
    this.quoted.value = new Map([...[...this.quoted.value].slice(1 - mostQuoted), [seq, m]])
  }

  /** Takes the messages that the browser keeps from earlier. */
  remember(messages: readonly Message[], start: number | null): void {
    this.asked = this.kept = true
    if (this.start.value === null) this.start.value = start
    this.take(messages, messages.at(-1)?.seq)
  }

  /** What is held is of another log: the server was set up anew. */
  forget(): void {
    this.kept = false
    this.log.value = []
    this.#changes = new Changes()
    this.last.value = 0
    this.start.value = null
    this.cut.value = null
    this.mentions.value = []
    this.posted.value = []
  }

  /** Whoever sent these does not write any more. */
  wrote(messages: readonly Message[]): void {
    for (const m of messages) if (this.typing.value.has(m.from)) this.typing.value = sign(this.typing.value, m.from, false, 0)
  }

  setBusy(what: string, on: boolean): void {
    this.busy.value = toggled(this.busy.value, what, on)
    if (on) this.failed.value = toggled(this.failed.value, what, false)
  }

  setFailed(what: string): void {
    this.failed.value = toggled(this.failed.value, what, true)
  }
}

/** The key of a conversation: room/lobby, user/ada. */
export function keyOf(to: outbox.To): string {
  return 'room' in to ? `room/${to.room}` : `user/${to.user}`
}

function toggled(set: ReadonlySet<string>, what: string, on: boolean): ReadonlySet<string> {
  if (set.has(what) === on) return set
  const out = new Set(set)
  if (on) out.add(what)
  else out.delete(what)
  return out
}
