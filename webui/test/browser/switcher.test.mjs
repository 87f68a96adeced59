import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

test('one field leads to rooms, people, devices and what the page can do, by keys alone', async (t) => {
  const house = await House.open(t)
  const esp = await house.device('greenhouse')
  await esp.publishAsync('chat/room/lobby/state/me', '21.5', { qos: 1 })
  await house.joined('Bob')
  const ada = await house.joined('Ada')
  await ada.panel.getByText('Bob').waitFor()
  const { page } = ada
  const jump = async (letters) => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').pressSequentially(letters)
  }
  /** What a screen reader is told to be chosen. */
  const chosen = () => page.evaluate(() => document.getElementById(document.querySelector('[role=combobox]').getAttribute('aria-activedescendant'))?.textContent)

  await jump('gree')
  assert.match(await chosen(), /greenhouse.*device/)
  assert.deepEqual(await ada.axe(), [])
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'greenhouse' }).waitFor()

  await jump('b')
  assert.match(await chosen(), /Bob.*here/)
  await page.keyboard.press('ArrowDown')
  assert.match(await chosen(), /lobby.*room/)
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Bob' }).waitFor()

  await jump('invite')
  await page.keyboard.press('ArrowDown') // below «Open #invite»
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Invite people' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })

  await jump('/')
  await page.getByText('Nothing here has that name.').waitFor()
  await page.keyboard.press('Escape')
  await until('its entry has gone from the history', () => page.evaluate(() => !history.state?.over))
  await page.goBack()
  await page.getByRole('heading', { name: 'greenhouse' }).waitFor()
  await ada.rooms.getByRole('link', { name: /lobby/ }).click()
  await page.getByRole('heading', { name: like('#{lobby}') }).waitFor()
})
