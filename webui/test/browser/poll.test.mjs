import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

test('a poll is voted in by people and devices, and closed; what is pinned and whose hands are up is seen by all, also later', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  await ada.say('/poll Lunch?')
  const asker = ada.page.getByRole('dialog', { name: 'Ask a poll' })
  assert.equal(await asker.getByLabel('Question').inputValue(), 'Lunch?')
  await asker.getByRole('button', { name: 'Ask', exact: true }).click()
  await asker.getByText('at least two different options').waitFor()
  await asker.getByLabel('Option 1').fill('Rice')
  await asker.getByLabel('Option 1').press('Enter') // goes on
  await ada.page.keyboard.type('Soup')
  await ada.page.keyboard.press('Enter')
  await ada.page.keyboard.type('Bread')
  assert.deepEqual(await ada.axe(), [])
  await asker.getByRole('button', { name: 'Ask', exact: true }).click()
  await bob.sees('Lunch?')

  const poll = (p) => p.messages.filter({ hasText: 'Lunch?' })
  const option = (p, name) => poll(p).getByRole('button', { name: new RegExp(`^${name}: `) })
  await option(bob, 'Soup').click()
  await until('it is his at once', async () => (await option(bob, 'Soup').getAttribute('aria-pressed')) === 'true')
  await option(bob, 'Rice').click() // he changes his mind: one choice of each
  const pump = await house.device('pump')
  await pump.publishAsync('chat/room/lobby/say', '{"kind":"vote","ref":1,"choice":"rice"}', { qos: 1 })
  for (const p of [ada, bob]) await until('both are counted', async () => /Rice: .*2.* votes \(.*Bob.*pump.*\)/.test(await option(p, 'Rice').getAttribute('aria-label') ?? ''))
  assert.equal(await option(bob, 'Soup').getAttribute('aria-pressed'), 'false')
  await poll(ada).getByRole('button', { name: 'Who voted' }).click()
  await poll(ada).getByText(/Bob.*pump/).waitFor()
  assert.deepEqual(await bob.axe(), [])

  // Without a line a vote waits; with one it counts once.
  house.door.shut()
  await bob.page.getByText(/^No connection\. Keep writing/).waitFor()
  await option(bob, 'Bread').click()
  await bob.page.reload()
  house.door.reopen()
  await until('the vote came', async () => /Bread: .*1.* vote \(.*Bob.*\)/.test(await option(ada, 'Bread').getAttribute('aria-label') ?? ''))
  await poll(ada).getByRole('button', { name: 'Close the poll' }).click()
  for (const p of [ada, bob]) await poll(p).getByText(like('Closed by {Ada}')).waitFor()
  assert.equal(await option(bob, 'Rice').count(), 0)

  await ada.say('read this', 'and this')
  await bob.sees('read this', 'and this')
  const act = async (p, name) => {
    await p.page.keyboard.press('Enter')
    await p.page.getByRole('dialog', { name: 'What to do with this message' }).getByRole('button', { name, exact: true }).click()
  }
  await ada.messages.filter({ hasText: 'read this' }).focus()
  await act(ada, 'Pin')
  const line = (p) => p.page.locator('.board')
  for (const p of [ada, bob]) await line(p).getByText('read this').waitFor()

  // Bob raises his hand, and a button under a desk does.
  const hand = (p) => p.page.getByRole('button', { name: /your hand$/ }).first()
  await hand(bob).click()
  await until('it is up', async () => (await hand(bob).getAttribute('aria-pressed')) === 'true')
  const desk = await house.device('desk-3')
  await desk.publishAsync('chat/room/lobby/say', '{"kind":"hand"}', { qos: 1 })
  const queue = ada.panel.getByRole('region', { name: /^Raised hands/ })
  await until('both stand in their order', async () => (await queue.getByRole('listitem').allTextContents()).map((x) => x.replace(/\W*(\d).*?(Bob|desk-3).*/s, '$1 $2')).join() === '1 Bob,2 desk-3')
  assert.deepEqual(await ada.axe(), [])
  await queue.getByRole('button', { name: like('Call on {Bob}') }).click()
  await until('his is down', async () => (await hand(bob).getAttribute('aria-pressed')) === 'false')

  const eve = await house.joined('Eve', { viewport: { width: 390, height: 844 }, hasTouch: true })
  await poll(eve).getByRole('img', { name: /^Rice: .*1.* vote/ }).waitFor()
  await line(eve).getByText('read this').waitFor()
  await line(eve).getByText(/desk-3/).waitFor()
  assert.deepEqual(await eve.axe(), [])
  await line(bob).getByRole('button', { name: /pinned$/ }).click()
  const all = bob.page.getByRole('dialog', { name: 'Pinned messages' })
  await all.getByText(like('{Ada} pinned this')).waitFor()
  await all.getByRole('button', { name: 'Unpin' }).click()
  await until('it is pinned no more', async () => (await line(eve).getByText('read this').count()) === 0)
})
