import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, until } from './house.mjs'

test('a wall comes in by itself, shows what is said and measured, and outlives the server', async (t) => {
  const house = await House.open(t)
  const thermo = await house.device('thermo')
  await thermo.publishAsync('chat/room/lobby/state/me', '{"temperature":21.5}', { qos: 1 })
  const bob = await house.joined('Bob')
  await bob.say('before the wall')
  const wall = await house.person({ at: `${house.lan}#/wall/lobby`, viewport: { width: 1280, height: 720 } })
  await wall.log.getByText('before the wall').waitFor()
  await wall.page.getByRole('region', { name: 'thermo' }).getByText('21.5').waitFor()
  assert.deepEqual(await wall.axe(), [])
  assert.equal(await wall.page.getByRole('textbox').count(), 0)
  assert.equal(await wall.page.evaluate(() => parseFloat(getComputedStyle(document.documentElement).fontSize)), 25.6)
  await bob.panel.getByRole('tab', { name: /Devices/ }).click()
  await bob.panel.getByRole('region', { name: /^wall-/ }).waitFor() // nobody in front of it: it is a thing

  // The newest is at the bottom, in sight, however much was said.
  await bob.say(...Array.from({ length: 30 }, (_, i) => `line ${i}`))
  await wall.log.getByText('line 29').waitFor()
  const inSight = () => wall.page.evaluate(() => {
    const log = document.querySelector('[role=log]').getBoundingClientRect()
    const last = [...document.querySelectorAll('[role=log] article')].at(-1).getBoundingClientRect()
    return last.bottom <= log.bottom + 1 && last.top >= log.top && document.documentElement.scrollWidth <= innerWidth
  })
  assert.equal(await inSight(), true)

  // The server is killed, and comes back.
  for (const round of [1, 2]) {
    await house.kill()
    await until('the wall says that nothing connects it', async () => !/\d+\u2069? person/.test(await wall.page.locator('.wall__head').textContent()))
    await wall.page.getByRole('region', { name: 'thermo' }).getByText('offline').waitFor() // nobody knows
    await house.start()
    await bob.say(`after the ${round}. fall`)
    await wall.log.getByText(`after the ${round}. fall`).waitFor()
    await thermo.publishAsync('chat/room/lobby/state/me', `{"temperature":${22 + round}}`, { qos: 1 })
    await wall.page.getByRole('region', { name: 'thermo' }).getByText(String(22 + round)).waitFor()
    await wall.page.getByRole('region', { name: 'thermo' }).getByText('offline').waitFor({ state: 'detached' })
  }
  assert.equal(await inSight(), true)

  // A reload by itself keeps its name; the way to the room is there for hands.
  const name = await wall.page.evaluate(() => JSON.parse(sessionStorage.getItem('tincan.me')).name)
  await wall.page.reload()
  await wall.log.getByText('after the 2. fall').waitFor()
  assert.equal(await wall.page.evaluate(() => JSON.parse(sessionStorage.getItem('tincan.me')).name), name)
  assert.equal(await wall.page.evaluate(() => localStorage.getItem('tincan.me')), null)
})
