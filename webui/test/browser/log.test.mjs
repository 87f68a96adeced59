import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

/** Fills the lobby with n messages, numbered from 1, by several devices at once. */
async function fill(house, n) {
  let next = 1
  await Promise.all(Array.from({ length: 8 }, async (_, k) => {
    const d = await house.device(`writer-${k}`, { protocolVersion: 5 })
    while (next <= n) { // MQTT.js does not keep to the server's Receive Maximum by itself
      const from = next
      next = Math.min(n + 1, from + 25)
      await Promise.all(Array.from({ length: next - from }, (_, i) => d.publishAsync('chat/room/lobby/say', `text ${from + i}`, { qos: 1 })))
    }
  }))
}

/** The rows in the document, and where the messages in sight stand below the top of the log. */
const look = (p) => p.page.evaluate(() => {
  const log = document.querySelector('[role=log]')
  const { top, bottom } = log.getBoundingClientRect()
  return {
    rows: log.querySelectorAll('[data-key]').length,
    nodes: document.querySelectorAll('*').length,
    shown: [...log.querySelectorAll('[data-seq]')].map((e) => [Number(e.dataset.seq), Math.round(e.getBoundingClientRect().top - top), e.getBoundingClientRect().bottom - bottom])
      .filter(([, y, below]) => y >= 0 && below <= 0).map(([seq, y]) => [seq, y]),
    focused: Number(document.activeElement?.dataset.seq ?? 0),
  }
})

const at = (p, seq) => p.page.locator(`[data-seq="${seq}"]`)

/** Waits until nothing moves any more. */
async function rest(p) {
  let a = await look(p)
  return until('the log is at rest', async () => {
    await p.page.evaluate(() => new Promise((go) => requestAnimationFrame(() => setTimeout(go, 50))))
    const b = await look(p)
    const same = JSON.stringify(a) === JSON.stringify(b)
    a = b
    return same && b
  })
}

/** Whether the same messages stand where they stood, but for what is lost in rounding. */
const still = (a, b) => a.length === b.length && a.every(([seq, y], i) => seq === b[i][0] && Math.abs(y - b[i][1]) <= 1)

function bounded({ rows, nodes }, where) {
  assert.ok(rows <= 250, `${where}: ${rows} rows in the document`)
  assert.ok(nodes <= 1500, `${where}: ${nodes} nodes in the document`)
}

test('a link leads thousands of messages back, the place is kept, and the way to the newest is one key', async (t) => {
  const house = await House.open(t)
  await fill(house, 3000)
  const ada = await house.person({ at: `${house.lan}#/room/lobby/400` })
  await ada.join('Ada')
  await until('the message of the link has the focus', async () => (await look(ada)).focused === 400)
  const there = await rest(ada)
  assert.ok(there.shown.some(([seq]) => seq === 400), 'the message of the link is in sight')
  bounded(there, 'at the link')

  // Whatever comes at the end moves nothing.
  const bob = await house.joined('Bob')
  await bob.say('one', 'two')
  await ada.page.getByRole('button', { name: like('{2} new messages') }).waitFor()
  const { shown } = await look(ada)
  assert.ok(still(shown, there.shown), `moved from ${JSON.stringify(there.shown)} to ${JSON.stringify(shown)}`)

  // A smaller window keeps the bottom edge, as when the keyboard of a phone comes up; and a larger one again.
  await ada.page.setViewportSize({ width: 1280, height: 500 })
  await until('the window is smaller', async () => (await look(ada)).shown.length < there.shown.length)
  assert.equal((await rest(ada)).shown.at(-1)[0], there.shown.at(-1)[0])
  await ada.page.setViewportSize({ width: 1280, height: 800 })
  await until('the window is as before', async () => still((await look(ada)).shown, there.shown))

  // Up to the beginning by keyboard: more than is kept in memory goes by, and the document stays small.
  for (let step = 0; !(await ada.log.textContent()).includes('This is the beginning'); step++) {
    assert.ok(step < 60, 'the beginning does not come')
    const [[first]] = (await rest(ada)).shown
    await ada.log.press('Home')
    if (first > 1) await until('it went up', async () => (await look(ada)).shown[0]?.[0] < first)
    bounded(await rest(ada), `step ${step}`)
  }
  await ada.log.press('End')
  await ada.sees('two')
  bounded(await rest(ada), 'at the end')
  await ada.field.focus()
  await ada.say('and three')
  await ada.sees('two', 'and three')
})

test('who scrolls far does not fill the memory, and no scroll is undone by what comes meanwhile', async (t) => {
  const house = await House.open(t)
  await fill(house, 2600)
  const ada = await house.joined('Ada')
  await at(ada, 2600).waitFor()
  // Scrolled by a program, a page and more in each frame; in the same frame other messages are put in their places.
  const through = (by) => ada.page.evaluate(async (by) => {
    const log = document.querySelector('[role=log]')
    const out = { jumps: [], most: 0 }
    const seen = new Set()
    const end = performance.now() + 60_000
    while (!(by > 0 ? seen.has(2600) : log.textContent.includes('This is the beginning')) && performance.now() < end) {
      const before = new Map([...log.querySelectorAll('[data-seq]')].map((e) => [e.dataset.seq, e.getBoundingClientRect().top]))
      const was = log.scrollTop
      for (const seq of before.keys()) seen.add(Number(seq))
      log.scrollTop = was + by
      const went = was - log.scrollTop
      await new Promise((go) => requestAnimationFrame(() => setTimeout(go)))
      const { top, bottom } = log.getBoundingClientRect()
      const shown = [...log.querySelectorAll('[data-seq]')].find((e) => before.has(e.dataset.seq) && e.getBoundingClientRect().top >= top && e.getBoundingClientRect().top < bottom)
      if (shown) {
        const moved = shown.getBoundingClientRect().top - before.get(shown.dataset.seq)
        if (Math.abs(moved - went) > 2) out.jumps.push(`${shown.dataset.seq} by ${moved} instead of ${went}`)
      }
      out.most = Math.max(out.most, log.querySelectorAll('[data-key]').length)
    }
    return { ...out, missed: Array.from({ length: 2600 }, (_, i) => i + 1).filter((seq) => !seen.has(seq)) }
  }, by)
  for (const by of [-700, 700]) { // down again, the newest have been let go and come back
    const { jumps, most, missed } = await through(by)
    assert.deepEqual(jumps, [])
    assert.ok(missed.length < 100, `${missed.length} were not shown, as ${missed.slice(0, 5)}`) // those of the last look
    assert.ok(most <= 250, `${most} rows in the document`)
  }
  await ada.page.evaluate(() => document.querySelector('[role=log]').scrollBy(0, -5000))
  await ada.page.getByRole('button', { name: 'Newest' }).click()
  await until('the newest is in sight', async () => (await look(ada)).shown.at(-1)?.[0] === 2600)
})

/** A room of 150 messages, and somebody who reads it at its end. */
async function longRoom(t) {
  const house = await House.open(t)
  await fill(house, 150)
  const ada = await house.person()
  await ada.join('Ada')
  await at(ada, 150).waitFor()
  await rest(ada)
  return { house, ada }
}

test('of a flood whole screens are shown, and not each message', async (t) => {
  const { house, ada } = await longRoom(t)
  await until('what is above the screen is drawn, too', async () => (await look(ada)).rows > 45)
  await ada.page.evaluate(() => {
    const log = document.querySelector('[role=log]')
    const seen = window.seen = { screens: [], drawn: new Set() }
    const look = () => {
      const { top, bottom } = log.getBoundingClientRect()
      const rows = [...log.querySelectorAll('[data-seq]')].map((e) => ({ seq: Number(e.dataset.seq), box: e.getBoundingClientRect() }))
      for (const r of rows) seen.drawn.add(r.seq)
      const shown = rows.filter((r) => r.box.bottom > top + 1 && r.box.top < bottom - 1)
      seen.screens.push({ seqs: shown.map((r) => r.seq), full: log.querySelector('[data-key]').getBoundingClientRect().top <= top + 1, bottom: Math.round(bottom - shown.at(-1).box.bottom) })
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
  const busy = ada.page.evaluate(() => { // what comes meanwhile waits in the socket, and is there all at once
    const end = performance.now() + 4000
    while (performance.now() < end);
  })
  await fill(house, 600)
  await busy
  await at(ada, 750).waitFor()
  const end = await rest(ada)
  assert.equal(end.shown.at(-1)[0], 750)
  const { screens, drawn } = await ada.page.evaluate(() => ({ screens: window.seen.screens, drawn: [...window.seen.drawn] }))
  for (const { seqs, full, bottom } of screens) {
    assert.deepEqual(seqs, seqs.map((_, i) => seqs[0] + i), 'messages stand one below the other')
    assert.ok(full && bottom >= 0 && bottom < 64, `a screen with ${seqs} is full, and at the end of what is drawn: ${full}, ${bottom}`)
  }
  assert.ok(drawn.filter((seq) => seq > 150).length < 600, 'those that could not be read are not drawn')
})

test('of a flood the end is followed, also while the log changes its height', async (t) => {
  const { house, ada } = await longRoom(t)
  await ada.page.evaluate(() => { // what stands below it comes and goes, at any time between two drawings
    const box = document.querySelector('.logbox')
    setInterval(() => { box.style.paddingBlockEnd = box.style.paddingBlockEnd ? '' : '3rem' }, 5)
  })
  const busy = ada.page.evaluate(() => {
    const end = performance.now() + 2000
    while (performance.now() < end);
  })
  await fill(house, 600)
  await busy
  await at(ada, 750).waitFor()
  assert.equal(await ada.page.locator('.jump').count(), 0)
})

test('answers are written by keyboard, quoted, and lead to what they answer', async (t) => {
  const house = await House.open(t)
  const bob = await house.joined('Bob')
  await bob.say('who has the **blue** key?')
  await fill(house, 300)
  const ada = await house.person({ at: `${house.lan}#/room/lobby/1` })
  await ada.join('Ada')
  await until('the question has the focus', async () => (await look(ada)).focused === 1)
  await ada.page.keyboard.press('r')
  await ada.page.getByText(like('Reply to {Bob}: who has the blue key?')).waitFor()
  await ada.page.keyboard.press('Escape')
  await ada.page.getByText(like('Reply to {Bob}')).waitFor({ state: 'detached' })
  await at(ada, 1).focus()
  await ada.page.keyboard.press('r')
  await ada.page.getByText(like('Reply to {Bob}')).waitFor()
  await ada.page.keyboard.type('I have')
  await ada.page.keyboard.press('Enter')
  await ada.page.getByText(like('Reply to {Bob}')).waitFor({ state: 'detached' })
  await ada.sees('I have')

  // Bob's page does not hold the question, and fetches it.
  await bob.page.reload()
  await bob.online()
  await until('he is at the end', async () => { // he may not have read all that came, and the page opens at what is new; what answers keys comes with the first
    await bob.log.press('End')
    return (await bob.texts()).at(-1) === 'I have'
  })
  const quote = bob.messages.last().getByRole('button', { name: /Bob/ })
  await quote.getByText('who has the blue key?').waitFor()
  assert.equal(await at(bob, 1).count(), 0)
  await quote.click()
  await until('the question has the focus', async () => (await look(bob)).focused === 1)

  // What can be typed goes into the field.
  await at(ada, 301).focus()
  await ada.page.keyboard.type('hm')
  assert.equal(await ada.field.inputValue(), 'hm')
})

test('copied is what is said to be, also without a secure context', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  await ada.say('one\n  two')
  await ada.field.fill('```sh\nls -l\n```')
  await ada.field.press('Enter')
  await ada.page.getByText('ls -l').waitFor()
  const pasted = async () => {
    await ada.field.fill('')
    await ada.field.press('Control+v')
    return ada.field.inputValue()
  }
  await ada.page.getByText('one').first().waitFor()
  await at(ada, 1).focus()
  await ada.page.keyboard.press('c')
  await ada.page.getByText('Copied', { exact: true }).waitFor()
  assert.equal(await pasted(), 'one\n  two')
  await ada.page.getByRole('button', { name: 'Copy code' }).click()
  await ada.page.getByRole('status').getByText('Copied').first().waitFor()
  assert.equal(await pasted(), 'ls -l')
  await at(ada, 1).hover()
  const when = await at(ada, 1).locator('.message__time').getAttribute('title')
  assert.match(when ?? '', /^Link to this message, \u2068?\w+day,? /, 'under the pointer the time tells its day')
  await ada.page.getByRole('button', { name: 'Copy link to message' }).click()
  await until('the link is copied', async () => /#\/room\/lobby\/1$/.test(await pasted()))

  // Where the browser forbids it, nothing is claimed, and the text is there to be copied by hand.
  await until('that is not said any more', async () => (await ada.page.getByText('Copied', { exact: true }).count()) === 0)
  await ada.page.evaluate(() => { document.execCommand = () => false })
  await at(ada, 1).focus()
  await ada.page.keyboard.press('c')
  await ada.page.getByText(/Press .* to copy/).waitFor()
  assert.equal(await ada.page.evaluate(() => document.activeElement.value), 'one\n  two')
  assert.equal(await ada.page.getByText('Copied', { exact: true }).count(), 0)
})

test('a message is marked unread from, and the room opens there', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  await bob.say('a', 'b', 'c')
  await ada.sees('a', 'b', 'c')
  await at(ada, 2).focus()
  await ada.page.keyboard.press('u')
  await ada.page.getByRole('separator', { name: like('{2} new') }).waitFor()
  await ada.page.keyboard.press('Control+k')
  await ada.page.getByRole('combobox').fill('other')
  await ada.page.getByRole('option', { name: like('Open #{other}') }).waitFor()
  await ada.page.keyboard.press('Enter')
  await ada.page.getByRole('heading', { name: like('#{other}') }).waitFor()
  const lobby = ada.rooms.getByRole('link', { name: /lobby/ })
  await until('two are unread', async () => /2/.test(await lobby.textContent()))
  await lobby.click()
  await ada.page.getByRole('separator', { name: like('{2} new') }).waitFor()
})

test('a keyboard that lies over the page, as on an iPhone, covers nothing of the room', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada', {
    viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true,
    before: (page) => page.addInitScript(() => { // Chromium has no such keyboard
      const seen = Object.assign(new EventTarget(), { width: innerWidth, height: innerHeight, scale: 1, offsetTop: 0, pageTop: 0 })
      Object.defineProperty(window, 'visualViewport', { value: seen })
      window.see = (now) => seen.dispatchEvent(new Event('resize'), Object.assign(seen, now))
    }),
  })
  const { page } = ada
  const pump = await house.device('pump')
  for (let i = 0; i < 30; i++) await pump.publishAsync('chat/room/lobby/say', `line ${i}`, { qos: 1 })
  await ada.sees('line 29')
  const at = (selector) => page.locator(selector).last().evaluate((e) => { // from the top of the page, and down
    const { top, bottom } = e.getBoundingClientRect()
    return [Math.round(top), Math.round(bottom)]
  })
  const shown = async (top, bottom) => {
    await until(`the bar is at ${top}`, async () => (await at('.bar'))[0] === top)
    await until(`the room ends at ${bottom}`, async () => (await at('.app'))[1] === bottom)
    await until('the newest message is there', async () => {
      const [[from, to], [begin]] = [await at('.message'), await at('.composer')]
      return from > top && to <= begin
    })
  }
  await shown(0, 844)
  await ada.field.tap()
  await page.evaluate('see({ height: 460, offsetTop: 300, pageTop: 300 })')
  await shown(300, 760)
  await page.evaluate('see({ height: 460, offsetTop: 0, pageTop: 0 })')
  await shown(0, 460)
  await page.evaluate('see({ scale: 2, height: 400, offsetTop: 100, pageTop: 100 })') // zoomed in: the page stays
  await shown(0, 844)
  await page.evaluate('see({ scale: 1, height: 844, offsetTop: 0, pageTop: 0 })')
  await shown(0, 844)
})

test('a finger that rests on a message lists what can be done, and Back closes that alone', async (t) => {
  const house = await House.open(t)
  const bob = await house.joined('Bob')
  await bob.say('hold me')
  const ada = await house.joined('Ada', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
  await ada.sees('hold me')
  const touch = await ada.page.context().newCDPSession(ada.page)
  const hold = async () => {
    const b = await at(ada, 1).boundingBox()
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: b.x + 60, y: b.y + b.height / 2 }] })
    await ada.page.getByRole('button', { name: 'Reply' }).waitFor()
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  }
  await hold()
  assert.deepEqual(await ada.axe(), [])
  await ada.page.goBack()
  await ada.page.getByRole('button', { name: 'Reply' }).waitFor({ state: 'detached' })
  assert.equal(await ada.field.isVisible(), true)
  await hold()
  await ada.page.getByRole('button', { name: 'Reply' }).click()
  await ada.page.getByText(like('Reply to {Bob}: hold me')).waitFor()
  await ada.field.pressSequentially('held')
  await ada.field.press('Enter') // with a finger: a new line
  await ada.field.pressSequentially('twice')
  await ada.page.getByRole('button', { name: 'Send' }).click()
  await bob.sees('held\ntwice')
  await bob.messages.last().getByRole('button', { name: /hold me/ }).waitFor()
})
