// Brings the files of messages to the server: each message waits in the outbox until its file is there, and then goes its way. What a
// page has of a file is kept beside the outbox, so that the next page goes on.
import { effect, type ReadonlySignal, signal } from '@preact/signals'
import { type FileBox, printOf } from './filebox.ts'
import type { Attached, Entry, Outbox } from './outbox.ts'
import { forget, Refusal, type Send, Unreadable, upload } from './tus.ts'

/** How far the file of a message is. choose: the page has it no more, and somebody has to choose it again. */
export interface Progress {
  is: 'waits' | 'goes' | 'choose'
  came: number // bytes
  left: number // milliseconds, about; 0: not known
  other: boolean // what was chosen was another file
}

export interface UploadsNeeds {
  box: ReadonlySignal<Outbox>
  me: ReadonlySignal<string>
  online: ReadonlySignal<boolean>
  files: FileBox
  send: Send
  credentials(): string // name:secret
  now(): number
  later(ms: number, f: () => void): () => void
  attached(id: string, more: Partial<Attached>): void
  /** The ids of all messages that are not sent yet, of all tabs. */
  stored(): Promise<readonly string[]>
  /** The file is not taken. */
  failed(id: string, why: Failure): void
}

/** Why a file does not go up: refused by the server, with its status; or stopped by the person. */
export type Failure = { is: 'refused', status: number, text: string, most: number, user?: Record<string, string> } | { is: 'stopped' }

/** A file and what is shown instead of it, as this page holds them. */
export interface Held {
  file: Blob
  small: Blob | null
}

const atOnce = 2 // uploads
const settled = 3000 // milliseconds after which the outbox is as it is on the disk
const steady = 3000 // milliseconds over which the pace is measured

export class Uploads {
  readonly #needs: UploadsNeeds
  readonly #progress = signal<ReadonlyMap<string, Progress>>(new Map())
  readonly #held = new Map<string, Promise<Held>>()
  readonly #pictures = new Map<string, string>() // addresses of what was sent here
  readonly #running = new Map<string, AbortController>()
  readonly #known = new Map<string, Attached>() // files of messages that were in the outbox
  #wake: (() => void)[] = []

  constructor(needs: UploadsNeeds) {
    this.#needs = needs
    effect(() => {
      const online = needs.online.value
      this.#look(needs.box.value, needs.me.value, online)
    })
    effect(() => {
      if (!needs.online.value) return
      for (const go of this.#wake.splice(0)) go()
    })
  }

  /** By the id of the message. */
  get progress(): ReadonlySignal<ReadonlyMap<string, Progress>> {
    return this.#progress
  }

  /** The file of a message that was just written, when it is ready. picture: its address in this browser, empty for none. */
  take(e: Entry, ready: Promise<Held>, picture: string): void {
    this.#held.set(e.id, ready)
    if (picture !== '') this.#pictures.set(e.id, picture)
    void ready.then(async (held) => {
      const kept = await this.#needs.files.put(e.id, held, this.#needs.now())
      if (!this.#needs.box.peek().some((o) => o.id === e.id)) await this.#needs.files.drop([e.id]) // it was quick
      else if (!kept) this.#needs.attached(e.id, { print: await printOf(held.file) }) // it can be known again when it is chosen again
    }).catch(() => {})
    this.#look(this.#needs.box.peek(), this.#needs.me.peek(), this.#needs.online.peek())
  }

  /** The address of the picture that a message of this page brought; empty: there is none. */
  picture(id: string): string {
    return this.#pictures.get(id) ?? ''
  }

  /** Somebody does not want to wait any longer. */
  stop(id: string): void {
    this.#running.get(id)?.abort()
    this.#needs.failed(id, { is: 'stopped' })
  }

  /** The file of a message was chosen again. */
  async chosen(e: Entry, file: Blob): Promise<void> {
    const f = e.file
    if (!f) return
    if (file.size !== f.size || (f.print !== '' && (await printOf(file).catch(() => '')) !== f.print)) {
      this.#tell(e.id, { is: 'choose', came: 0, left: 0, other: true })
      return
    }
    this.#tell(e.id, null)
    this.take(e, Promise.resolve({ file, small: null }), '')
  }

  /** Begins what can begin, ends what is not wanted any more. */
  #look(box: Outbox, me: string, online: boolean): void {
    const all = new Map(box.filter((e) => e.file).map((e) => [e.id, e]))
    for (const [id, f] of this.#known) {
      if (all.has(id)) continue
      this.#known.delete(id)
      this.#running.get(id)?.abort()
      this.#held.delete(id)
      this.#tell(id, null)
      if (me !== '') this.#needs.later(settled, () => void this.#gone(id, f))
    }
    const mine = new Map([...all].filter(([, e]) => e.from === me))
    for (const e of mine.values()) {
      const f = e.file as Attached
      this.#known.set(e.id, f)
      const wanted = f.upload === '' && e.state === 'waiting'
      if (!wanted) {
        if (e.state === 'failed') this.#running.get(e.id)?.abort()
        continue
      }
      if (online && !this.#running.has(e.id) && this.#running.size < atOnce && this.#progress.peek().get(e.id)?.is !== 'choose') void this.#run(e, f)
    }
  }

  /** A message is not in the outbox any more: it was sent, or thrown away, unless another tab has it now. */
  async #gone(id: string, f: Attached): Promise<void> {
    if ((await this.#needs.stored()).includes(id)) return
    await this.#needs.files.drop([id])
    if (f.upload === '' && f.at !== '') await forget(f.at, this.#needs.send, this.#authorization())
  }

  /** Forgets all files. */
  async clear(): Promise<void> {
    await this.#needs.files.drop((await this.#needs.files.all()).map(([id]) => id))
  }

  async #run(e: Entry, f: Attached): Promise<void> {
    const needs = this.#needs
    const stop = new AbortController()
    this.#running.set(e.id, stop)
    this.#tell(e.id, { is: 'waits', came: 0, left: 0, other: false })
    try {
      await null // whoever wrote the message gives its file in a moment
      const held = (await this.#held.get(e.id)) ?? (await needs.files.get(e.id))
      if (!held) {
        this.#tell(e.id, { is: 'choose', came: 0, left: 0, other: false })
        return
      }
      this.#held.set(e.id, Promise.resolve(held))
      const { name, type, size, at } = needs.box.peek().find((o) => o.id === e.id)?.file ?? f // it may have become smaller
      const job = { send: needs.send, authorization: () => this.#authorization(), wait: (ms: number) => this.#wait(ms, stop.signal), now: needs.now, signal: stop.signal }
      let preview = f.preview
      if (held.small && preview === '') {
        preview = (await upload({ ...job, file: held.small, name: name.replace(/(\.\w{1,5})?$/, '-small$1'), type: held.small.type, at: '', placed: () => {}, came: () => {} })).id
        needs.attached(e.id, { preview })
      }
      const pace = new Pace(size, needs.now)
      const whole = await upload({
        ...job, file: held.file, name, type, at,
        placed: (at) => needs.attached(e.id, { at }),
        came: (came) => this.#tell(e.id, { is: 'goes', came, left: pace.left(came), other: false }),
      })
      needs.attached(e.id, { upload: whole.id, preview })
    } catch (err) {
      if (stop.signal.aborted) return
      if (err instanceof Refusal) needs.failed(e.id, { is: 'refused', status: err.status, text: err.message, most: err.most, user: err.user })
      else if (err instanceof Unreadable) {
        this.#held.delete(e.id)
        await needs.files.drop([e.id])
        this.#tell(e.id, { is: 'choose', came: 0, left: 0, other: false })
      } else needs.failed(e.id, { is: 'refused', status: 0, text: err instanceof Error ? err.message : String(err), most: 0 })
    } finally {
      this.#running.delete(e.id)
      if (this.#progress.peek().get(e.id)?.is !== 'choose') this.#tell(e.id, null)
      this.#look(needs.box.peek(), needs.me.peek(), needs.online.peek())
    }
  }

  #authorization(): string {
    return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(this.#needs.credentials())))}`
  }

  /** Waits, at most until the line is there again. */
  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((go) => {
      const cancel = this.#needs.later(ms, go)
      const at = () => {
        cancel()
        go()
      }
      this.#wake.push(at)
      signal.addEventListener('abort', at, { once: true })
    })
  }

  #tell(id: string, p: Progress | null): void {
    const old = this.#progress.peek().get(id)
    if (!p && !old) return
    const all = new Map(this.#progress.peek())
    if (p) all.set(id, p)
    else all.delete(id)
    this.#progress.value = all
  }
}

/** How long the rest will take, by what came in the last seconds. */
class Pace {
  readonly #points: { at: number, came: number }[] = []

  constructor(readonly size: number, readonly now: () => number) {}

  left(came: number): number {
    const at = this.now()
    const points = this.#points
    if (points.length > 0 && came < points[points.length - 1].came) points.length = 0 // it went back
    points.push({ at, came })
    while (points.length > 2 && at - points[1].at > steady) points.shift()
    const per = (came - points[0].came) / (at - points[0].at) // bytes a millisecond
    return per > 0 && at - points[0].at > 500 ? (this.size - came) / per : 0
  }
}
