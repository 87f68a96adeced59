// A house for one test: the binary with its own data, a door in front of it that can be shut, a browser, people and devices.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect, createServer } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { promisify } from 'node:util'
import mqtt from 'mqtt'
import { chromium } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const { TINCAN_BIN, ...env } = process.env // TINCAN_… is the binary's configuration

export const patience = 60_000 // ms; the machine may be busy

/** Waits until check gives something true, and returns that. */
export async function until(what, check) {
  const end = Date.now() + patience
  let last
  for (;;) {
    const v = await check().catch((e) => { last = e })
    if (v) return v
    if (Date.now() > end) assert.fail(`waited in vain until ${what}${last ? `: ${last.message}` : ''}`)
    await new Promise((go) => setTimeout(go, 50))
  }
}

/** Finds a sentence of the page whose values, here in braces, may be isolated from its direction: «{Ada} is free.» */
export function like(sentence) {
  const plain = sentence.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
  return new RegExp(plain.replace(/(#?)\{(.*?)\}/g, '\u2068?$1$2\u2069?'))
}

/** What a phone writes into a photo: that it is to be turned, and where it was taken. */
export const place = [
  0xff, 0xe1, 0, 64, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8,
  0, 2, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38, 0, 0, 0, 0,
  0, 1, 0, 2, 0, 5, 0, 0, 0, 1, 0, 0, 0, 38, 0, 0, 0, 0,
]

/** Two ports that nobody listens at. Both are held until both are found: else they may be the same. */
async function freePorts() {
  const held = [createServer().listen(0, '127.0.0.1'), createServer().listen(0, '127.0.0.1')]
  await Promise.all(held.map((s) => once(s, 'listening')))
  const ports = held.map((s) => s.address().port)
  for (const s of held) s.close()
  await Promise.all(held.map((s) => once(s, 'close')))
  return ports
}

/** Passes connections on to a port; while it is shut, for websockets or for all, their connections are cut and new ones refused. */
class Door {
  #shut = '' // or 'websockets', or 'all'
  #sockets = new Map() // of each connection, whether it is a websocket
  #server
  /** Bytes of uploads that pass before the rest is held up. */
  #most = Infinity
  #passed = 0
  #held = new Set() // connections whose upload is held up
  /** Where websockets are led instead, if anywhere: the port of a server that does what the test says. */
  elsewhere = null

  static async open(to) {
    const d = new Door()
    d.#server = createServer((near) => d.#pass(near, to)).listen(0, '127.0.0.1')
    await once(d.#server, 'listening')
    return d
  }

  get port() {
    return this.#server.address().port
  }

  #pass(near, to) {
    near.on('error', () => {})
    near.once('data', (first) => {
      const ws = first.toString('latin1').startsWith('GET /mqtt')
      if (this.#shut === 'all' || (ws && this.#shut)) return near.destroy()
      const far = connect((ws && this.elsewhere) || to, '127.0.0.1')
      this.#sockets.set(near, ws)
      far.on('error', () => near.destroy())
      far.on('close', () => near.destroy())
      near.on('close', () => {
        this.#sockets.delete(near)
        far.destroy()
      })
      let uploads = false // a browser uses a connection for one request after another
      const pass = (data) => {
        far.write(data)
        const [, method] = /^([A-Z]{3,7}) \/\S* HTTP\//.exec(data.toString('latin1', 0, 2000)) ?? []
        if (method) uploads = method === 'PATCH'
        if (!uploads) return
        this.#passed += data.length
        if (this.#passed <= this.#most) return
        near.pause()
        this.#held.add(near)
      }
      pass(first)
      near.on('data', pass)
      near.on('end', () => far.end())
      far.pipe(near)
    })
  }

  /** Holds up whatever is uploaded after so many bytes more; what it held up before is cut. */
  hold(bytes) {
    this.#passed = 0
    this.#most = bytes
    for (const s of this.#held) s.destroy()
    this.#held.clear()
  }

  shut(what = 'websockets') {
    this.#shut = what
    for (const [s, ws] of this.#sockets) if (ws || what === 'all') s.destroy()
  }

  reopen() {
    this.#shut = ''
  }

  close() {
    this.shut()
    this.#server.close()
  }
}

/** The browser of a test file, as a promise, so that two who come at once get the same; each person has a context of it, and shares nothing with others. */
let browser
after(async () => (await browser)?.close())

function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', `--host-resolver-rules=MAP ${hostname()} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`],
  })
}

/** One tincan with people and devices. */
export class House {
  #dir = mkdtempSync(join(tmpdir(), 'tincan-house-'))
  #process
  #http
  #tcp
  #pages = []
  #devices = []

  /** Builds the house of a test, and tears it down after it; then every page must have been without a fault. */
  static async open(t) {
    const h = new House()
    t.after(async () => {
      const faults = h.#pages.flatMap((p) => p.faults)
      await Promise.all(h.#devices.map((d) => d.endAsync(true)))
      await Promise.all([...new Set(h.#pages.map((p) => p.page.context()))].map((c) => c.close()))
      await h.kill()
      h.door?.close()
      rmSync(h.#dir, { recursive: true, force: true })
      assert.deepEqual(faults, [], 'faults in the pages')
    })
    const [http, tcp] = await freePorts()
    h.#http = http
    h.#tcp = tcp
    await h.start()
    h.door = await Door.open(h.#http)
    return h
  }

  /** The page as another computer of the network sees it: by http and a name, which browsers call insecure. */
  get lan() {
    return `http://${hostname()}:${this.door.port}/`
  }

  get local() {
    return `http://127.0.0.1:${this.door.port}/`
  }

  /** Flags of the tincan that starts next. */
  args = []

  /** What a command says about this house's folder. */
  async command(...args) {
    const { stdout } = await promisify(execFile)(TINCAN_BIN, [...args, '--data', join(this.#dir, 'data')], { env })
    return stdout
  }

  async start() {
    this.#process = spawn(TINCAN_BIN, ['--data', join(this.#dir, 'data'), '--http', `127.0.0.1:${this.#http}`, '--mqtt', `127.0.0.1:${this.#tcp}`, '--no-open', ...this.args], { env, stdio: 'ignore' })
    const p = this.#process
    await until('tincan answers', async () => {
      assert.equal(p.exitCode, null, 'tincan ended')
      return (await fetch(`http://127.0.0.1:${this.#http}/`)).ok
    })
  }

  /** The plug is pulled. */
  async kill() {
    const p = this.#process
    if (!p || p.exitCode !== null || p.signalCode !== null) return
    // What the page fetches in a quiet moment may be on its way on a busy machine.
    for (const { expected } of this.#pages) expected.push(/Failed to load resource: net::ERR_(EMPTY_RESPONSE|CONNECTION_)/)
    const gone = once(p, 'exit')
    p.kill('SIGKILL')
    await gone
  }

  /** A browser of its own: nothing is shared with others. before: what is done to the page before it is opened. */
  async person(o = {}) {
    const { at = this.lan, before, ...context } = o
    browser ??= launch()
    const c = await (await browser).newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', ...context })
    const p = new Person(await c.newPage(), this)
    this.#pages.push(p)
    await before?.(p.page)
    await p.page.goto(at)
    return p
  }

  /** Somebody who has chosen a name and sees the room. */
  async joined(name, o) {
    const p = await this.person(o)
    await p.join(name)
    return p
  }

  /** Another tab of somebody's browser. */
  async tab(of, at = this.lan, before) {
    const p = new Person(await of.page.context().newPage(), this)
    this.#pages.push(p)
    await before?.(p.page)
    await p.page.goto(at)
    return p
  }

  /** The port where devices connect. */
  get mqtt() {
    return this.#tcp
  }

  /** A device by TCP; version 4 is MQTT 3.1.1. */
  async device(name, o = {}) {
    const d = await mqtt.connectAsync(`mqtt://127.0.0.1:${this.#tcp}`, { username: name, clientId: name, protocolVersion: 4, reconnectPeriod: 200, ...o })
    this.#devices.push(d)
    return d
  }
}

/** Somebody in front of the page. */
export class Person {
  faults = []
  /** What the console may say, since the test itself cuts the line. */
  expected = [/WebSocket connection to .* failed/]

  constructor(page, house) {
    this.page = page
    page.setDefaultTimeout(patience)
    page.on('pageerror', (e) => this.faults.push(`exception: ${e.stack}`))
    page.on('console', (m) => {
      if ((m.type() === 'error' || m.type() === 'warning') && !this.expected.some((e) => e.test(m.text()))) this.faults.push(`console: ${m.text()} ${m.location().url}`)
    })
    page.on('request', (r) => {
      const { protocol, hostname: h } = new URL(r.url())
      if (protocol !== 'data:' && protocol !== 'blob:' && h !== '127.0.0.1' && h !== hostname()) this.faults.push(`request to ${r.url()}`)
    })
    this.house = house
  }

  get name() { return this.page.getByLabel('What should we call you?') }
  get field() { return this.page.getByRole('form', { name: 'Write a message' }).getByRole('textbox', { name: /^Message / }) }
  get log() { return this.page.getByRole('log') }
  get messages() { return this.log.getByRole('article') }
  get panel() { return this.page.getByRole('complementary', { name: 'In this room' }) }
  get rooms() { return this.page.getByRole('navigation', { name: 'Rooms' }) }

  async join(name) {
    await this.name.fill(name)
    await this.page.getByText(like(`{${name}} is free.`)).waitFor()
    await this.page.getByRole('button', { name: 'Join' }).click()
    await this.field.waitFor()
    await this.online()
  }

  /** Waits until the line is there: the side says how many are here. */
  async online() {
    await until('the line is there', async () => /\d+\u2069? (person|people)/.test(await this.page.locator('.side__count').textContent()))
  }

  async say(...texts) {
    for (const text of texts) {
      await this.field.fill(text)
      await this.field.press('Enter')
    }
  }

  /** The texts in the log, as they stand. */
  async texts() {
    return this.messages.locator('.message__body > .text').allTextContents()
  }

  /** Waits until the log ends with these texts. */
  async sees(...texts) {
    await until(`the log ends with ${texts.slice(-5)}`, async () => {
      const have = await this.texts()
      if (texts.every((x, i) => have[have.length - texts.length + i] === x)) return true
      throw new Error(`it ends with ${JSON.stringify(have.slice(-8))}`)
    })
  }

  /** Faults that axe finds on what is shown now. */
  async axe() {
    await this.page.evaluate(axe)
    const found = await this.page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }))
    return found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.target} ${n.any.map((a) => a.message).join('; ')}`).join(' | ')}`)
  }
}
