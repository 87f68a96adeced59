import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

test('emoji, names and rooms are suggested while they are written, and taken by keyboard', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  const option = (name) => ada.page.getByRole('option', { name })
  await ada.panel.getByText('Bob').waitFor()
  await ada.field.pressSequentially('hi @b')
  await option('Bob').waitFor()
  assert.deepEqual(await ada.axe(), [])
  await ada.field.press('Enter')
  await ada.field.pressSequentially(':tad')
  await option(/:tada:/).waitFor()
  await ada.field.press('Tab')
  assert.equal(await ada.field.inputValue(), 'hi @Bob 🎉 ')
  await ada.field.pressSequentially('in #lob')
  await option(like('#lobby')).waitFor()
  await ada.field.press('Escape')
  await option(like('#lobby')).waitFor({ state: 'detached' })
  await ada.field.press('Enter')
  await bob.page.getByRole('article').getByText('@Bob').waitFor()
  assert.match(await bob.messages.last().textContent(), /hi @Bob 🎉 in #lob$/)
  await ada.field.pressSequentially('10:30 ')
  await ada.field.press('Enter')
  await until('it went out', async () => (await ada.field.inputValue()) === '')
})

test('lines stay lines, and what was not sent comes back with ↑', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  await ada.say('one\n\n  two\nthree')
  await bob.sees('one\n\n  two\nthree')

  house.door.shut()
  await ada.page.getByText(/^No connection\. Keep writing/).waitFor()
  await ada.say('waits')
  await ada.page.getByText('Waits for the connection').waitFor()
  await ada.field.press('ArrowUp')
  await until('it is back in the field', async () => (await ada.field.inputValue()) === 'waits')
  await ada.page.getByText('Waits for the connection').waitFor({ state: 'detached' })
  await ada.field.press('End')
  await ada.field.pressSequentially(' no more')
  house.door.reopen()
  await ada.online()
  await ada.field.press('Enter')
  await bob.sees('one\n\n  two\nthree', 'waits no more')
})
