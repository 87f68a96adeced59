import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, until } from './house.mjs'

test('what was for me while I was away is counted, also in rooms that were never opened', async (t) => {
  const house = await House.open(t)
  const bob = await house.joined('Bob')
  const ada = await house.device('Ada', { password: 'a' })
  const say = (topic, text) => ada.publishAsync(topic, text, { qos: 1 })
  const item = (p, name) => p.rooms.getByRole('link', { name })
  await bob.page.goto('about:blank')
  await say('chat/room/workshop/say', '@Bob the laser is free')
  await say('chat/room/workshop/say', 'nobody')
  await say('chat/user/Bob/say', 'psst')
  await bob.page.goto(house.lan)
  await bob.online()
  await until('the mention is counted', async () => /workshop.*: 1$/.test(await item(bob, /workshop/).textContent()))
  await until('so is what was said to him alone', async () => /Ada.*: 1$/.test(await item(bob, /Ada/).textContent()))
  await until('and both stand in the title', async () => (await bob.page.title()).startsWith('(2) '))
  // One more comes while he is there, in a room that he does not read.
  await say('chat/room/workshop/say', '@bob again')
  await until('it is counted, too', async () => /workshop.*: 2$/.test(await item(bob, /workshop/).textContent()))
  await item(bob, /Ada/).click()
  await bob.sees('psst')
  await until('it is read', async () => (await bob.page.title()).startsWith('(2) '))
  assert.deepEqual(await bob.axe(), [])
})
