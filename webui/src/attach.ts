// Files that are added to what somebody writes: looked at, made smaller, kept over a reload, and given to the uploads with the message.
import { batch, computed, signal } from '@preact/signals'
import { number, t } from './i18n/format.ts'
import { size } from './i18n/size.ts'
import { indexedDBFactory, later, storage } from './platform.ts'
import { send } from './sender.ts'
import { pictures } from './shrink.ts'
import type { Attachment } from './store/attachment.ts'
import type { Chat } from './store/chat.ts'
import type { Conversation } from './store/conversation.ts'
import { type FileBox, fileBox } from './store/filebox.ts'
import { uuid7 } from './store/ids.ts'
import { type Attached, type Entry, noFile } from './store/outbox.ts'
import { type Failure, type Held, Uploads } from './store/uploads.ts'
import { tells, without } from './store/whereabouts.ts'
import { known, told } from './view/refusal.ts'

const mostInTray = 20
const draftFor = 7 * 24 * 3600_000 // milliseconds that what was not sent is kept
const young = 60_000 // milliseconds: another tab may just be writing the message of a file
const kept = 'tincan.tray' // in the memory of the tab: what stands in which tray

/** What the page uploads with; it is made once. */
export class Attaching {
  readonly uploads: Uploads
  readonly #chat: Chat
  readonly #files: FileBox = fileBox(indexedDBFactory())
  readonly #tab = storage('sessionStorage')

  constructor(chat: Chat) {
    this.#chat = chat
    this.uploads = new Uploads({
      box: chat.post.box, me: chat.me, online: computed(() => chat.line.value.is === 'online'), files: this.#files, send, now: Date.now, later,
      credentials: () => chat.person.credentials, stored: () => chat.stored(),
      attached: (id, more) => chat.post.attached(id, more, chat.me.peek()),
      failed: (id, why) => chat.post.refused(id, words(why, chat.post.box.peek().find((e) => e.id === id)?.file)),
    })
    chat.uploads.value = this.uploads
    void this.#restore().then(() => this.#prune())
  }

  /** Adds files to what is written in a conversation. */
  add(c: Conversation, files: readonly File[]): void {
    const room = Math.max(0, mostInTray - c.tray.peek().length)
    const all = files.slice(0, room).map((f) => this.#added(uuid7(Date.now(), (b) => void crypto.getRandomValues(b)), f))
    if (all.length === 0) return
    c.tray.value = [...c.tray.peek(), ...all]
    for (const a of all) void this.#files.put(`tray ${a.id}`, { file: a.given, small: null }, Date.now())
    this.#note()
  }

  remove(c: Conversation, a: Attachment): void {
    c.tray.value = c.tray.peek().filter((x) => x !== a)
    ;(a as Added).forget()
    this.#gone(a.id)
  }

  #added(id: string, file: File): Added {
    return new Added(id, file, (a, e) => {
      this.uploads.take(e, a.held().then((held) => {
        this.#chat.post.attached(e.id, a.file, this.#chat.me.peek())
        return held
      }), a.picture.peek())
      this.#gone(id)
    })
  }

  #gone(id: string): void {
    void this.#files.drop([`tray ${id}`])
    queueMicrotask(() => this.#note()) // when the tray is what it will be
  }

  /** Notes what stands in the trays of this tab. */
  #note(): void {
    const all = [...this.#chat.places.all()].flatMap((c) => c.tray.peek().map((a) => [JSON.stringify(c.to), a.id]))
    try {
      if (all.length === 0) this.#tab.removeItem(kept)
      else this.#tab.setItem(kept, JSON.stringify(all))
    } catch {
      // Full: then they are not there after a reload.
    }
  }

  /** What stood in the trays before a reload. */
  async #restore(): Promise<void> {
    let all: [string, string][] = []
    try {
      all = JSON.parse(this.#tab.getItem(kept) ?? '[]')
    } catch {
      return
    }
    for (const [to, id] of Array.isArray(all) ? all : []) {
      const held = await this.#files.get(`tray ${id}`)
      if (!(held?.file instanceof File)) continue
      const c = this.#chat.places.conversation(JSON.parse(to))
      if (!c.tray.peek().some((a) => a.id === id)) c.tray.value = [...c.tray.peek(), this.#added(id, held.file)]
    }
  }

  /** Forgets files whose message is gone, in this tab and in all others. */
  async #prune(): Promise<void> {
    const files = await this.#files.all()
    const wanted = new Set([...this.#chat.post.box.peek().map((e) => e.id), ...(await this.#chat.stored())])
    const old = files.filter(([id, at]) => Date.now() - at > (id.startsWith('tray ') ? draftFor : young) && !wanted.has(id))
    if (old.length > 0) await this.#files.drop(old.map(([id]) => id))
  }
}

/** A file in a tray. */
export class Added implements Attachment {
  readonly picture = signal('')
  readonly smaller = signal(0)
  readonly original = signal(false)
  readonly placed = signal(false) // whether the file tells where it was taken
  readonly bare = signal<File | null>(null) // to be sent instead of the file: it does not tell that
  #bared: Promise<File | null> | null = null // on its way to be that
  readonly #made: ReturnType<typeof pictures>
  readonly #known = signal<Awaited<ReturnType<typeof pictures>>>(null)

  constructor(readonly id: string, readonly given: File, readonly go: (a: Added, e: Entry) => void) {
    this.#made = pictures(given).catch(() => null)
    void this.#made.then((p) => p && batch(() => {
      this.#known.value = p
      this.picture.value = URL.createObjectURL(p.small ?? p.smaller ?? given)
      this.smaller.value = p.smaller?.size ?? 0
    }))
    void tells(given).then((placed) => { this.placed.value = placed }, () => {}) // a browser that shows none of it tells it, too
  }

  get file(): Attached {
    const { original } = this
    const given = this.bare.value ?? this.given
    const p = this.#known.value
    const made = original.value ? null : p?.smaller
    const end = { 'image/webp': '.webp', 'image/jpeg': '.jpg', 'image/png': '.png' }[made?.type ?? '']
    return {
      ...noFile, name: made ? given.name.replace(/(\.\w{1,5})?$/, end ?? '$1') : given.name, type: (made ?? given).type, size: (made ?? given).size,
      width: p?.width ?? 0, height: p?.height ?? 0,
    }
  }

  async held(): Promise<Held> {
    const [p, bare] = await Promise.all([this.#made, this.#bared])
    return { file: (!this.original.peek() && p?.smaller) || (bare ?? this.given), small: p?.small ?? null }
  }

  sent(e: Entry): void {
    this.go(this, e)
  }

  /** Leaves out where the picture was taken, or not; tells whether it is left out. */
  async leaveOut(yes: boolean): Promise<boolean> {
    const { given } = this
    const made = yes ? without(given).then((all) => all && new File(all, given.name, { type: given.type, lastModified: given.lastModified }), () => null) : null
    this.#bared = made
    const file = await made
    if (this.#bared === made) this.bare.value = file
    return this.bare.peek() !== null
  }

  forget(): void {
    if (this.picture.peek() !== '') URL.revokeObjectURL(this.picture.peek())
  }
}

let one: { chat: Chat, attaching: Attaching } | null = null

/** That of a chat. */
export function attaching(chat: Chat): Attaching {
  if (one?.chat !== chat) one = { chat, attaching: new Attaching(chat) }
  return one.attaching
}

/** Why a file was not sent, for the person. */
function words(why: Failure, file: Attached | undefined): string {
  if (why.is === 'stopped') return t('file.stopped')
  if (known(why)) return told(why)
  switch (why.status) {
    case 401: case 403: return t('file.notYou')
    case 413: return why.most > 0 ? t('file.tooBig', { size: size(file?.size ?? 0), max: size(why.most) }) : t('file.tooBigPlain')
    case 415: return t('file.notAllowed')
    case 507: return t('file.noSpace')
    case 404: case 405: return t('file.noFiles')
    default: return why.text !== '' ? told(why) : t('file.odd', { status: number(why.status) })
  }
}

