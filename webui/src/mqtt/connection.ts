/** One connection: a WebSocket from CONNECT to its end. It does not come back; client.ts makes the next one. */
import {
  type Connect, Decoder, type Packet, type Properties, type Publish, Unencodable, encodeConnect, encodeDisconnect, encodePingreq,
  encodePuback, encodePublish, encodeSubscribe, encodeUnsubscribe,
} from './codec.ts'
import { LineLost, Unsendable } from './lost.ts'

export { LineLost, Unsendable } from './lost.ts'

/** Timers and clock, so that tests need not wait. */
export interface Clock {
  /** Milliseconds, never going back. */
  now(): number
  /** Runs f once after ms; the answer takes it back. */
  after(ms: number, f: () => void): () => void
}

/** The server said no, in CONNACK or DISCONNECT. */
export interface Refused {
  /** MQTT 5 reason code, §2.4. */
  code: number
  /** Its word for programs: name-taken, wrong-secret, look-alike, name-invalid, too-many-tries, full, stopping … */
  reason?: string
  /** All its user properties: the word, and what the sentence speaks of. */
  user?: Record<string, string>
  /** The reason string: what happened and what to do. */
  text?: string
  where: 'connack' | 'disconnect'
}

/** The answer to a publish. A code of 0x80 and more is a refusal. */
export interface Ack {
  code: number
  text?: string
  user: Record<string, string>
}

/** What belongs to one publish. */
export interface PublishOptions {
  /** 1 unless told. At 0 the Ack only says that the packet was handed to the socket. */
  qos?: 0 | 1
  user?: [string, string][]
  response?: string
  correlation?: Uint8Array
}

export interface ConnectionOptions {
  url: string
  connect: Connect
  socket(url: string): WebSocket
  clock: Clock
  /** The server let us in. */
  onConnack(p: Packet & { type: 'connack' }): void
  onMessage(p: Publish): void
  /** Called once, at the end, whoever made it; why is there when the server gave a reason. */
  onEnd(why?: Refused): void
}

type Answer = Packet & { type: 'puback' | 'suback' | 'unsuback' }

/** What waits for an answer with its packet id. */
interface Ask {
  type: Answer['type']
  count: number // of codes that the answer must have
  resolve(p: Answer): void
  reject(e: LineLost): void
}

/** The largest packet that the page takes, in bytes; told to the server in CONNECT. A history answer has at most 128 KiB. */
const maxPacket = 1 << 20
/** How long a server may take to answer a ping, in ms. */
const pingPatience = 10_000
/** A timer that comes later than this by its own clock, in ms, says that the page slept or was throttled. */
const slept = 2_000

const record = (pairs: [string, string][] = []): Record<string, string> => Object.fromEntries(pairs)

export class Connection {
  readonly #o: ConnectionOptions
  readonly #ws: WebSocket | undefined
  readonly #decoder = new Decoder(maxPacket)
  readonly #asks = new Map<number, Ask>()
  readonly #waiting: (() => void)[] = [] // publishes beyond the server's Receive Maximum
  #flying = 0 // QoS 1 publishes without PUBACK
  #lastId = 0
  #server: Properties | undefined // of CONNACK; undefined until the server let us in
  #ended = false
  #beat = () => {} // takes the next ping back
  #deadline: (() => void) | undefined // takes the end for silence back
  #closed = () => {}
  readonly #close = new Promise<void>((done) => (this.#closed = done))

  /** Opens the socket at once. onEnd is never called from here. */
  constructor(o: ConnectionOptions) {
    this.#o = o
    try {
      this.#ws = o.socket(o.url)
    } catch {
      o.clock.after(0, () => this.#end()) // an address that is none
      return
    }
    this.#ws.binaryType = 'arraybuffer'
    this.#ws.onopen = () => this.#send(encodeConnect({ ...o.connect, properties: { ...o.connect.properties, maximumPacketSize: maxPacket } }))
    this.#ws.onmessage = (e) => this.#read(e.data)
    this.#ws.onerror = () => this.#end()
    this.#ws.onclose = () => {
      this.#closed()
      this.#end()
    }
  }

  /** True from CONNACK to the end. */
  get open(): boolean {
    return this.#server !== undefined && !this.#ended
  }

  /** Subscribes at QoS 0 and returns a reason code for each filter. Rejects with LineLost. */
  async subscribe(filters: string[]): Promise<number[]> {
    const p = await this.#ask('suback', filters.length, (id) => encodeSubscribe(id, filters, 0))
    return p.type === 'suback' ? p.codes : []
  }

  /** Rejects with LineLost. */
  async unsubscribe(filters: string[]): Promise<void> {
    await this.#ask('unsuback', filters.length, (id) => encodeUnsubscribe(id, filters))
  }

  /**
   * Publishes. At QoS 1 it resolves with the server's answer, which may take long: a server slows a hasty member by acknowledging
   * late. Rejects with LineLost, or with Unsendable.
   */
  async publish(topic: string, payload: string | Uint8Array, o: PublishOptions = {}): Promise<Ack> {
    if (!this.open) throw new LineLost('there is no connection')
    const qos = o.qos ?? 1
    const packet = {
      topic, qos, retain: false, dup: false,
      payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
      properties: {
        ...(typeof payload === 'string' && { payloadFormat: 1 }),
        responseTopic: o.response, correlation: o.correlation, user: o.user,
      },
    }
    const most = this.#server?.maximumPacketSize ?? Infinity
    try {
      const size = encodePublish({ ...packet, id: 1 }).length
      if (size > most) throw new Unsendable(`this takes ${size} bytes, and the server takes up to ${most}`)
    } catch (e) {
      throw e instanceof Unencodable ? new Unsendable(e.message) : e
    }
    if (qos === 0) {
      this.#send(encodePublish({ ...packet, id: 0 }))
      return { code: 0, user: {} }
    }
    return new Promise((resolve, reject) => {
      const send = () => this.#ask('puback', 1, (id) => encodePublish({ ...packet, id })).then((p) => resolve(ack(p)), reject)
      // Receive Maximum (§3.2.2.3.3); the send must be under way when the next publish is called, else their order is lost.
      if (this.#flying >= Math.min(this.#server?.receiveMaximum ?? 65_535, 60_000)) this.#waiting.push(send)
      else {
        this.#flying++
        send()
      }
    })
  }

  /** Asks the server for a sign of life. When nothing at all is heard for patience ms, the connection ends. */
  check(patience = pingPatience, again = true): void {
    if (!this.open) return
    this.#send(encodePingreq())
    this.#deadline?.()
    const due = this.#o.clock.now() + patience
    this.#deadline = this.#o.clock.after(patience, () => {
      // After a sleep, this timer may be run before the messages that wait in the socket: once, ask anew.
      if (again && this.#o.clock.now() > due + slept) this.check(patience, false)
      else this.#end()
    })
  }

  /** Says DISCONNECT and closes. onEnd is called before it returns; the promise is kept when the socket has closed. */
  close(): Promise<void> {
    if (this.open) this.#send(encodeDisconnect())
    this.#end()
    return this.#close
  }

  #read(data: unknown): void {
    if (this.#ended) return
    if (!(data instanceof ArrayBuffer)) return this.#fail(0x82) // a text frame [MQTT-6.0.0-1]
    this.#deadline?.()
    this.#deadline = undefined
    const { packets, fault } = this.#decoder.push(new Uint8Array(data))
    for (const p of packets) {
      if (this.#ended) return
      this.#take(p)
    }
    if (fault) this.#fail(fault)
  }

  #take(p: Packet): void {
    if (p.type === 'connack') {
      if (this.#server) return this.#fail(0x82)
      if (p.code >= 0x80) return this.#end(refused(p.code, p.properties, 'connack'))
      this.#server = p.properties
      this.#keepAlive()
      return this.#o.onConnack(p)
    }
    if (!this.#server) return this.#fail(0x82) // CONNACK comes first [MQTT-3.2.0-1]
    switch (p.type) {
      case 'publish':
        if (p.qos === 1) this.#send(encodePuback(p.id))
        return this.#o.onMessage(p)
      case 'puback':
      case 'suback':
      case 'unsuback': {
        const ask = this.#asks.get(p.id)
        if (!ask && p.type === 'puback') return // nothing of ours; nothing is lost by it
        if (ask?.type !== p.type || (p.type !== 'puback' && p.codes.length !== ask.count)) return this.#fail(0x82)
        this.#asks.delete(p.id)
        ask.resolve(p)
        if (p.type === 'puback') this.#next()
        return
      }
      case 'disconnect':
        return this.#end(refused(p.code, p.properties, 'disconnect'))
    }
  }

  /** Sends a packet that has an id and waits for its answer. */
  #ask(type: Ask['type'], count: number, encode: (id: number) => Uint8Array<ArrayBuffer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (!this.open) return reject(new LineLost('there is no connection'))
      const id = this.#freeId()
      const bytes = encode(id)
      this.#asks.set(id, { type, count, resolve, reject })
      this.#send(bytes)
    })
  }

  /** A QoS 1 publish has its answer: its place goes to the one that has waited longest. */
  #next(): void {
    const send = this.#waiting.shift()
    if (send) send()
    else this.#flying--
  }

  /** The next packet id: 1 to 65535, round and round, never one that waits for its answer (§2.2.1). */
  #freeId(): number {
    do this.#lastId = (this.#lastId % 65_535) + 1
    while (this.#asks.has(this.#lastId))
    return this.#lastId
  }

  /** Pings twice in each keepalive: a hidden tab's timers may come a minute late. */
  #keepAlive(): void {
    const keepalive = this.#server?.serverKeepAlive ?? this.#o.connect.keepalive
    const every = (keepalive || 60) * 500
    const beat = () => {
      if (!this.#deadline) this.check()
      this.#beat = this.#o.clock.after(every, beat)
    }
    this.#beat = this.#o.clock.after(every, beat)
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#ws?.readyState === 1) this.#ws.send(bytes)
  }

  /** Ends because the server broke the standard. */
  #fail(code: number): void {
    this.#send(encodeDisconnect(code))
    this.#end()
  }

  #end(why?: Refused): void {
    if (this.#ended) return
    this.#ended = true
    this.#beat()
    this.#deadline?.()
    if (this.#ws) this.#ws.close()
    else this.#closed()
    for (const ask of this.#asks.values()) ask.reject(new LineLost('the connection ended before the answer came'))
    this.#asks.clear()
    for (const go of this.#waiting.splice(0)) go() // each finds the connection ended
    this.#o.onEnd(why)
  }
}

/** What a PUBACK says. 0x10, no subscribers, is a success, and so is every other code below 0x80 (§2.4), known or not. */
function ack(p: Answer): Ack {
  return { code: p.type === 'puback' ? p.code : 0x80, user: record(p.properties.user), ...(p.properties.reason && { text: p.properties.reason }) }
}

function refused(code: number, p: Properties, where: Refused['where']): Refused {
  const user = record(p.user)
  return { code, where, user, ...(user.reason && { reason: user.reason }), ...(p.reason && { text: p.reason }) }
}
