// What a person chooses, everything by keyboard, and what is read aloud.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

test('what is chosen takes effect at once, in every tab, and stays', async (t) => {
  const house = await House.open(t)
  const ada = await house.person()
  const { page } = ada
  await page.getByLabel('Language').selectOption('de') // who does not read English finds the own language before all else
  await page.getByLabel('Wie sollen wir dich nennen?').waitFor()
  await page.getByLabel('Sprache').selectOption('en')
  await ada.join('Ada')
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
  await page.getByText(/^\u2068?[\d.,]+\s?(bytes|kB)\u2069? are stored here$/).waitFor()
  await page.getByRole('button', { name: 'Clear and sign out' }).click()
  const loaded = page.waitForEvent('load') // the page goes, and what is asked of it meanwhile is never answered
  await page.getByRole('button', { name: 'Clear and sign out' }).click()
  await loaded
  await ada.name.waitFor()
  await until('nothing is left', () => page.evaluate(() => !Object.keys(localStorage).some((k) => k.startsWith('tincan.'))))
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
  // What is opened while something else closes stays open.
  await page.keyboard.press('Control+/')
  await page.getByRole('dialog').waitFor()
  await Promise.all([page.keyboard.press('Escape'), page.keyboard.press('Control+k')])
  await page.getByRole('combobox').fill('lobby')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: like('#{lobby}') }).waitFor()
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

test('what lies over the page closes by Escape, by the way back and by its button, and gives the focus back', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada', { viewport: { width: 1440, height: 900 } })
  const { page } = ada
  const over = page.locator('dialog[open]')
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label')?.replace(/[\u2068\u2069]/g, '') ?? document.activeElement?.tagName)
  const shut = { escape: () => page.keyboard.press('Escape'), back: () => page.goBack(), button: () => over.getByRole('button', { name: 'Close', exact: true }).click() }
  const button = (name) => page.getByRole('button', { name, exact: true })
  for (const [open, from, ways] of [
    [() => button('Choose an emoji').click(), 'Choose an emoji', ['escape', 'back']],
    [() => button('Settings').click(), 'Settings', ['escape', 'back', 'button']],
    [() => button('Invite people').click(), 'Invite people', ['escape', 'back', 'button']],
    [() => button('New room').click(), 'New room', ['escape', 'back', 'button']],
    [() => page.getByRole('button', { name: like('More about #{lobby}') }).press('Enter'), 'More about #lobby', ['escape', 'back']],
    [() => ada.field.press('Control+/'), 'Message #lobby', ['escape', 'back', 'button']],
    [() => ada.field.press('Control+k'), 'Message #lobby', ['escape', 'back']],
  ]) {
    for (const way of ways) {
      await open()
      await over.waitFor()
      await shut[way]()
      await over.waitFor({ state: 'detached' })
      await until(`${from} has the focus again after ${way}`, async () => assert.equal(await focused(), from) ?? true)
    }
  }

  // In a search field Escape takes the words first.
  await button('Choose an emoji').click()
  const sought = over.getByRole('searchbox')
  await sought.fill('wave')
  await page.keyboard.press('Escape')
  assert.equal(await sought.inputValue(), '')
  await over.getByRole('button', { name: 'grinning face', exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await over.waitFor({ state: 'detached' })

  // The way back from a menu that was opened in a drawer leads to the room, which can be used.
  await page.setViewportSize({ width: 390, height: 844 })
  await button('Open rooms').click()
  await page.getByRole('button', { name: like('More about #{lobby}') }).click()
  await over.waitFor()
  await page.goBack()
  await over.waitFor({ state: 'detached' })
  await ada.field.click()
  await ada.say('still here')
  await ada.sees('still here')
  await button('Choose an emoji').click() // in a narrow window, with a mouse
  await until('the emoji take its width', async () => {
    const { x, width } = await over.boundingBox()
    return x === 0 && width === 390
  })
})

test('new messages are read aloud, many as one, my own and what is not wished never', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  const aloud = ada.page.locator('[role=status][aria-live]') // the composer has one of its own
  const said = async () => (await aloud.locator('p').allTextContents()).map((s) => s.replace(/[\u2068\u2069]/g, ''))
  await aloud.waitFor({ state: 'attached' })
  await ada.say('mine')
  await bob.sees('mine')
  await bob.say('yours')
  await until('it is read aloud', async () => assert.deepEqual(await said(), ['Bob: yours']) ?? true)
  const pump = await house.device('pump')
  await Promise.all([1, 2, 3, 4, 5].map((n) => pump.publishAsync('chat/room/lobby/say', `${n}`, { qos: 1 })))
  await until('five are one', async () => assert.deepEqual((await said()).slice(1), ['5 new messages in lobby']) ?? true)
  await ada.page.evaluate(() => localStorage.setItem('tincan.settings', '{"announce":"mentions"}'))
  await ada.page.reload()
  await ada.online()
  await aloud.waitFor({ state: 'attached' })
  await bob.say('not for her', '@Ada for you')
  await until('what is for her is read aloud', async () => (await said()).length > 0)
  assert.deepEqual(await said(), ['Bob: @Ada for you'])
})

test('in the colours of the system, what is chosen, has the focus or can be pressed is told apart', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada', { forcedColors: 'active' })
  assert.ok(await ada.page.evaluate(() => matchMedia('(forced-colors: active)').matches))
  const style = (el, pseudo, ...names) => el.evaluate((e, [pseudo, names]) => names.map((n) => getComputedStyle(e, pseudo)[n]), [pseudo, names])
  const seen = async (el, what, least) => {
    const [width, line, colour] = await style(el, '', `${what}Width`, `${what}Style`, `${what}Color`)
    assert.ok(Number.parseFloat(width) >= least && line === 'solid' && !/^(transparent|rgba\(.*, 0\))$/.test(colour), `${what}: ${width} ${line} ${colour}`)
  }
  await seen(ada.rooms.getByRole('link', { name: 'lobby' }), 'outline', 2) // the room that is open
  const settings = ada.rooms.getByRole('button', { name: 'Settings' })
  await seen(settings, 'borderTop', 1)
  await ada.page.keyboard.press('Tab')
  await seen(ada.page.locator(':focus-visible'), 'outline', 2)
  assert.deepEqual(await ada.axe(), [])

  await settings.click()
  const switches = ada.page.getByRole('dialog').getByRole('switch')
  const one = switches.first()
  const look = async () => [...await style(one, '', 'backgroundColor'), ...await style(one, '::after', 'backgroundColor', 'transform')]
  await seen(one, 'borderTop', 1)
  const before = await look()
  await one.click()
  await until('the other state looks otherwise', async () => (await look()).every((x, i) => x !== before[i]))
  for (const [ground, knob] of [before, await look()]) assert.notEqual(ground, knob, 'the knob is seen')
  assert.deepEqual(await ada.axe(), [])
})
