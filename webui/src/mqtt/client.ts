/** The page's line to the server: one connection after the other, with the same filters, until it is told to stop. */
import { type Ack, type Clock, Connection, LineLost, type PublishOptions, type Refused, Unsendable } from './connection.ts'
import { type Connect, type Packet, type Publish, Unencodable, encodeConnect, encodeSubscribe } from './codec.ts'

export { type Ack, type Clock, LineLost, type PublishOptions, type Refused, Unsendable } from './connection.ts'

/** `offline` waits for the next try; `ended` does not come back by itself. */
export type LineState = 'connecting' | 'online' | 'offline' | 'ended'

/** A message that came in. */
export interface Incoming {
  topic: string
  payload: Uint8Array
  retain: boolean
  contentType?: string
  correlation?: Uint8Array
  user: [string, string][]
}

export interface ClientOptions {
  /** A ws: or wss: address. */
  url: string
  clientId: string
  /** The MQTT user name; without one the server makes a guest. */
  name?: string
  /** The MQTT password. */
  secret?: string
  /** Seconds; 60 unless told. The server may impose another. */
  keepalive?: number
  /** User properties of CONNECT: kind, label. */
  user?: [string, string][]
  /** Called at each change; why is there when the server gave a reason. */
  onState(s: LineState, why?: Refused): void
  /** After CONNACK and the SUBACK of every kept filter; before the state becomes online and before the first message. */
  onReady(info: Ready): void
  onMessage(m: Incoming): void
  socket?: (url: string) => WebSocket
  clock?: Clock
  /** 0 ≤ random() < 1, for the jitter. */
  random?: () => number
  /** Calls f whenever the page wakes: the network is back, the tab is visible. The answer ends that. */
  wakes?: (f: () => void) => () => void
}

export interface Ready {
  /** Who we are, as the server says it. */
  name: string
  sessionPresent: boolean
  /** The user properties of CONNACK. */
  user: Record<string, string>
  /** Kept filters that the server has just refused, though it granted them before; they stay kept. */
  refused: string[]
}

/** Somebody who waits for the reason codes of filters. */
interface Ask {
  filters: string[]
  codes: Map<string, number> // that have come
  resolve(codes: number[]): void
  reject(e: Error): void
}

const connectPatience = 10_000 // ms for CONNACK, and again for the SUBACKs after it
const wakePatience = 4_000 // ms that a line may be silent when the page wakes, and that an attempt may then have taken
const firstWait = 500 // ms
const longestWait = 15_000 // ms
const steady = 10_000 // ms online after which the waits start over
const filtersAPacket = 100

const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, f) {
    const t = setTimeout(f, ms)
    return () => clearTimeout(t)
  },
}

/** Tells when the browser is online again or the tab becomes visible. Timers of hidden tabs are throttled, so both must be asked. */
function pageWakes(f: () => void): () => void {
  const visible = () => document.visibilityState === 'visible' && f()
  addEventListener('online', f)
  document.addEventListener('visibilitychange', visible)
  return () => {
    removeEventListener('online', f)
    document.removeEventListener('visibilitychange', visible)
  }
}

/**
 * Whether trying again by itself cannot help, or would take the line from another tab of the same person for ever: everything that
 * a person must decide.
 */
function isFinal(r: Refused): boolean {
  if (r.reason === 'full' || r.reason === 'stopping') return false
  if (['name-taken', 'wrong-secret', 'look-alike', 'name-invalid', 'too-many-tries'].includes(r.reason ?? '')) return true
  const passing = [0x80, 0x83, 0x88, 0x89, 0x8b, 0x97, 0x9f] // unspecified, busy, full, too fast, stopping
  const over = [0x87, 0x8a, 0x8e, 0x98, 0x9d] // not authorised, banned, taken over, removed, moved
  return r.where === 'connack' ? !passing.includes(r.code) : over.includes(r.code)
}

export class Client {
  readonly #o: ClientOptions
  readonly #connect: Connect
  readonly #clock: Clock
  #state: LineState | undefined
  #connection: Connection | undefined
  #ready = false // the connection has its filters
  #held: Publish[] = [] // messages that came before that
  readonly #kept = new Map<string, boolean>() // filter → granted at least once
  readonly #asks = new Set<Ask>()
  #tries = 0 // since the line was last steady
  #since = 0 // when the attempt began; once online, when that was
  #timer = () => {} // takes back: the next attempt, or the end of patience
  #unhook = () => {} // takes back: being called when the page wakes

  /** Throws Unencodable when the name, the secret or the client id does not fit into MQTT. */
  constructor(o: ClientOptions) {
    this.#o = o
    this.#connect = {
      clientId: o.clientId, cleanStart: true, keepalive: o.keepalive ?? 60, name: o.name, secret: o.secret, properties: { user: o.user },
    }
    encodeConnect(this.#connect)
    this.#clock = o.clock ?? systemClock
  }

  /** Connects, and connects again whenever the line is lost. Begins anew after the end. */
  start(): void {
    if (this.#state !== undefined && this.#state !== 'ended') return
    this.#unhook = (this.#o.wakes ?? pageWakes)(() => this.tryNow())
    this.#tries = 0
    this.#attempt()
  }

  /** Says goodbye and stays away; the state becomes ended. The promise is kept when the socket has closed, or after a second. */
  async stop(): Promise<void> {
    const c = this.#connection
    this.#connection = undefined
    const closed = c?.close()
    this.#over()
    if (closed) await Promise.race([closed, new Promise<void>((done) => this.#clock.after(1_000, done))])
  }

  /** Tries at once instead of waiting; asks a line that looks fine whether it lives. Does nothing after the end. */
  tryNow(): void {
    if (this.#state === 'online') return this.#connection?.check(wakePatience)
    if (this.#state !== 'offline' && this.#state !== 'connecting') return
    this.#tries = 0
    if (this.#state === 'offline') return this.#attempt()
    if (this.#clock.now() - this.#since < wakePatience) return
    const stuck = this.#connection
    this.#connection = undefined
    stuck?.close()
    this.#attempt()
  }

  /**
   * Keeps filters and subscribes to them at QoS 0, now and on each connection. Resolves with the server's reason code for each, when
   * it has answered, be it connections later; what is refused at first is not kept. Rejects with LineLost when the line has ended, and with
   * Unsendable.
   */
  subscribe(filters: string[]): Promise<number[]> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'ended') return reject(new LineLost('the line has ended'))
      if (filters.length === 0) return resolve([])
      try {
        encodeSubscribe(1, filters, 0)
      } catch (e) {
        return reject(e instanceof Unencodable ? new Unsendable(e.message) : e)
      }
      for (const f of filters) if (!this.#kept.has(f)) this.#kept.set(f, false)
      this.#asks.add({ filters, codes: new Map(), resolve, reject })
      if (this.#connection?.open) this.#subscribe(this.#connection, filters).catch(() => {}) // lost: the next connection asks
    })
  }

  /** Forgets filters. Without a connection there is nothing to tell. */
  async unsubscribe(filters: string[]): Promise<void> {
    for (const f of filters) this.#kept.delete(f)
    this.#answer(new Map(filters.map((f) => [f, 0x80])))
    if (!this.#connection?.open || filters.length === 0) return
    try {
      await this.#connection.unsubscribe(filters)
    } catch (e) {
      if (!(e instanceof LineLost)) throw e // the next connection does not ask for them
    }
  }

  /**
   * Publishes, at QoS 1 unless told. Resolves with the server's answer, which may be a refusal (a code of 0x80 and more). Rejects with
   * LineLost when the connection ends before it or there is none, and with Unsendable. Nothing is sent again from here.
   */
  async publish(topic: string, payload: string | Uint8Array, o?: PublishOptions): Promise<Ack> {
    if (!this.#connection) throw new LineLost('there is no connection')
    return this.#connection.publish(topic, payload, o)
  }

  #attempt(): void {
    const o = this.#o
    this.#ready = false
    this.#held = []
    this.#since = this.#clock.now()
    const c: Connection = new Connection({
      url: o.url,
      connect: this.#connect,
      socket: o.socket ?? ((url) => new WebSocket(url, 'mqtt')),
      clock: this.#clock,
      onConnack: (p) => void this.#greeted(c, p),
      onMessage: (p) => (this.#ready ? this.#deliver(p) : this.#held.push(p)),
      onEnd: (why) => c === this.#connection && this.#lost(why),
    })
    this.#connection = c
    this.#patience(c)
    this.#become('connecting')
  }

  /** Gives the server its time for the next step of a beginning. */
  #patience(c: Connection): void {
    this.#timer()
    this.#timer = this.#clock.after(connectPatience, () => void c.close())
  }

  async #greeted(c: Connection, p: Packet & { type: 'connack' }): Promise<void> {
    this.#patience(c)
    const filters = [...this.#kept.keys()]
    const refused: string[] = []
    try {
      for (let i = 0; i < filters.length; i += filtersAPacket) {
        const some = filters.slice(i, i + filtersAPacket)
        const codes = await this.#subscribe(c, some)
        refused.push(...some.filter((f, k) => codes[k] >= 0x80 && this.#kept.has(f)))
      }
    } catch (e) {
      if (e instanceof LineLost) return // onEnd has been called
      throw e
    }
    if (c !== this.#connection || !c.open) return
    this.#timer()
    this.#since = this.#clock.now()
    const user = Object.fromEntries(p.properties.user ?? [])
    this.#o.onReady({ name: user.name ?? this.#o.name ?? '', sessionPresent: p.sessionPresent, user, refused })
    this.#become('online')
    this.#ready = true
    for (const m of this.#held.splice(0)) if (c === this.#connection) this.#deliver(m)
  }

  async #subscribe(c: Connection, filters: string[]): Promise<number[]> {
    const codes = await c.subscribe(filters)
    filters.forEach((f, i) => {
      if (!this.#kept.has(f)) return
      if (codes[i] < 0x80) this.#kept.set(f, true)
      else if (!this.#kept.get(f)) this.#kept.delete(f)
    })
    this.#answer(new Map(filters.map((f, i) => [f, codes[i]])))
    return codes
  }

  /** Tells the codes to those who wait for them. */
  #answer(codes: Map<string, number>): void {
    for (const ask of this.#asks) {
      for (const f of ask.filters) if (codes.has(f)) ask.codes.set(f, codes.get(f) as number)
      if (!ask.filters.every((f) => ask.codes.has(f))) continue
      this.#asks.delete(ask)
      ask.resolve(ask.filters.map((f) => ask.codes.get(f) as number))
    }
  }

  #deliver(p: Publish): void {
    const { contentType, correlation, user = [] } = p.properties
    try {
      this.#o.onMessage({
        topic: p.topic, payload: p.payload, retain: p.retain, user,
        ...(contentType !== undefined && { contentType }), ...(correlation && { correlation }),
      })
    } catch (e) {
      queueMicrotask(() => { throw e }) // told to the console; the packets behind it are not lost
    }
  }

  #lost(why?: Refused): void {
    this.#connection = undefined
    this.#timer()
    if (why && isFinal(why)) return this.#over(why)
    if (this.#state === 'online' && this.#clock.now() - this.#since >= steady) this.#tries = 0
    const wait = Math.min(longestWait, firstWait * 2 ** this.#tries++)
    const jitter = 0.5 + (this.#o.random ?? Math.random)() / 2 // so that a room does not come back in one instant
    this.#timer = this.#clock.after(wait * jitter, () => this.#attempt())
    this.#become('offline', why)
  }

  #over(why?: Refused): void {
    this.#timer()
    this.#unhook()
    this.#unhook = () => {}
    for (const ask of this.#asks) ask.reject(new LineLost('the line has ended'))
    this.#asks.clear()
    this.#become('ended', why)
  }

  #become(s: LineState, why?: Refused): void {
    if (s === this.#state && !why) return
    this.#state = s
    this.#o.onState(s, why)
  }
}
