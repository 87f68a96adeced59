// Measures the page against the real binary and a room of 100,000 messages, in Chromium: what is loaded, how soon it is usable, how
// it writes, draws, scrolls and comes back. Prints a table, and fails when a message that is read moves, or one is not shown.
//
//   node test/bench.mjs [messages] [part…]   parts: load cold warm key switch burst back scroll
//
// Times are medians of several runs, with the least and the most beside them. What a processor does for it is told too (cpu): on a
// machine that has other work, that is the figure to compare.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import mqtt from 'mqtt'
import { chromium } from 'playwright-core'
import { binary } from './binary.mjs'

const [most = '100000', ...parts] = process.argv.slice(2)
const messages = Number(most)
const wants = (part) => parts.length === 0 || parts.includes(part)
const dir = mkdtempSync(join(tmpdir(), 'tincan-bench-'))
const tincan = binary()
const { TINCAN_BIN, ...env } = process.env // TINCAN_… is the binary's configuration
const patience = 120_000 // ms
const me = { name: 'Ada', secret: 'abcdefghijklmnopqrstuvwx', chosen: false }
const rooms = ['lobby', 'kitchen']

let server
let http = 0
let tcp = 0

/** Starts the binary on the folder, at the same ports as before. */
async function start() {
  server = spawn(tincan.path, ['--data', join(dir, 'data'), '--http', `127.0.0.1:${http}`, '--mqtt', `127.0.0.1:${tcp}`, '--no-open', '--set', 'limits.messages_per_second=0'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  for await (const line of createInterface({ input: server.stderr })) {
    const ports = /msg=ready http=\S*:(\d+) mqtt=\S*:(\d+)/.exec(line)
    if (!ports) continue
    http = ports[1]
    tcp = ports[2]
    server.stderr.resume()
    return
  }
  throw new Error('tincan ended')
}

async function kill() {
  const gone = once(server, 'exit')
  server.kill('SIGKILL')
  await gone
}

const plain = (i) => `message ${i}`
const text = (i) => i % 50 === 0 ? `\`\`\`js\nconst n = ${i}\nconsole.log(n)\n\`\`\`` : i % 20 === 0 ? `- ${i}\n- **two**\n- three` : `message ${i} ${'lorem ipsum dolor sit amet '.repeat(i * 7 % 11)}`

/** Posts n messages into a room, as several members that do not wait for each other. */
async function fill(room, n, say = text) {
  const writers = await Promise.all(Array.from({ length: 8 }, (_, i) => mqtt.connectAsync(`mqtt://127.0.0.1:${tcp}`, { username: `writer-${i}`, clientId: `writer-${i}`, protocolVersion: 5, keepalive: 0 })))
  let i = 0
  const work = async (w) => {
    while (i < n) await w.publishAsync(`chat/room/${room}/say`, say(++i), { qos: 1 })
  }
  await Promise.all(writers.flatMap((w) => Array.from({ length: 32 }, () => work(w))))
  await Promise.all(writers.map((w) => w.endAsync()))
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1]
const ms = (n) => `${n < 10 ? n.toFixed(1) : Math.round(n)} ms`
const failures = []

/** Prints a line of the table. goal: the most that it may be; fails: it is a count or a promise that does not hang on the machine. */
function tell(what, values, goal, { unit = 'ms', note = '', fails = false } = {}) {
  const list = [values].flat()
  const m = median(list)
  const show = unit === 'ms' ? ms : (n) => `${n.toLocaleString('en')} ${unit}`
  const range = list.length > 1 ? `  (${show(Math.min(...list))} to ${show(Math.max(...list))}, ${list.length} runs)` : ''
  console.log(`${m <= goal ? ' ' : '!'} ${what.padEnd(58)} ${show(m).padStart(14)}  of ${show(goal)}${range}${note && `  ${note}`}`)
  if (fails && m > goal) failures.push(what)
}

/** In the page: takes down when the field has the focus and the last message is shown, when all that is shown can be used, and when the line is there. */
function watch(last) {
  const seen = window.benchSeen = {}
  const look = () => {
    const all = document.querySelectorAll('.log [data-seq]')
    const field = document.getElementById('write')
    if (!seen.usable && field && document.activeElement === field && Number(all[all.length - 1]?.dataset.seq) >= last) {
      const drawn = new MessageChannel()
      drawn.port1.onmessage = () => { seen.usable = performance.now() }
      drawn.port2.postMessage(null)
    }
    if (!seen.begun && all.length > 0 && !document.querySelector('[inert]')) seen.begun = performance.now()
    if (!seen.online && /\d+\u2069? (person|people)/.test(document.querySelector('.side__count')?.textContent ?? '')) seen.online = performance.now()
    if (!seen.usable || !seen.online) requestAnimationFrame(look)
  }
  look()
}

/** A page of somebody who is remembered, with Chromium's own instruments. */
async function open(context, { throttle = 1, at = '' } = {}) {
  const page = await context.newPage()
  page.setDefaultTimeout(patience)
  const cdp = await context.newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  if (throttle > 1) await cdp.send('Emulation.setCPUThrottlingRate', { rate: throttle })
  const faults = []
  page.on('pageerror', (e) => faults.push(e))
  const figures = async () => Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map((m) => [m.name, m.value]))
  const go = () => page.goto(`http://127.0.0.1:${http}/${at}`)
  return { page, cdp, figures, go, faults }
}

const online = (page) => page.waitForFunction(() => /\d+\u2069? (person|people)/.test(document.querySelector('.side__count')?.textContent ?? ''))
const seen = (page) => page.waitForFunction(() => window.benchSeen?.usable && window.benchSeen.online && window.benchSeen).then((v) => v.jsonValue())

const launching = { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'] }
const desk = { viewport: { width: 1440, height: 900 }, locale: 'en-GB' }

/** Somebody who is remembered in this context. */
async function known(c, name = me.name) {
  await c.addInitScript(({ me, rooms }) => {
    localStorage.setItem('tincan.me', JSON.stringify(me))
    localStorage.setItem('tincan.rooms', JSON.stringify(rooms))
  }, { me: { ...me, name }, rooms })
  return c
}

let browser
const fresh = async (name) => known(await browser.newContext(desk), name)

/** In a room where nobody wrote code, and nobody asked a poll: what those take is loaded when they are shown. */
async function load() {
  const c = await fresh()
  const { page, cdp, go } = await open(c, { at: '#/room/hall' })
  await cdp.send('Network.enable')
  const asked = new Set() // the browser takes the icon for the tab a second time, from its memory
  let wire = 0
  cdp.on('Network.requestWillBeSent', (e) => asked.add(e.request.url))
  cdp.on('Network.loadingFinished', (e) => { wire += e.encodedDataLength })
  await go()
  await online(page)
  await page.waitForLoadState('networkidle')
  tell('first load: requests, beside the websocket', asked.size, 6, { unit: '', fails: true, note: asked.size > 6 ? [...asked].map((u) => u.slice(u.lastIndexOf('/'))).join(' ') : '' })
  tell('first load: bytes on the wire, with headers', wire, 66_000, { unit: 'B', note: 'node build.mjs weighs them without' })
  asked.clear()
  wire = 0
  await page.mouse.move(400, 400)
  await page.waitForTimeout(3000)
  await page.waitForLoadState('networkidle')
  console.log(`  after the first touch: ${asked.size} requests, ${wire.toLocaleString('en')} B`)
  await c.close()
}

async function cold(runs = 5) {
  const usable = []
  const cpu = []
  for (let i = 0; i < runs; i++) {
    const c = await fresh()
    const { page, figures, go } = await open(c, { throttle: 4 })
    await page.addInitScript(watch, messages)
    await go()
    usable.push((await seen(page)).usable)
    cpu.push((await figures()).TaskDuration * 1000)
    await c.close()
  }
  tell('usable, nothing cached, throttled 4×', usable, 1000, { note: `all tasks until then: ${ms(median(cpu))}` })
}

/** In a browser as people have it, which keeps scripts as it compiled them, and in a private window, which does not. */
async function warm(runs = 7) {
  for (const [c, where] of [[await known(await chromium.launchPersistentContext(join(dir, 'profile'), { ...launching, ...desk })), ''], [await fresh(), ', private window']]) {
    for (let visit = 0; visit < 3; visit++) {
      const { page, go } = await open(c)
      await go()
      await online(page)
      await page.mouse.move(400, 400)
      await page.waitForFunction(() => localStorage.getItem('tincan.glimpse'))
      await page.waitForTimeout(2500) // it keeps the messages each second
      await page.close()
    }
    for (const [throttle, goal, how] of [[1, 300, 'not throttled'], [4, 1000, 'throttled 4×']]) {
      const all = { usable: [], begun: [], cpu: [] }
      for (let i = 0; i < runs; i++) {
        const { page, figures, go } = await open(c, { throttle })
        await page.addInitScript(watch, messages)
        await go()
        const { usable, begun } = await seen(page)
        all.usable.push(usable)
        all.begun.push(begun)
        all.cpu.push((await figures()).TaskDuration * 1000)
        await page.close()
      }
      tell(`usable from what the browser keeps, ${how}${where}`, all.usable, goal, { note: `all is there after ${ms(median(all.begun))}; all tasks until the line is there: ${ms(median(all.cpu))}` })
    }
    await c.close()
  }
}

/** From a key to when its glyph is drawn, by the browser's own clock of events: the frame in which it is shown is after the last one. */
async function key(n = 120) {
  const c = await fresh()
  const { page, figures, go } = await open(c)
  await go()
  await online(page)
  await page.locator('#write').focus()
  await page.evaluate(() => {
    window.benchKeys = []
    document.getElementById('write').addEventListener('input', (e) => requestAnimationFrame(() => {
      const drawn = new MessageChannel() // after this frame was drawn
      drawn.port1.onmessage = () => window.benchKeys.push(performance.now() - e.timeStamp)
      drawn.port2.postMessage(null)
    }))
  })
  await page.keyboard.type('warm up ', { delay: 20 })
  await page.evaluate(() => { window.benchKeys.length = 0 })
  const before = await figures()
  for (let i = 0; i < n; i++) await page.keyboard.press('abcdefghij'[i % 10], { delay: 8 })
  const after = await figures()
  const took = await page.evaluate(() => window.benchKeys)
  tell(`a key to its glyph, ${messages.toLocaleString('en')} messages`, took, 16, { note: `cpu ${ms((after.TaskDuration - before.TaskDuration) * 1000 / n)} a key, of which script ${ms((after.ScriptDuration - before.ScriptDuration) * 1000 / n)}` })
  await c.close()
}

async function rooming(runs = 20) {
  const c = await fresh()
  const { page, go } = await open(c)
  await go()
  await online(page)
  const to = (room) => page.evaluate((room) => new Promise((done) => {
    const begun = performance.now()
    location.hash = `#${room}`
    const look = () => {
      const shown = document.querySelector('.log')?.getAttribute('aria-label')?.includes(room) && document.querySelector('.log [data-seq]')
      if (!shown) return requestAnimationFrame(look)
      const drawn = new MessageChannel()
      drawn.port1.onmessage = () => done(performance.now() - begun)
      drawn.port2.postMessage(null)
    }
    requestAnimationFrame(look)
  }), room)
  for (const room of ['kitchen', 'lobby', 'kitchen', 'lobby']) await to(room)
  const took = []
  for (let i = 0; i < runs; i++) took.push(await to(rooms[(i + 1) % 2]))
  tell('from one room to another', took, 100)
  await c.close()
}

/** The longest task while 1,000 messages come at once; wall is what a watch says, cpu what the thread worked. */
async function burst(runs = 3) {
  const longest = { wall: [], cpu: [] }
  const over = []
  const all = []
  // By MQTT 5 it would send more than the server's Receive Maximum, be cut after 64, and send the rest, and the 64, a second later.
  const w = await mqtt.connectAsync(`mqtt://127.0.0.1:${tcp}`, { username: 'burster', clientId: 'burster', protocolVersion: 4 })
  for (let i = 0; i < runs; i++) {
    const c = await fresh(`Ada-${i}`) // who has read nothing yet begins at the end
    const { page, cdp, go } = await open(c, { throttle: 4 })
    await go()
    await online(page)
    await page.waitForTimeout(2000)
    const tasks = []
    cdp.on('Tracing.dataCollected', (e) => tasks.push(...e.value))
    await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel', '__metadata'] } })
    const begun = Date.now()
    await Promise.all(Array.from({ length: 1000 }, (_, n) => w.publishAsync('chat/room/lobby/say', `burst ${i} ${n} ${'lorem ipsum '.repeat(n % 7)}`, { qos: 1 })))
    await page.waitForFunction((last) => [...document.querySelectorAll('.log [data-seq]')].at(-1)?.textContent.includes(last), `burst ${i} 999 `, { polling: 250 }) // seldom: it is a task of the page, too
    all.push(Date.now() - begun)
    const done = new Promise((ok) => cdp.once('Tracing.tracingComplete', ok))
    await cdp.send('Tracing.end')
    await done
    const main = tasks.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain').map((e) => `${e.pid} ${e.tid}`)
    const run = tasks.filter((e) => /RunTask$/.test(e.name) && e.dur && main.includes(`${e.pid} ${e.tid}`))
    longest.wall.push(Math.max(...run.map((e) => e.dur)) / 1000)
    longest.cpu.push(Math.max(...run.map((e) => e.tdur ?? 0)) / 1000)
    over.push(run.filter((e) => e.dur > 50_000).length)
    await c.close()
  }
  await w.endAsync()
  tell('1,000 messages at once, throttled 4×: the longest task', longest.wall, 50, { note: `cpu ${ms(median(longest.cpu))}; ${median(over)} over 50 ms; all shown after ${ms(median(all))}` })
}

/**
 * In the page: goes through the log one step after another, up or down, to its end. The message that a step brings to the top has to
 * be where the step put it, in the next frame and when what had to be loaded has come. Tells what was seen and what moved.
 */
async function wander({ up, step, first, last }) {
  const box = document.querySelector('.log')
  const list = document.querySelector('.log__rows')
  const frame = () => new Promise((go) => requestAnimationFrame(go))
  const seen = new Set()
  const moved = []
  let rows = 0
  let nodes = 0
  let steps = 0
  let waits = 0
  let mark = null // the message at the top, and where it is
  const check = (when) => {
    if (!mark) return
    const el = [...list.children].find((e) => e.dataset.key === mark.key)
    const at = el ? el.offsetTop - box.scrollTop : NaN
    if (!(Math.abs(at - mark.at) <= 1)) moved.push({ seq: mark.seq, when, was: mark.at, is: at })
    mark = { ...mark, at }
  }
  for (;;) {
    const all = [...list.children].filter((e) => e.dataset.seq)
    for (const e of all) seen.add(Number(e.dataset.seq))
    rows = Math.max(rows, list.children.length)
    if (steps % 50 === 0) nodes = Math.max(nodes, document.querySelectorAll('*').length)
    const from = box.scrollTop
    const to = up ? Math.max(0, from - step) : Math.min(box.scrollHeight - box.clientHeight, from + step)
    if (Math.abs(to - from) < 1) {
      if (seen.has(up ? first : last)) break
      if (++waits > 600) return { seen: seen.size, moved, rows, nodes, steps, stuck: [...list.children].slice(up ? 0 : -3).slice(0, 3).map((e) => `${e.className} ${e.dataset.seq}`).join(', ') + ` at ${box.scrollTop} of ${box.scrollHeight} - ${box.clientHeight}, ${list.children.length} rows from ${list.children[0].dataset.seq ?? list.children[0].className}` }
      await frame() // the page is being loaded
      check('loaded')
      continue
    }
    waits = 0
    const el = all.find((e) => e.offsetTop >= to)
    mark = el ? { key: el.dataset.key, seq: el.dataset.seq, at: el.offsetTop - to } : null
    box.scrollTop = to
    steps++
    await frame()
    check('step')
    await frame()
    check('next')
  }
  return { seen: seen.size, moved, rows, nodes, steps, stuck: null }
}

async function scroll() {
  const c = await fresh()
  const { page, cdp, figures, go, faults } = await open(c)
  await go()
  await online(page)
  await page.waitForFunction(() => document.querySelectorAll('.log [data-seq]').length > 20)
  const heap = async () => {
    await cdp.send('HeapProfiler.collectGarbage')
    return Math.round((await figures()).JSHeapUsedSize / 1e5) / 10
  }
  const begun = await heap()
  const head = await page.evaluate(() => Math.max(...[...document.querySelectorAll('.log [data-seq]')].map((e) => Number(e.dataset.seq))))
  for (const up of [true, false]) {
    const at = Date.now()
    const r = await page.evaluate(wander, { up, step: 1500, first: 1, last: head })
    const way = up ? 'up to the first message' : 'down to the last one'
    console.log(`  ${way}: ${r.steps} steps of 1,500 px, ${((Date.now() - at) / 1000).toFixed(0)} s`)
    if (r.stuck) failures.push(`scrolling ${way} stops at ${r.stuck}`)
    tell(`scrolled ${way}: messages not shown`, head - r.seen, 0, { unit: '', fails: true })
    tell(`scrolled ${way}: messages that moved while read`, r.moved.length, 0, { unit: '', fails: true, note: r.moved.slice(0, 3).map((m) => JSON.stringify(m)).join(' ') })
    tell('rows in the document', r.rows, 250, { unit: '', fails: true })
    tell('elements in the document', r.nodes, 1500, { unit: '', fails: true })
  }
  tell('heap after that', await heap(), 40, { unit: 'MB', note: `${begun} MB before` })
  assert.deepEqual(faults, [])
  await c.close()
}

async function back(runs = 5) {
  const c = await fresh()
  const { page, go } = await open(c)
  await go()
  await online(page)
  await page.mouse.move(400, 400)
  await page.waitForLoadState('networkidle')
  const took = []
  for (let i = 0; i < runs; i++) {
    await kill()
    await page.waitForFunction(() => !/\d+\u2069? (person|people)/.test(document.querySelector('.side__count')?.textContent ?? ''))
    await page.waitForTimeout([500, 3000, 12_000][i % 3])
    await start()
    const ready = Date.now()
    await online(page)
    took.push(Date.now() - ready)
  }
  tell('back in the room after the server is', took, 1000)
  await c.close()
}

try {
  await start()
  const begun = Date.now()
  await fill('hall', 50, plain)
  await fill('kitchen', 300)
  await fill('lobby', messages)
  console.log(`  ${messages.toLocaleString('en')} messages in ${((Date.now() - begun) / 1000).toFixed(0)} s`)
  browser = await chromium.launch(launching)
  const all = { load, cold, warm, key, switch: rooming, burst, back, scroll }
  for (const [part, f] of Object.entries(all)) {
    if (!wants(part)) continue
    await f().catch((e) => { failures.push(`${part}: ${e.message}`) })
  }
} finally {
  await browser?.close()
  if (server && server.exitCode === null) await kill()
  rmSync(dir, { recursive: true, force: true })
  tincan.remove()
}
for (const f of failures) console.error(`bench: ${f}`)
process.exitCode = failures.length > 0 ? 1 : 0
