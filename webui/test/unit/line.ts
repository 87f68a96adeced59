/** A client under test, a clock that the test moves, and a server that does what the test says. */
import assert from 'node:assert/strict'
import { type AddressInfo } from 'node:net'
import { type TestContext } from 'node:test'
import mqtt from 'mqtt-packet'
import { WebSocket, WebSocketServer } from 'ws'
import { Client, type ClientOptions, type Clock, type Incoming, type LineState, type Ready, type Refused } from '../../src/mqtt/client.ts'

const patience = 60_000 // ms; the machine may be busy

/** Waits until check is true. */
export async function until(what: string, check: () => boolean): Promise<void> {
  const end = Date.now() + patience
  while (!check()) {
    if (Date.now() > end) assert.fail(`waited in vain until ${what}`)
    await new Promise((go) => setTimeout(go, 2))
  }
}

/** A clock that stands still until it is moved. */
export class Hand implements Clock {
  #now = 1_000
  #timers = new Set<{ due: number; f: () => void }>()

  now(): number {
    return this.#now
  }

  after(ms: number, f: () => void): () => void {
    const t = { due: this.#now + ms, f }
    this.#timers.add(t)
    return () => this.#timers.delete(t)
  }

  /** Lets ms pass; what becomes due runs at its time. */
  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const t = [...this.#timers].filter((t) => t.due <= end).sort((a, b) => a.due - b.due)[0]
      if (!t) break
      this.#timers.delete(t)
      this.#now = Math.max(this.#now, t.due)
      t.f()
    }
    this.#now = end
  }

  /** Lets ms pass as for a computer that sleeps: nothing runs before the end. */
  sleep(ms: number): void {
    this.#now += ms
    this.pass(0)
  }
}

export type Theirs = Record<string, any>

/** The server's end of one connection. */
export class Peer {
  readonly got: Theirs[] = [] // packets not taken yet
  closed = false
  readonly #parser = mqtt.parser({ protocolVersion: 5 })

  constructor(readonly ws: WebSocket) {
    this.#parser.on('packet', (p) => this.onPacket(p))
    this.#parser.on('error', (e) => assert.fail(e))
    ws.on('message', (data) => this.#parser.parse(data as Buffer))
    ws.on('close', () => (this.closed = true))
    ws.on('error', () => {})
  }

  onPacket = (p: Theirs): void => void this.got.push(p)

  /** The next packet that came, which must be of this kind. */
  async next(cmd: string): Promise<Theirs> {
    await until(`a ${cmd} comes`, () => this.got.length > 0)
    const p = this.got.shift()!
    assert.equal(p.cmd, cmd, JSON.stringify(p))
    return p
  }

  send(...packets: Theirs[]): void {
    this.raw(Buffer.concat(packets.map((p) => mqtt.generate({ qos: 0, retain: false, dup: false, ...p } as never, { protocolVersion: 5 }))))
  }

  raw(bytes: Uint8Array): void {
    this.ws.send(bytes)
  }

  /** Takes CONNECT and lets the client in. */
  async welcome(properties: Theirs = {}): Promise<Theirs> {
    const c = await this.next('connect')
    this.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties })
    return c
  }

  /** Takes one SUBSCRIBE and grants it all. */
  async grant(): Promise<string[]> {
    const s = await this.next('subscribe')
    this.send({ cmd: 'suback', messageId: s.messageId, granted: s.subscriptions.map(() => 0) })
    return s.subscriptions.map((x: Theirs) => x.topic)
  }
}

/** A websocket server of which the test plays the MQTT part. */
export class Server {
  readonly peers: Peer[] = []
  protocol: string | undefined
  #taken = 0

  private constructor(readonly wss: WebSocketServer) {
    wss.on('connection', (ws) => {
      this.protocol = ws.protocol
      this.peers.push(new Peer(ws))
    })
  }

  static async listen(t: TestContext): Promise<Server> {
    const wss = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/mqtt' })
    await new Promise((go) => wss.once('listening', go))
    t.after(() => {
      for (const ws of wss.clients) ws.terminate()
      wss.close()
    })
    return new Server(wss)
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.wss.address() as AddressInfo).port}/mqtt`
  }

  /** The next connection. */
  async accept(): Promise<Peer> {
    await until('somebody connects', () => this.peers.length > this.#taken)
    return this.peers[this.#taken++]
  }
}

/** A client and all that it told. */
export class Line {
  readonly clock = new Hand()
  readonly states: string[] = []
  readonly ready: Ready[] = []
  readonly messages: Incoming[] = []
  why: Refused | undefined
  wake = () => {}
  readonly client: Client

  constructor(t: TestContext, url: string, o: Partial<ClientOptions> = {}) {
    this.client = new Client({
      url, clientId: 'c1', name: 'ada', secret: 's3cret',
      onState: (s: LineState, why) => {
        this.states.push(s)
        this.why = why
      },
      onReady: (r) => {
        this.ready.push(r)
        this.states.push('ready')
      },
      onMessage: (m) => {
        this.messages.push(m)
        this.states.push('message')
      },
      socket: (u) => new WebSocket(u, 'mqtt') as unknown as globalThis.WebSocket,
      clock: this.clock,
      random: () => 1, // the longest wait
      wakes: (f) => {
        this.wake = f
        return () => (this.wake = () => {})
      },
      ...o,
    })
    t.after(() => {
      const stopped = this.client.stop()
      this.clock.pass(1_000)
      return stopped
    })
  }

  get state(): string | undefined {
    return this.states.findLast((s) => s !== 'ready' && s !== 'message')
  }

  async is(state: LineState): Promise<void> {
    await until(`the line is ${state}, not ${this.states}`, () => this.state === state)
  }
}

/** A line that is online, and the server's end of it. */
export async function online(t: TestContext, connack: Theirs = {}, o: Partial<ClientOptions> = {}): Promise<{ server: Server; line: Line; peer: Peer }> {
  const server = await Server.listen(t)
  const line = new Line(t, server.url, o)
  line.client.start()
  const peer = await server.accept()
  await peer.welcome(connack)
  await line.is('online')
  return { server, line, peer }
}
