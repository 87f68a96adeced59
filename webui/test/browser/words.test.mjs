// The page in other words: longer ones, from right to left, chosen while it is open; what is read aloud; what is kept here.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { catalogues, shortNames, sources } from '../../words.mjs'
import { House, like, until } from './house.mjs'

const src = fileURLToPath(new URL('../../src', import.meta.url))

/** English as no language writes it: with accents, a good deal longer, and each sentence in brackets. */
function pseudo(message) {
  const odd = { a: 'áa', e: 'éè', i: 'íi', o: 'óö', u: 'úü', A: 'Á', E: 'É', I: 'Í', O: 'Ó', U: 'Ú', c: 'ç', n: 'ñ', s: 'š', y: 'ý' }
  return `⟦${message.replace(/\{\w+(?:, plural,)?|(?:=\d+|zero|one|two|few|many|other) (?=\{)|[a-zA-Z]/g, (x) => (x.length > 1 ? x : odd[x] ?? x))}⟧`
}

/** Puts the pseudo-language in the place of a real one, which gives it its direction. */
function disguise(language) {
  const en = catalogues(`${src}/i18n`).en
  const short = shortNames(Object.keys(en), sources(src))
  const words = short.ofCatalogue(Object.fromEntries(Object.entries(en).map(([key, message]) => [key, pseudo(message)])))
  return (page) => page.route(`**/${language}-*.js`, (r) => r.fulfill({ contentType: 'text/javascript', body: `export default ${JSON.stringify(words)}` }))
}

/** What is wrong with the words in sight: not translated, or cut off, or out of the window. */
function faults() {
  const theirs = 'bdi, .text, .fence, pre, code, kbd, time, small, .can, svg, option, .spark, b[dir]'
  const out = []
  const seen = (el) => el.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !el.closest('.unseen, .skip')
  const plain = (s) => s.replace(/\u2068[^\u2069]*\u2069|\b(Ada|Bob|thermo|temperature|lobby)\b/g, '')
  const bad = (s) => /\p{L}{2}/u.test(plain(s)) && !s.includes('⟦')
  const dialog = document.querySelector('dialog[open]')
  const root = dialog ?? document.body
  const place = document.querySelector('meta[name=tincan-place]').content
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const el = n.parentElement
    if (!seen(el) || el.closest(theirs)) continue
    if (bad(n.data) && n.data !== place) out.push(`not translated: ${n.data}`)
    const end = n.data.indexOf('⟧')
    if (end < 0 || el.closest('.cut')) continue // a line that may be cut says so with …
    const range = document.createRange()
    range.setStart(n, end)
    range.setEnd(n, end + 1)
    const box = range.getBoundingClientRect()
    let scrolls = false // what lies above a scrolled place is not cut off
    for (let a = el; a && a !== document.body; a = a.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(a)
      const within = a.getBoundingClientRect()
      if (overflowX !== 'visible' && (box.left < within.left - 1 || box.right > within.right + 1)) out.push(`cut off at the side: ${n.data}`)
      scrolls ||= overflowY === 'auto' || overflowY === 'scroll'
      if (overflowY === 'hidden' && !scrolls && (box.bottom > within.bottom + 1 || box.top < within.top - 1)) out.push(`cut off above or below: ${n.data}`)
    }
    if (box.left < -1 || box.right > innerWidth + 1) out.push(`out of the window: ${n.data}`)
  }
  for (const el of root.querySelectorAll('[aria-label], [title], [placeholder]')) {
    if (!el.checkVisibility()) continue
    for (const name of ['aria-label', 'title', 'placeholder']) {
      const s = el.getAttribute(name)
      if (s && bad(s) && !el.matches('.note, .tile, .spark')) out.push(`${name} not translated: ${s}`)
    }
  }
  if (document.documentElement.scrollWidth > innerWidth) out.push(`${document.documentElement.scrollWidth} px in a window of ${innerWidth}`)
  return [...new Set(out)]
}

for (const [language, dir] of [['de', 'ltr'], ['ar', 'rtl']]) {
  test(`long words fit, and none is forgotten: ${dir}`, async (t) => {
    const house = await House.open(t)
    const thermo = await house.device('thermo')
    await thermo.publishAsync('chat/room/lobby/say', 'here I am', { qos: 1 })
    await thermo.publishAsync('chat/room/lobby/state/me', '{"temperature":21.5}', { qos: 1 })
    const bob = await house.joined('Bob')
    const ada = await house.person({ locale: language, viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, before: disguise(language) })
    const { page } = ada
    const fits = async (screen) => {
      for (const width of [390, 320]) {
        await page.setViewportSize({ width, height: 844 })
        await until(`${screen}: ${width} px fit`, async () => {
          const found = await page.evaluate(faults)
          assert.deepEqual(found, [], `${screen}, ${width} px`)
          return true
        })
      }
      await page.setViewportSize({ width: 390, height: 844 })
    }
    await page.locator('#name').waitFor()
    assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), [language, dir])
    await page.locator('.welcome__more').click()
    await fits('first visit')
    await page.locator('#name').fill('bob')
    await page.locator('.hint--bad').waitFor()
    await fits('name taken')
    await page.locator('#name').fill('Ada')
    await page.locator('.hint--ok').waitFor()
    await page.locator('.welcome__join').click()
    await page.locator('#write').fill('hello @Bob')
    await page.locator('.composer__send').click()
    await ada.sees('here I am', 'hello @Bob')
    await bob.say('@Ada hi')
    await ada.sees('here I am', 'hello @Bob', '@Ada hi')
    await fits('room')
    assert.deepEqual(await ada.axe(), [], 'room')
    await page.locator('.bar__menu').click()
    await page.locator('.side__me').waitFor()
    const side = await page.locator('.drawer--side').boundingBox()
    await until('the drawer came from the start', async () => {
      const { x, width } = await page.locator('.drawer--side').boundingBox()
      return dir === 'ltr' ? x === 0 : Math.abs(x + width - 390) < 1
    })
    assert.ok(side.width < 390)
    await fits('rooms')
    await page.locator('.side__me .icon-button').first().click()
    await page.locator('.dialog').waitFor()
    await fits('settings')
    assert.deepEqual(await ada.axe(), [], 'settings')
    await page.keyboard.press('Escape')
    await page.locator('.dialog').waitFor({ state: 'detached' })
    const sheet = async (screen, open) => {
      await open()
      await page.locator('dialog[open]').waitFor()
      await fits(screen)
      await page.keyboard.press('Escape')
      await page.locator('dialog[open]').waitFor({ state: 'detached' })
    }
    await sheet('keyboard', () => page.keyboard.press('Control+/'))
    await sheet('what to do with a message', () => ada.messages.last().press('Enter'))
    await sheet('invitation', async () => {
      await page.locator('.bar__menu').click()
      await page.locator('.side .icon-button').first().click()
    })
    await page.locator('.bar__people').click()
    await page.locator('.panel .tab').nth(1).click()
    await page.locator('.tile').waitFor()
    await fits('devices')
    await page.keyboard.press('Escape')
    for (const view of ['#/devices', '#/devices/thermo', '#/room/lobby']) {
      await page.evaluate((hash) => { location.hash = hash }, view)
      await page.locator(view === '#/room/lobby' ? '.log' : '#devices, .wall').waitFor()
      await fits(view)
      if (dir === 'rtl') assert.deepEqual(await ada.axe(), [], view)
    }
    house.door.shut()
    await page.locator('.strip--warn').waitFor()
    await fits('no connection')
  })
}

test('what is chosen takes effect at once, in every tab, and stays', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  const { page } = ada
  const look = (p) => p.evaluate(() => {
    const { lang, dir, dataset } = document.documentElement
    return [dataset.theme, dataset.density, lang, dir, getComputedStyle(document.documentElement).colorScheme]
  })
  await ada.say('hello')
  await ada.sees('hello')
  await page.getByRole('button', { name: 'Settings' }).click()
  const settings = page.getByRole('dialog', { name: 'Settings' })
  await settings.getByText('Your browser allows them only on a secure address.').waitFor() // by http, as most are
  assert.deepEqual(await ada.axe(), [])
  await settings.getByRole('radio', { name: 'Dark' }).check()
  await settings.getByRole('radio', { name: 'Tight' }).check()
  assert.deepEqual(await look(page), ['dark', 'compact', 'en', 'ltr', 'dark'])
  assert.deepEqual(await ada.axe(), [])
  await settings.getByRole('switch', { name: 'Quiet hours' }).check()
  await settings.getByLabel('from').fill('21:30')
  await page.keyboard.press('Escape')
  await settings.waitFor({ state: 'detached' })
  await until('the focus is where it was', () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') === 'Settings'))

  const second = await page.context().newPage()
  await second.goto(house.lan)
  await second.locator('#write').waitFor()
  assert.deepEqual(await look(second), ['dark', 'compact', 'en', 'ltr', 'dark'])
  await second.getByRole('button', { name: 'Settings' }).click()
  await second.getByLabel('Language').selectOption('ar')
  await second.getByRole('dialog', { name: 'الإعدادات' }).waitFor() // the dialog is still open, in other words
  await until('the other tab speaks it, too', async () => (await look(page)).join() === 'dark,compact,ar,rtl,dark')
  await page.getByRole('heading', { name: 'اليوم' }).waitFor()
  await second.getByLabel('اللغة').selectOption('')
  await page.getByRole('heading', { name: 'Today' }).waitFor()
  await page.reload()
  await page.locator('#write').waitFor()
  assert.deepEqual(await look(page), ['dark', 'compact', 'en', 'ltr', 'dark'])
  assert.deepEqual(await page.evaluate(() => JSON.parse(localStorage.getItem('tincan.settings')).quiet), { from: 21 * 60 + 30, to: 7 * 60 })
})

test('what is kept here can be forgotten', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  const { page } = ada
  await ada.say('hello')
  await ada.sees('hello')
  await page.getByRole('button', { name: 'Settings' }).click()
  await page.getByText(/^[\u2068\d.,]+\s?\S*B\u2069? are stored here$/).waitFor()
  await page.getByRole('button', { name: 'Clear and sign out' }).click()
  await page.getByRole('button', { name: 'Clear and sign out' }).click()
  await ada.name.waitFor()
  await until('nothing is left', async () => {
    const left = await page.evaluate(async () => {
      const keys = Object.keys(localStorage).filter((k) => k.startsWith('tincan.'))
      const db = await new Promise((ok, no) => {
        const r = indexedDB.open('tincan')
        r.onsuccess = () => ok(r.result)
        r.onerror = () => no(r.error)
      })
      const counts = await Promise.all([...db.objectStoreNames].map((s) => new Promise((ok, no) => {
        const r = db.transaction(s).objectStore(s).count()
        r.onsuccess = () => ok([s, r.result])
        r.onerror = () => no(r.error)
      })))
      db.close()
      return [...keys, ...counts.filter(([, n]) => n > 0).map(([s]) => s)]
    })
    assert.deepEqual(left, [])
    return true
  })
})

test('everything by keyboard: the parts of the page, the rooms, the map of keys', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada', { viewport: { width: 1440, height: 900 } })
  const { page } = ada
  await ada.say('hello')
  await ada.sees('hello')
  const at = (what) => until(`the focus is in ${what}`, () => page.evaluate((s) => document.activeElement?.closest(s) !== null, what))
  for (const key of ['F6', 'Shift+F6']) {
    await page.locator('#write').focus()
    for (const part of key === 'F6' ? ['.panel', '.side', '.log', '.composer'] : ['.log', '.side', '.panel', '.composer']) {
      await page.keyboard.press(key)
      await at(part)
    }
  }
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('kiln')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: like('#{kiln}') }).waitFor()
  await page.keyboard.press('Alt+ArrowDown') // from the last room to the first
  await page.getByRole('heading', { name: like('#{lobby}') }).waitFor()
  await page.keyboard.press('Alt+2')
  await page.getByRole('heading', { name: like('#{kiln}') }).waitFor()
  await page.keyboard.press('Alt+1')
  await page.getByRole('heading', { name: like('#{lobby}') }).waitFor()

  const map = page.getByRole('dialog', { name: 'Keyboard' })
  await page.locator('#write').press('Shift+?')
  assert.equal(await page.locator('#write').inputValue(), '?') // somebody asks something
  await page.locator('#write').fill('')
  await ada.messages.last().focus()
  await page.keyboard.press('Shift+?')
  await map.waitFor()
  assert.deepEqual(await ada.axe(), [])
  await map.getByRole('switch').uncheck()
  await page.keyboard.press('Escape')
  await map.waitFor({ state: 'detached' })
  await at('.message')
  await page.keyboard.press('Shift+?')
  await until('it is written instead', async () => (await page.locator('#write').inputValue()) === '?')
  assert.equal(await map.count(), 0)
  await page.keyboard.press('Control+/')
  await map.waitFor()
  await page.keyboard.press('Escape')
  await map.waitFor({ state: 'detached' })

  // A drawer has the focus while it is open, and gives it back.
  await page.setViewportSize({ width: 600, height: 800 })
  await page.getByRole('button', { name: 'Open rooms' }).press('Enter')
  await at('.drawer--side')
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press('Tab')
    assert.ok(await page.evaluate(() => document.activeElement.closest('.main') === null), 'the focus is under the drawer')
  }
  await page.keyboard.press('Escape')
  await at('.bar__menu')
  await page.getByRole('button', { name: 'Open rooms' }).press('Enter')
  await at('.drawer--side')
  await page.setViewportSize({ width: 1440, height: 900 }) // there are no drawers any more
  await until('the room can be used', () => page.evaluate(() => !document.querySelector('.main').inert))
})

test('new messages are read aloud, many as one, my own and what is not wished never', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  const aloud = ada.page.getByRole('status')
  const said = async () => (await aloud.locator('p').allTextContents()).map((s) => s.replace(/[\u2068\u2069]/g, ''))
  await aloud.waitFor({ state: 'attached' })
  await ada.say('mine')
  await bob.sees('mine')
  await bob.say('yours')
  await until('it is read aloud', async () => (await said()).join() === 'Bob: yours')
  await bob.say('1', '2', '3', '4', '5')
  await until('five are one', async () => (await said()).at(-1) === '5 new messages in lobby')
  await ada.page.evaluate(() => localStorage.setItem('tincan.settings', '{"announce":"mentions"}'))
  await ada.page.reload()
  await ada.online()
  await aloud.waitFor({ state: 'attached' })
  await bob.say('not for her', '@Ada for you')
  await until('what is for her is read aloud', async () => (await said()).length > 0)
  assert.deepEqual(await said(), ['Bob: @Ada for you'])
})
