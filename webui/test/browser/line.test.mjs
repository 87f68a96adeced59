import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, until } from './house.mjs'

test('what is written without a connection survives a reload and goes out once, in order', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob', { at: house.local })]
  await ada.say('before')
  await bob.sees('before')
  house.door.shut()
  await ada.say('one', 'two', 'three')
  await ada.page.getByText('Waits for the connection').first().waitFor()
  await ada.page.reload()
  await until('the three are still there', async () => (await ada.texts()).slice(-3).join() === 'one,two,three')
  await ada.page.getByText('Waits for the connection').first().waitFor()
  house.door.reopen()
  await bob.sees('before', 'one', 'two', 'three')
  await ada.sees('before', 'one', 'two', 'three')
  await ada.page.getByText('Waits for the connection').first().waitFor({ state: 'detached' })
  assert.deepEqual(await bob.texts(), ['before', 'one', 'two', 'three'])
})

test('nothing that was acknowledged is missing, doubled or out of order after kill -9', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  const acknowledged = []
  const counter = await house.device('counter', { protocolVersion: 5, clean: true })
  let n = 0
  let counting = true
  let most = 0 // the page draws some 200 rows: all that is said has to fit in
  const count = async () => {
    while (counting) {
      await until('more may be counted', async () => n < most || !counting)
      const text = `n${n++}`
      // MQTT.js sends again what was not acknowledged; the id makes that harmless.
      await counter.publishAsync('chat/room/lobby/say', JSON.stringify({ id: text, text }), { qos: 1 })
      acknowledged.push(text)
      await new Promise((go) => setTimeout(go, 20))
    }
  }
  const counted = count()
  for (let round = 0; round < 3; round++) {
    most += 30
    const before = acknowledged.length
    await until('some were acknowledged', async () => acknowledged.length > before + 10)
    await ada.say(`ada ${round}`)
    await house.kill()
    await bob.say(`bob ${round}`)
    await house.start()
  }
  most += 30
  const before = acknowledged.length
  await until('some more were acknowledged', async () => acknowledged.length > before + 10)
  counting = false
  await counted
  await ada.say('the end')
  const said = ['ada 0', 'ada 1', 'ada 2', 'bob 0', 'bob 1', 'bob 2', 'the end'] // in which order is chance
  const whole = async (p) => {
    const seen = new Map() // by seq; only a part of the rows is in the document at a time
    await until('the log is whole', async () => {
      for (const end of ['scrollHeight', 'clientTop']) {
        await p.log.evaluate((log, to) => { log.scrollTop = log[to] }, end)
        const shown = p.messages.and(p.page.locator('[data-seq]'))
        for (const [seq, text] of await shown.evaluateAll((all) => all.map((a) => [Number(a.dataset.seq), a.querySelector('.message__body > .text')?.textContent]))) seen.set(seq, text)
      }
      const texts = [...seen.values()]
      if (said.every((text) => texts.includes(text)) && texts.length >= acknowledged.length + said.length) return true
      throw new Error(`${acknowledged.length} were acknowledged; it has ${texts.length}: ${texts}`)
    })
    return [...seen].sort(([a], [b]) => a - b).map(([, text]) => text)
  }
  const [seen, other] = [await whole(ada), await whole(bob)]
  assert.deepEqual(seen, other, 'they see different logs')
  assert.deepEqual(seen.filter((x) => x.startsWith('n')), acknowledged, 'what was acknowledged')
  for (const text of said) {
    assert.equal(seen.filter((x) => x === text).length, 1, text)
  }
})

test('the loss of the line is told, and its return', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  await house.joined('Bob')
  await ada.page.evaluate(() => { location.hash = '#/user/Bob' })
  const mate = (state) => ada.page.locator(`.side .item .dot--${state}`).waitFor()
  const head = (state) => ada.page.locator(`.bar .dot--${state}`).waitFor()
  await Promise.all([mate('online'), head('online')])
  house.door.shut()
  await ada.page.getByText(/^No connection\. Keep writing/).waitFor()
  await Promise.all([mate('offline'), head('offline')]) // without a line nobody knows who is here
  house.door.reopen()
  await ada.page.getByText(/^Back again/).waitFor()
  await Promise.all([mate('online'), head('online')])
  await ada.page.evaluate(() => { location.hash = '#/room/lobby' })
  await ada.say('here')
  await ada.sees('here')
})

test('a part of the page that did not come is asked for again; one that is gone says what to do', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  ada.expected.push(/Failed to load resource/)
  const { page } = ada
  await page.evaluate(() => { window.same = true })
  const go = (hash) => page.evaluate((hash) => { location.hash = hash }, hash)
  const failed = page.getByRole('alert').filter({ hasText: 'This part of the page did not load.' })
  const sought = page.locator('.search__field input')

  // Without a line it does not come; with the line it does, by itself.
  house.door.shut('all')
  await go('#/search')
  await failed.waitFor()
  house.door.reopen()
  await sought.waitFor()
  await failed.waitFor({ state: 'detached' })

  // A file that another build has replaced: it may be asked for as often as one likes.
  let asked = 0
  await page.route('**/devices-*.js', (r) => {
    asked++
    return r.fulfill({ status: 404, body: 'There is nothing here.' })
  })
  for (let i = 1; i <= 2; i++) {
    await go('#/devices')
    await failed.getByRole('link', { name: 'Reload' }).waitFor()
    await until('it was asked for', async () => asked >= i)
    await go('#lobby')
    await failed.waitFor({ state: 'detached' })
  }
  // It was only a server that had not come up yet.
  await page.unroute('**/devices-*.js')
  await go('#/devices')
  await page.getByRole('heading', { name: 'Devices', level: 1 }).waitFor()
  assert.equal(await page.evaluate(() => window.same), true, 'the page was loaded again')
})

test('what the page cannot go on without is asked for again, then the page is loaded anew; what was being written stays', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  ada.expected.push(/Failed to load resource/)
  await ada.say('kept')
  await ada.sees('kept')
  const scripts = await ada.page.evaluate(() => performance.getEntriesByType('resource').map((r) => new URL(r.name).pathname).filter((path) => path.endsWith('.js')))
  const texts = await Promise.all(scripts.map(async (path) => (await fetch(new URL(path, house.local))).text()))
  const speaks = scripts[texts.findIndex((text) => text.includes('new WebSocket'))]
  let asked = 0
  await ada.page.route(`**${speaks}`, (r) => (++asked <= 2 ? r.fulfill({ status: 404, body: 'There is nothing here.' }) : r.continue()))
  await ada.page.reload()
  await ada.page.evaluate(() => { window.same = true })
  await ada.field.fill('half a word')
  await until('the page is loaded anew', () => ada.page.evaluate(() => !window.same))
  await ada.online()
  await until('what was being written is there', async () => (await ada.field.inputValue()) === 'half a word')
  await ada.field.press('Enter')
  await ada.sees('kept', 'half a word')
})

test('what was missed meanwhile comes where it belongs', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  await ada.say('first')
  await ada.log.getByText('Arrived').waitFor()
  house.door.shut()
  const plug = await house.device('plug')
  const missed = Array.from({ length: 40 }, (_, i) => `missed ${i}`)
  for (const m of missed) await plug.publishAsync('chat/room/lobby/say', m, { qos: 1 })
  house.door.reopen()
  await ada.sees('first', ...missed)
})

test('a tab that is copied takes nothing over', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  const session = await ada.page.evaluate(() => JSON.stringify({ ...sessionStorage }))
  const copy = await ada.page.context().newPage()
  await copy.addInitScript((s) => { for (const [k, v] of Object.entries(JSON.parse(s))) sessionStorage.setItem(k, v) }, session)
  await copy.goto(house.lan)
  await copy.getByRole('form', { name: 'Write a message' }).getByRole('textbox').fill('from the copy')
  await copy.keyboard.press('Enter')
  await ada.sees('from the copy')
  await ada.say('from the first')
  await copy.getByRole('log').getByText('from the first').waitFor()
})

test('a part of the page that does not come while the line is down comes later by itself', async (t) => {
  const house = await House.open(t)
  const ada = await house.person({ before: (page) => page.route(/\/rest-[^/]*\.js$/, (r) => r.abort()) })
  ada.expected.push(/Failed to load resource: net::ERR_FAILED/)
  await ada.join('Ada')
  await ada.page.getByRole('button', { name: 'Settings' }).click()
  await ada.page.getByText('This part of the page did not load.').waitFor()
  await ada.page.unroute(/\/rest-[^/]*\.js$/)
  await ada.page.getByRole('heading', { name: 'Settings', exact: true }).waitFor()
  assert.equal(await ada.page.getByText('This part of the page did not load.').count(), 0)
})
