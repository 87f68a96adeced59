import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

/** Fills the lobby with n messages, numbered from 1. */
async function fill(house, n) {
  const d = await house.device('history', { protocolVersion: 5 })
  for (let i = 0; i < n; i += 50) { // MQTT.js does not keep to the server's Receive Maximum by itself
    await Promise.all(Array.from({ length: Math.min(50, n - i) }, (_, k) =>
      d.publishAsync('chat/room/lobby/say', `message ${i + k + 1}${k % 7 === 0 ? '\nwith a second line' : ''}`, { qos: 1 })))
  }
}

test('scrolling back through 500 messages shows each, and never jumps', async (t) => {
  const house = await House.open(t)
  await fill(house, 500)
  const ada = await house.joined('Ada')
  await ada.page.locator('[data-seq="500"]').waitFor()
  const box = await ada.log.boundingBox()
  await ada.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  const seen = new Set()
  /** The messages in sight with the place of each, and whether anything is still being loaded. */
  const look = () => ada.page.evaluate(() => {
    const log = document.querySelector('[role=log]')
    const { top, bottom } = log.getBoundingClientRect()
    return {
      top: log.scrollTop,
      beginning: log.textContent.includes('This is the beginning'),
      shown: [...log.querySelectorAll('[data-seq]')].map((e) => [Number(e.dataset.seq), e.getBoundingClientRect().top]).filter(([, y]) => y >= top && y < bottom),
    }
  })
  /** Looks until two looks, some frames apart, are the same. */
  const settled = async () => {
    let a = await look()
    return until('the log is at rest', async () => {
      await ada.page.evaluate(() => new Promise((go) => setTimeout(go, 60)))
      const b = await look()
      const rest = JSON.stringify(a) === JSON.stringify(b)
      a = b
      return rest && b
    })
  }
  for (let step = 0; ; step++) {
    assert.ok(step < 300, 'the beginning does not come')
    const before = await settled()
    for (const [seq] of before.shown) seen.add(seq)
    if (before.beginning && before.top === 0) break
    await ada.page.mouse.wheel(0, -500)
    await until('it scrolled', async () => JSON.stringify((await look()).shown) !== JSON.stringify(before.shown))
    const after = await settled()
    const moved = after.shown.flatMap(([seq, y]) => before.shown.filter(([s]) => s === seq).map(([, was]) => y - was))
    assert.ok(moved.length > 0, `step ${step}: nothing of what was in sight is in sight`)
    for (const by of moved) assert.ok(by > 0 && by <= 502, `step ${step}: what was in sight moved by ${by} px`)
    assert.ok(Math.max(...moved) - Math.min(...moved) < 2, `step ${step}: rows moved apart: ${moved}`)
  }
  assert.deepEqual([...seen].sort((a, b) => a - b), Array.from({ length: 500 }, (_, i) => i + 1))
  assert.ok((await ada.page.evaluate(() => document.querySelectorAll('*').length)) <= 1_500, 'too much is in the document')

  // The place is kept while others write, and the button leads back.
  const bob = await house.joined('Bob')
  const place = await settled()
  await bob.say('new 1', 'new 2')
  await ada.page.getByRole('button', { name: like('{2} new messages') }).waitFor()
  assert.deepEqual((await look()).shown, place.shown)
  await ada.page.getByRole('button', { name: like('{2} new messages') }).click()
  await ada.sees('new 1', 'new 2')
})

for (const [what, o] of [
  ['desktop, light', { colorScheme: 'light' }],
  ['desktop, dark', { colorScheme: 'dark' }],
  ['phone, dark', { colorScheme: 'dark', viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }],
  ['phone, light', { colorScheme: 'light', viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }],
]) {
  test(`every screen is without a fault that axe knows: ${what}`, async (t) => {
    const house = await House.open(t)
    const phone = o.isMobile === true
    const d = await house.device('thermo')
    await d.publishAsync('chat/room/lobby/say', 'here I am', { qos: 1 })
    await d.publishAsync('chat/room/lobby/state/me', '{"temperature":21.5,"humidity":40}', { qos: 1 })
    const bob = await house.joined('Bob')
    const ada = await house.person(o)
    const clean = async (screen) => assert.deepEqual(await ada.axe(), [], screen)
    const narrow = async (screen) => {
      const [inside, width] = await ada.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
      assert.ok(inside <= width, `${screen}: ${inside} px in a window of ${width}`)
    }
    await ada.name.waitFor()
    await clean('first visit')
    await ada.name.fill('bob')
    await ada.page.getByText('is in use right now').waitFor()
    await clean('first visit, name taken')
    await ada.name.fill('Ada')
    await ada.page.getByText(like('{Ada} is free.')).waitFor()
    await ada.page.getByRole('button', { name: 'Join' }).click()
    await ada.field.waitFor()
    await ada.sees('here I am')
    const send = async (text) => {
      await ada.field.fill(text)
      await ada.page.getByRole('button', { name: 'Send' }).click()
    }
    await send('hello, look at http://127.0.0.1/ and @Bob')
    await bob.say('@Ada hi', 'a long line '.repeat(20), 'x'.repeat(300))
    await ada.page.getByText('x'.repeat(300)).waitFor()
    await clean('room')
    await narrow('room')
    const background = await ada.page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    const light = await ada.page.evaluate((c) => {
      const x = document.createElement('canvas').getContext('2d')
      x.fillStyle = c
      x.fillRect(0, 0, 1, 1)
      return x.getImageData(0, 0, 1, 1).data[1]
    }, background)
    assert.equal(light > 128, o.colorScheme === 'light', background)
    if (phone) {
      await ada.page.getByRole('button', { name: 'Open rooms' }).click()
      await ada.rooms.getByRole('link', { name: /lobby/ }).waitFor()
      await clean('rooms')
      await ada.page.goBack() // closes the drawer, and nothing else
      await ada.rooms.getByRole('link', { name: /lobby/ }).waitFor({ state: 'hidden' })
      await ada.page.getByRole('button', { name: 'People and devices in this room' }).click()
    }
    await ada.panel.getByText('Bob').waitFor()
    await clean('people')
    await ada.panel.getByRole('tab', { name: /Devices/ }).click()
    await ada.panel.getByText('21.5').waitFor()
    await clean('devices')
    await ada.page.keyboard.press('Escape')
    await ada.page.keyboard.press('Control+k')
    await ada.page.getByRole('combobox').waitFor()
    await clean('switcher')
    await ada.page.keyboard.press('Escape')
    const opened = async (screen, open) => {
      await open()
      const dialog = ada.page.locator('dialog[open]')
      await dialog.waitFor()
      await clean(screen)
      await narrow(screen)
      await ada.page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
    }
    const fromSide = (name) => async () => {
      if (phone) await ada.page.getByRole('button', { name: 'Open rooms' }).click()
      await ada.rooms.getByRole('button', { name }).click()
    }
    await opened('settings', fromSide('Settings'))
    await opened('keys', () => ada.page.keyboard.press('Control+/'))
    await opened('invitation', fromSide('Invite people'))
    house.door.shut()
    await ada.page.getByText(/^No connection\. Keep writing/).waitFor()
    await send('waits')
    await clean('without a connection')
    await ada.page.setViewportSize({ width: 320, height: 640 })
    await narrow('320 px')
  })
}

test('the room is there after six requests, in its place, and what only a hand needs comes with the first touch', async (t) => {
  const house = await House.open(t)
  const [ada, pump] = [await house.joined('Ada'), await house.device('pump')]
  await pump.publishAsync('chat/room/hall/say', 'here I am', { qos: 1 }) // an empty room says so, in a file of its own; and what one made has a description
  const asked = new Set()
  const again = await house.tab(ada, `${house.lan}#/room/hall`, async (page) => {
    page.on('request', (r) => asked.add(new URL(r.url()).pathname))
    await page.addInitScript(() => { // where the field is when it is first drawn
      const look = () => {
        const field = document.getElementById('write')
        if (field) window.firstField = field.getBoundingClientRect().toJSON()
        else requestAnimationFrame(look)
      }
      look()
    })
  })
  await again.online()
  asked.delete('/mqtt')
  await again.page.waitForLoadState('networkidle')
  const first = [...asked].filter((path) => path.startsWith('/')) // the icon stands in the page itself
  assert.ok(first.length <= 6, `it took ${first.join(' ')}`)
  assert.deepEqual(await again.page.evaluate(() => window.firstField), await again.field.evaluate((e) => e.getBoundingClientRect().toJSON()), 'the field moved')
  await again.page.mouse.move(300, 300)
  for (const part of ['hands', 'rest', 'attach', 'welcome']) await until(`${part} is there`, async () => [...asked].some((path) => path.startsWith(`/${part}-`)))
  await again.page.waitForLoadState('networkidle')
  const touch = [...asked].filter((path) => path.endsWith('.js') && !first.includes(path))
  assert.ok(touch.length <= 7, `with the touch came ${touch.join(' ')}`)
})
