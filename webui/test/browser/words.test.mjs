// The page in other words: longer ones, and from right to left.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { catalogues, shortNames, sources } from '../../words.mjs'
import { House, until } from './house.mjs'

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
    await page.locator('.welcome__more').first().click()
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
    for (const view of ['#/devices', '#/devices/thermo', '#/wall/lobby', '#/room/lobby']) {
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
