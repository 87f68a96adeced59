// What the tabs of one browser tell each other. It goes over a channel of the browser, never over the network.

/** A way to the other tabs: what is posted comes to all of them and not back. */
export interface Channel {
  post(v: unknown): void
  hear(f: (v: unknown) => void): void
}

/** What a tab says. Whatever is about a person bears the name: other tabs may be somebody else. */
export type Said =
  | { is: 'who', client: string } // is another tab using this client id?
  | { is: 'me', client: string } // yes, I do
  | { is: 'draft', name: string, key: string, draft: unknown }
  | { is: 'read', name: string, key: string, seq: number }
  | { is: 'out', name: string } // signed out: the browser forgets who that was

type Heard<K extends Said['is']> = Extract<Said, { is: K }>

const answerWithin = 200 // milliseconds; tabs answer in a few, on a busy machine in more

export class Tabs {
  readonly #channel: Channel
  readonly #later: (ms: number, f: () => void) => () => void
  readonly #ears = new Map<Said['is'], Set<(s: never) => void>>()

  constructor(channel: Channel, later: (ms: number, f: () => void) => () => void) {
    this.#channel = channel
    this.#later = later
    channel.hear((v) => {
      const s = parse(v)
      if (s) this.#ears.get(s.is)?.forEach((f) => f(s as never))
    })
  }

  say(s: Said): void {
    this.#channel.post(s)
  }

  /** Calls f with what other tabs say of this kind. */
  on<K extends Said['is']>(is: K, f: (s: Heard<K>) => void): void {
    const ears = this.#ears.get(is) ?? new Set()
    ears.add(f as (s: never) => void)
    this.#ears.set(is, ears)
  }

  /** Whether another tab has this client id: a tab that is copied copies its sessionStorage, and two with one id evict each other for ever. */
  taken(client: string): Promise<boolean> {
    return new Promise((done) => {
      const end = this.#later(answerWithin, () => done(false))
      this.on('me', (s) => {
        if (s.client !== client) return
        end()
        done(true)
      })
      this.say({ is: 'who', client })
    })
  }

  /** Answers for the client id that this tab has. */
  answer(client: () => string): void {
    this.on('who', (s) => { if (s.client === client()) this.say({ is: 'me', client: s.client }) })
  }
}

/** Reads what another tab, perhaps of another build, has said. */
function parse(v: unknown): Said | null {
  const o = v as Record<string, unknown> | null
  const has = (...keys: string[]) => keys.every((k) => typeof o?.[k] === 'string')
  switch (o?.is) {
    case 'who': case 'me': return has('client') ? o as Said : null
    case 'draft': return has('name', 'key') ? o as Said : null
    case 'read': return has('name', 'key') && Number.isSafeInteger(o.seq) ? o as Said : null
    case 'out': return has('name') ? o as Said : null
  }
  return null
}
