// Firefox by WebDriver BiDi and WebKit, which is Safari's, by WebDriver: what both can do of it, in one shape.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import WebSocket from 'ws'
import { until } from '../browser/house.mjs'

const keys = { Enter: '\uE007', Escape: '\uE00C', ArrowUp: '\uE013' }

/** A browser with one page and nothing of anybody else. */
class Browser {
  #process
  #dir

  constructor({ process, dir }) {
    this.#process = process
    this.#dir = dir
  }

  /** What a function of the page says that is given these values. */
  async run(f, ...values) {
    const said = await this.evaluate(`(async () => JSON.stringify([await (${f})(...${JSON.stringify(values)})]))()`)
    return JSON.parse(said)[0] ?? undefined
  }

  /** Waits until a function of the page says something true, and returns that. */
  until(what, f, ...values) {
    return until(what, () => this.run(f, ...values))
  }

  /** Presses the middle of what a selector finds, once it stands still: a press goes by its place. */
  async click(selector) {
    const place = () => this.until(`${selector} is there`, (s) => {
      const box = [...document.querySelectorAll(s)].find((e) => e.checkVisibility())?.getBoundingClientRect()
      return box?.width && [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]
    }, selector)
    let at = await place()
    const [x, y] = await until(`${selector} stands still`, async () => {
      const before = at
      at = await place()
      return String(at) === String(before) && at
    })
    await this.act([{ type: 'pointer', id: 'mouse', actions: [{ type: 'pointerMove', x, y }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }] }])
  }

  async type(signs) {
    await this.act([{ type: 'key', id: 'keys', actions: [...signs].flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]) }])
  }

  press(name) {
    return this.type([keys[name]])
  }

  close() {
    if (this.#process.exitCode === null) process.kill(-this.#process.pid, 'SIGKILL')
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

/** Starts a program with a home and a port of its own, and waits until ready says so. */
async function start(program, args, ready) {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  const dir = mkdtempSync(join(tmpdir(), 'tincan-engine-'))
  const p = spawn(program, args(port, dir), { env: { ...process.env, HOME: dir }, stdio: 'ignore', detached: true })
  await until(`${program} answers`, () => ready(port))
  return { process: p, dir, port }
}

export class Firefox extends Browser {
  static program = '/usr/bin/firefox-esr'
  static needs = 'firefox-esr'
  #socket
  #context
  #asked = new Map()
  #last = 0 // id of what was asked

  static async open() {
    let socket
    const started = await start(Firefox.program, (port, dir) => {
      writeFileSync(join(dir, 'user.js'), 'user_pref("remote.active-protocols", 1);\nuser_pref("app.update.enabled", false);\nuser_pref("datareporting.policy.dataSubmissionEnabled", false);\n')
      return ['--headless', '--no-remote', '--profile', dir, `--remote-debugging-port=${port}`, '--width=1280', '--height=800', 'about:blank']
    }, async (port) => {
      socket = new WebSocket(`ws://127.0.0.1:${port}/session`)
      await once(socket, 'open')
      return true
    })
    const b = new Firefox(started)
    b.#socket = socket
    socket.on('message', (data) => {
      const { id, type, result, message } = JSON.parse(data)
      const asked = b.#asked.get(id)
      b.#asked.delete(id)
      if (type === 'error') asked?.no(new Error(message))
      else asked?.ok(result)
    })
    await b.#ask('session.new', { capabilities: {} })
    b.#context = (await b.#ask('browsingContext.getTree', {})).contexts[0].context
    return b
  }

  #ask(method, params) {
    const id = ++this.#last
    return new Promise((ok, no) => {
      this.#asked.set(id, { ok, no })
      this.#socket.send(JSON.stringify({ id, method, params }))
    })
  }

  go(url) {
    return this.#ask('browsingContext.navigate', { context: this.#context, url, wait: 'complete' })
  }

  reload() {
    return this.#ask('browsingContext.reload', { context: this.#context, wait: 'complete' })
  }

  act(actions) {
    return this.#ask('input.performActions', { context: this.#context, actions })
  }

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.#ask('script.evaluate', { expression, target: { context: this.#context }, awaitPromise: true })
    if (exceptionDetails) throw new Error(exceptionDetails.text)
    return result.value
  }
}

export class WebKit extends Browser {
  static program = '/usr/bin/WebKitWebDriver'
  static needs = 'webkit2gtk-driver xvfb xauth'
  #session

  static async open() {
    const started = await start('xvfb-run', (port) => ['-a', WebKit.program, `--port=${port}`], async (port) => (await fetch(`http://127.0.0.1:${port}/status`)).ok)
    const b = new WebKit(started)
    b.#session = `http://127.0.0.1:${started.port}/session`
    const { sessionId } = await b.#ask('', { capabilities: {} })
    b.#session += `/${sessionId}`
    await b.#ask('/window/rect', { width: 1280, height: 800 })
    return b
  }

  async #ask(path, body) {
    const r = await fetch(this.#session + path, { method: 'POST', body: JSON.stringify(body) })
    const { value } = await r.json()
    if (!r.ok) throw new Error(`${value.error}: ${value.message}`)
    return value
  }

  go(url) {
    return this.#ask('/url', { url })
  }

  reload() {
    return this.#ask('/refresh', {})
  }

  act(actions) {
    return this.#ask('/actions', { actions })
  }

  async evaluate(expression) {
    const { no, said } = await this.#ask('/execute/async', {
      script: `const done = arguments[0]; (${expression}).then((said) => done({ said }), (e) => done({ no: String(e) }))`, args: [],
    })
    if (no) throw new Error(no)
    return said
  }
}

/** Those that are installed here, and what is to be installed for the others. */
export const engines = [Firefox, WebKit].map((engine) => ({ engine, skip: existsSync(engine.program) ? false : `apt-get install --no-install-recommends ${engine.needs}` }))
