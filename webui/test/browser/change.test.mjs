import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

test('what was said is edited, reacted to and deleted, for everybody who reads', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  await ada.say('helo')
  await bob.sees('helo')

  // Up takes it into the empty field; what stood there before an edit is there after it.
  await ada.field.press('ArrowUp')
  await ada.page.getByText('You are editing a message').waitFor()
  await until('it is in the field', async () => (await ada.field.inputValue()) === 'helo')
  await ada.field.press('Escape')
  assert.equal(await ada.field.inputValue(), '')
  await ada.field.fill('a draft')
  await ada.messages.last().focus()
  await ada.page.keyboard.press('e')
  await until('it is in the field again', async () => (await ada.field.inputValue()) === 'helo')
  await ada.field.fill('hello')
  await ada.field.press('Enter')
  for (const p of [ada, bob]) {
    await p.sees('hello')
    await p.messages.last().getByText('edited').waitFor()
  }
  assert.equal(await ada.field.inputValue(), 'a draft')
  await ada.field.fill('')

  // Bob reacts by keyboard, Ada joins in with a click, and takes it back.
  await bob.messages.last().focus()
  await bob.page.keyboard.press('+')
  await bob.page.getByRole('group', { name: 'React' }).getByRole('button', { name: '👍' }).click()
  const chip = (p) => p.messages.last().getByRole('button', { name: /👍/ })
  await chip(ada).click()
  await until('both reactions are counted', async () => /2$/.test(await chip(bob).textContent()) && /2$/.test(await chip(ada).textContent()))
  assert.equal(await chip(ada).getAttribute('aria-pressed'), 'true')
  await chip(ada).click()
  await until('one is taken back', async () => /1$/.test(await chip(bob).textContent()) && /1$/.test(await chip(ada).textContent()))

  // Who comes later sees it as it is now; so does who was away.
  const eve = await house.joined('Eve')
  await eve.sees('hello')
  assert.equal(await chip(eve).getAttribute('aria-label'), '👍 1: Bob')
  assert.deepEqual(await eve.axe(), [])

  // Only the author is offered to delete, and is asked first.
  await bob.messages.last().focus()
  await bob.page.keyboard.press('Delete')
  await bob.page.keyboard.press('Enter')
  assert.equal(await bob.page.getByRole('button', { name: 'Delete', exact: true }).count(), 0)
  await bob.page.keyboard.press('Escape')
  await ada.messages.last().focus()
  await ada.page.keyboard.press('Delete')
  assert.deepEqual(await ada.axe(), [])
  await ada.page.getByRole('button', { name: 'Delete', exact: true }).click()
  for (const p of [ada, bob, eve]) await p.messages.last().getByText(like('{Ada} deleted this message')).waitFor()
  assert.deepEqual(await bob.texts(), [])
})

test('what is done to a message without a connection waits, and goes out once', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  await ada.say('helo')
  await bob.sees('helo')
  house.door.shut()
  await ada.page.getByText(/^No connection\. Keep writing/).waitFor()
  await ada.field.press('ArrowUp')
  await ada.field.fill('hello')
  await ada.field.press('Enter')
  await ada.sees('hello')
  await ada.page.reload() // it survives that, too
  house.door.reopen()
  for (const p of [ada, bob]) {
    await p.sees('hello')
    await p.messages.last().getByText('edited').waitFor()
  }
  await ada.say('marker')
  await bob.sees('hello', 'marker')
})
