/**
 * The client against real brokers: mosquitto, and tincan when TINCAN_BIN names its binary. What differs is told by the broker's row.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { Client, type ClientOptions, type Incoming, type LineState, type Ready, type Refused } from '../../src/mqtt/client.ts'
import { until } from './line.ts'

interface Broker {
  name: string
  skip: string | false
  path: string
  /** Starts it with a websocket at port and its files in dir. */
  spawn(port: number, dir: string, other: number): ChildProcess
}

// TINCAN_… in the environment is tincan's configuration, so the binary must not see where it was found.
const { TINCAN_BIN: bin, ...env } = process.env
const brokers: Broker[] = [
  {
    name: 'mosquitto',
    skip: existsSync('/usr/sbin/mosquitto') ? false : 'there is no /usr/sbin/mosquitto',
    path: '/',
    spawn(port, dir, other) {
      // The TCP listener is there because mosquitto 2.0.11 ends when it has a websocket alone.
      writeFileSync(join(dir, 'm.conf'), `listener ${other} 127.0.0.1\nlistener ${port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n`)
      return spawn('/usr/sbin/mosquitto', ['-c', join(dir, 'm.conf')], { stdio: 'ignore' })
    },
  },
  {
    name: 'tincan',
    skip: bin ? false : 'TINCAN_BIN names no binary',
    path: '/mqtt',
    spawn: (port, dir, other) =>
      spawn(bin!, ['--data', join(dir, 'data'), '--http', `127.0.0.1:${port}`, '--mqtt', `127.0.0.1:${other}`, '--no-open'], { stdio: 'ignore', env }),
  },
]

/** Two ports of 127.0.0.1 that nobody has; a broker that is started again needs the same ones. */
async function freePorts(): Promise<number[]> {
  const held = [createServer().listen(0, '127.0.0.1'), createServer().listen(0, '127.0.0.1')] // both at once: else they may be the same
  await Promise.all(held.map((s) => once(s, 'listening')))
  const ports = held.map((s) => (s.address() as AddressInfo).port)
  for (const s of held) s.close()
  await Promise.all(held.map((s) => once(s, 'close')))
  return ports
}

/** Whether somebody listens at port. */
function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const s = connect(port, '127.0.0.1', () => {
      s.destroy()
      done(true)
    })
    s.on('error', () => done(false))
  })
}

/** One broker, and clients of it, for one test. */
class House {
  readonly #dir = mkdtempSync(join(tmpdir(), 'tincan-line-'))
  #process: ChildProcess | undefined
  readonly #clients: Client[] = []
  #port = 0
  #other = 0

  constructor(readonly broker: Broker, t: TestContext) {
    t.after(async () => {
      await Promise.all(this.#clients.map((c) => c.stop()))
      await this.kill()
      rmSync(this.#dir, { recursive: true, force: true })
    })
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}${this.broker.path}`
  }

  async start(): Promise<this> {
    if (this.#port === 0) [this.#port, this.#other] = await freePorts()
    this.#process = this.broker.spawn(this.#port, this.#dir, this.#other)
    const end = Date.now() + 20_000
    while (!(await listens(this.#port))) {
      assert.ok(Date.now() < end && this.#process.exitCode === null, `${this.broker.name} did not start`)
      await new Promise((go) => setTimeout(go, 20))
    }
    return this
  }

  async kill(): Promise<void> {
    const p = this.#process
    if (!p || p.exitCode !== null || p.signalCode !== null) return
    const gone = once(p, 'exit')
    p.kill('SIGKILL')
    await gone
  }

  client(name: string, o: Partial<ClientOptions> = {}): Told {
    const told = new Told(name, this.url, o)
    this.#clients.push(told.client)
    return told
  }
}

/** A client and what it told. */
class Told {
  readonly states: LineState[] = []
  readonly ready: Ready[] = []
  readonly messages: Incoming[] = []
  why: Refused | undefined
  readonly client: Client

  constructor(name: string, url: string, o: Partial<ClientOptions>) {
    this.client = new Client({
      url, clientId: `page-${name}`, name, secret: `secret of ${name}`,
      onState: (s, why) => {
        this.states.push(s)
        this.why = why
      },
      onReady: (r) => this.ready.push(r),
      onMessage: (m) => this.messages.push(m),
      socket: (u) => new WebSocket(u, 'mqtt') as unknown as globalThis.WebSocket,
      wakes: () => () => {},
      ...o,
    })
    this.client.start()
  }

  is(s: LineState): Promise<void> {
    return until(`the line is ${s}`, () => this.states.at(-1) === s)
  }
}

const text = (m: Incoming) => new TextDecoder().decode(m.payload)
/** A topic that both brokers leave alone. */
const topic = 'workshop/bench'

for (const b of brokers) {
  const broker = (name: string, f: (house: House) => Promise<void>) =>
    test(`${b.name}: ${name}`, { skip: b.skip }, async (t) => f(await new House(b, t).start()))

  broker('two clients hear each other, in order, with every property', async (house) => {
    const ada = house.client('ada')
    const bob = house.client('bob')
    assert.deepEqual(await bob.client.subscribe([`${topic}/#`]), [0])
    await ada.is('online')
    const acks = await Promise.all(Array.from({ length: 500 }, (_, i) => ada.client.publish(`${topic}/n`, `${i}`)))
    assert.ok(acks.every((a) => a.code < 0x80))
    await until('all came', () => bob.messages.length === 500)
    assert.deepEqual(bob.messages.map(text), Array.from({ length: 500 }, (_, i) => `${i}`))
    await ada.client.publish(topic, new Uint8Array(60_000).fill(7), { user: [['a', '1'], ['a', '2'], ['é', '']], correlation: Uint8Array.of(0, 255) })
    await until('the large one came', () => bob.messages.length === 501)
    const m = bob.messages[500]
    assert.equal(m.payload.length, 60_000)
    assert.ok(m.payload.every((x) => x === 7))
    assert.deepEqual(m.user, [['a', '1'], ['a', '2'], ['é', '']])
    assert.deepEqual([...m.correlation!], [0, 255])
    await bob.client.unsubscribe([`${topic}/#`])
    await ada.client.publish(topic, 'unheard')
    await bob.client.subscribe(['workshop/marker'])
    await ada.client.publish('workshop/marker', 'marker')
    await until('the marker came', () => bob.messages.length > 501)
    assert.equal(text(bob.messages[501]), 'marker')
  })

  broker('a killed broker is found again, with all filters', async (house) => {
    const ada = house.client('ada')
    await ada.client.subscribe([topic, 'workshop/other'])
    await ada.is('online')
    const before = ada.ready.length
    await house.kill()
    await until('it noticed', () => ada.states.at(-1) !== 'online')
    await house.start()
    await until('it is back', () => ada.ready.length > before && ada.states.at(-1) === 'online')
    assert.ok((await ada.client.publish('workshop/other', 'again')).code < 0x80)
    await until('it hears', () => ada.messages.length === 1)
    assert.equal(text(ada.messages[0]), 'again')
  })

  broker('a silent line lives by pings', async (house) => {
    const ada = house.client('ada', { keepalive: 2 }) // the broker cuts after three silent seconds
    await ada.is('online')
    const end = Date.now() + 5_000
    await until('five seconds have passed', () => Date.now() > end)
    assert.deepEqual(ada.states, ['connecting', 'online'])
  })
}

// mosquitto closes the websocket before DISCONNECT is out, so there nobody learns why.
test('tincan: a second client of the same id takes over, and the first stays away', { skip: brokers[1].skip }, async (t) => {
  const house = await new House(brokers[1], t).start()
  const first = house.client('ada', { clientId: 'same' })
  await first.is('online')
  const second = house.client('ada', { clientId: 'same' })
  await second.is('online')
  await first.is('ended')
  assert.equal(first.why?.code, 0x8e)
})
