// Questions to the server and their answers, which come to the inbox with the request that was given along.
import { signal } from '@preact/signals'
import type { Ack } from '../mqtt/client.ts'
import type { Inbox } from '../mqtt/parse.ts'

type Answer = Exclude<Inbox, { type: 'message' | 'marks' | 'error' | 'told' | 'device' }>

/** The server said no to a question, or nothing came. */
export class Unanswered extends Error {
  override name = 'Unanswered'

  /** text: the server's sentence; code: its reason code, 0 when there was no answer; user: its word and what the sentence speaks of. */
  constructor(text = '', readonly code = 0, readonly user: Record<string, string> = {}) {
    super(text)
  }
}

/** How long an answer may take. */
export const patience = 10_000

/** Sends questions and hands each answer to whoever asked. */
export class Asks {
  #open = new Map<string, { ok: (a: Answer) => void, no: (e: Error) => void, cancel: () => void }>()
  #count = 0
  readonly handed = signal(0) // how often a code for another device of mine was used

  readonly #publish: (topic: string, payload: string) => Promise<Ack>
  readonly #later: (ms: number, f: () => void) => () => void

  constructor(publish: (topic: string, payload: string) => Promise<Ack>, later: (ms: number, f: () => void) => () => void) {
    this.#publish = publish
    this.#later = later
  }

  /** Asks; rejects with Unanswered when the server refuses, the line is lost or nothing comes within ten seconds. */
  ask(topic: string, body: object): Promise<Answer> {
    const request = `r${++this.#count}`
    return new Promise((ok, no) => {
      const cancel = this.#later(patience, () => this.#end(request, new Unanswered()))
      this.#open.set(request, { ok, no, cancel })
      this.#publish(topic, JSON.stringify({ ...body, request })).then(
        (ack) => {
          if (ack.code >= 0x80) this.#end(request, new Unanswered(ack.text, ack.code, ack.user))
        },
        () => this.#end(request, new Unanswered()),
      )
    })
  }

  /** Takes what came to the inbox; tells whether it was an answer to an open question. */
  take(i: Inbox): boolean {
    if (i.type === 'device') this.handed.value++
    const request = 'request' in i ? i.request : undefined
    if (request === undefined) return false
    const q = this.#open.get(request)
    if (!q) return false
    if (i.type === 'error') this.#end(request, new Unanswered(i.text, 0, i.user))
    else if (i.type !== 'message' && i.type !== 'marks' && i.type !== 'told' && i.type !== 'device') {
      this.#open.delete(request)
      q.cancel()
      q.ok(i)
    }
    return true
  }

  #end(request: string, e: Error): void {
    const q = this.#open.get(request)
    if (!q) return
    this.#open.delete(request)
    q.cancel()
    q.no(e)
  }
}
