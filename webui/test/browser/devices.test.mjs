import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

const state = (d, value, path = '') => d.publishAsync(`chat/room/lobby/state/me${path}`, typeof value === 'string' ? value : JSON.stringify(value), { qos: 1 })

test('devices show what they measure, answer commands, and never look fresher than they are', async (t) => {
  const house = await House.open(t)
  const esp = await house.device('greenhouse')
  await state(esp, { title: 'Beds', values: { soil: { unit: '%', low: 25 } }, commands: [{ label: 'Water 20 s', payload: { pump: 'on' }, confirm: true }] }, '/$about')
  await state(esp, { soil: 42, temperature: 21.4, pump: false })
  const flow = await house.device('flow')
  await state(flow, { mode: 'night', next: ['18:30'] })
  const ada = await house.joined('Ada')
  await ada.rooms.getByRole('link', { name: /All devices/ }).click()
  const tile = (name) => ada.page.getByRole('region', { name, exact: true })
  await tile('greenhouse').getByText('last value').first().waitFor() // it was there before: nobody knows how old it is
  await tile('greenhouse').getByText('42').waitFor()
  await tile('flow').getByText('unknown shape: shown as it came').waitFor()
  await tile('flow').getByText('"night"').waitFor()
  assert.deepEqual(await ada.axe(), [])

  // Live values, a line with its sentence, a limit.
  await state(esp, { soil: 35, temperature: 21.4, pump: false })
  await state(esp, { soil: 24, temperature: 21.4, pump: false })
  await tile('greenhouse').getByRole('img', { name: like('{soil}: from {42} to {24} {%}, falling') }).waitFor()
  await ada.page.getByText(like('{greenhouse} is beyond its limit: {soil} {24} {%}')).waitFor()
  await tile('greenhouse').getByText(/ago|now/).waitFor()

  // A command is a direct message; it is asked about first, and the answer stands where the button is.
  const heard = new Promise((got) => esp.on('message', (topic, payload) => got(JSON.parse(payload))))
  await esp.subscribeAsync('chat/user/me/inbox', { qos: 1 })
  await tile('greenhouse').getByRole('button', { name: 'Water 20 s' }).click()
  await tile('greenhouse').getByRole('button', { name: like('{Water 20 s}: sure?') }).click()
  const command = await heard
  assert.deepEqual([command.type, command.message.from, command.message.data], ['message', 'Ada', { pump: 'on' }])
  await tile('greenhouse').getByText(like('{Water 20 s}: waiting for an answer')).waitFor()
  await esp.publishAsync('chat/user/Ada/say', 'pump runs', { qos: 1 })
  await tile('greenhouse').getByText(like('{Water 20 s}: {pump runs}')).waitFor()

  // One device large: all its values, and a command of one's own to which nothing comes back.
  await tile('greenhouse').getByRole('link', { name: 'Beds' }).click()
  const large = ada.page.getByRole('region', { name: 'Beds' })
  await large.getByText('temperature').waitFor()
  await large.getByText('off', { exact: true }).waitFor()
  assert.match(ada.page.url(), /#\/devices\/greenhouse$/)
  assert.deepEqual(await ada.axe(), [])
  await large.getByRole('textbox', { name: 'Send a command…' }).fill('restart')
  await large.getByRole('button', { name: 'Send' }).click()
  await large.getByText(like('{restart}: no answer yet')).waitFor()

  // Gone is gone at once, with the hour and in grey; without a line nobody is known to be here.
  esp.stream.destroy()
  esp.end(true)
  await large.getByText(/offline.*\d\d:\d\d/).waitFor()
  await large.locator('xpath=self::*[contains(@class, "tile--stale")]').waitFor()
  await ada.page.getByRole('link', { name: 'All devices' }).last().click()
  await tile('greenhouse').getByText(/^last value, .* old$/).waitFor()
  await tile('flow').locator('xpath=self::*[not(contains(@class, "tile--stale"))]').waitFor()
  house.door.shut()
  await tile('flow').locator('xpath=self::*[contains(@class, "tile--stale")]').waitFor()
  await tile('flow').getByText('offline').waitFor()
  house.door.reopen()
  await tile('flow').locator('xpath=self::*[not(contains(@class, "tile--stale"))]').waitFor()

  // The way back to the room.
  await ada.rooms.getByRole('link', { name: /lobby/ }).click()
  await ada.page.getByRole('heading', { name: like('#{lobby}') }).waitFor()
  await until('the address is that of the room', async () => ada.page.url().endsWith('#/room/lobby'))
})

test('a device has its sign in the log as soon as it tells what it is', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  const esp = await house.device('kiln')
  await esp.publishAsync('chat/room/lobby/say', 'it is warm', { qos: 1 })
  const sign = () => ada.messages.filter({ hasText: 'it is warm' }).locator('.icon path').first().getAttribute('d')
  const before = await sign()
  await state(esp, { icon: 'plug' }, '/$about')
  await until('the sign is its own', async () => (await sign()) !== before)
})
