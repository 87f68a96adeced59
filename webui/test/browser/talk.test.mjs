import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'

test('two people and a device talk', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada', { at: house.local })
  const bob = await house.person()
  assert.deepEqual(await Promise.all([ada, bob].map((p) => p.page.evaluate('isSecureContext'))), [true, false])

  // A name that is taken, whatever its case: a clear sentence and names that are free.
  await bob.name.fill('ada')
  await bob.page.getByText('is in use right now').waitFor()
  const suggestion = bob.page.getByRole('group', { name: 'Names that are free' }).getByRole('button').first()
  const other = await suggestion.textContent()
  await suggestion.click()
  await bob.page.getByText(like(`{${other}} is free.`)).waitFor()
  await bob.page.getByRole('button', { name: 'Join' }).click()
  await bob.online()

  await ada.say('hello', 'who is there?')
  await bob.sees('hello', 'who is there?')
  await bob.say('me: <b>not bold</b> & "quoted"')
  await ada.sees('hello', 'who is there?', 'me: <b>not bold</b> & "quoted"')
  const plug = await house.device('plug')
  await plug.publishAsync('chat/room/lobby/say', 'kettle is on', { qos: 1 })
  await ada.sees('kettle is on')
  await bob.sees('kettle is on')
  assert.deepEqual(await ada.texts(), await bob.texts())
  const last = bob.messages.last()
  assert.match(await last.textContent(), /plug/)
  await last.getByText('device', { exact: true }).waitFor()

  // People and things in one roster, apart.
  await until('both people are listed', async () => {
    const text = await bob.panel.textContent()
    return text.includes('Ada') && text.includes(other)
  })
  assert.ok(!(await bob.panel.textContent()).includes('plug'))
  await plug.publishAsync('chat/room/lobby/state/me', '21.5', { qos: 1 })
  await bob.panel.getByRole('tab', { name: /Devices/ }).click()
  await bob.panel.getByText('21.5').waitFor()
  plug.stream.destroy() // the plug is pulled: its last will tells
  plug.end(true)
  await bob.panel.getByText('offline').first().waitFor()
})

test('who is typing is told, and is over with the message', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  await bob.field.pressSequentially('well')
  await ada.page.getByText(like('{Bob} is typing')).waitFor()
  await bob.field.press('Enter')
  await ada.sees('well')
  await ada.page.getByText(like('{Bob} is typing')).waitFor({ state: 'hidden' })
})

test('rooms are opened by name, told to others, and left', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  await ada.page.keyboard.press('Control+k')
  await ada.page.getByRole('combobox').fill('Kiln Room')
  await ada.page.getByRole('option', { name: like('Open #{kiln-room}') }).waitFor()
  await ada.page.keyboard.press('Enter')
  await ada.page.getByRole('heading', { name: like('#{kiln-room}') }).waitFor()
  await ada.page.getByText(like('#{kiln-room} is all yours')).waitFor()
  await ada.say('1200 °C')
  await bob.rooms.getByRole('link', { name: /kiln-room/ }).click()
  await bob.sees('1200 °C')
  await bob.say('hot')
  await ada.sees('1200 °C', 'hot')
  await bob.rooms.getByRole('button', { name: like('More about #{kiln-room}') }).click()
  await bob.page.getByRole('button', { name: like('Leave #{kiln-room}') }).click()
  await bob.page.getByRole('heading', { name: like('#{lobby}') }).waitFor()
  await until('Bob is gone from the room', async () => (await ada.panel.getByRole('listitem').filter({ hasText: 'Bob' }).filter({ hasNotText: 'left' }).count()) === 0)

  // A link to a room waits behind the first visit.
  const eve = await house.person({ at: `${house.lan}#kiln-room` })
  await eve.join('Eve')
  await eve.sees('1200 °C', 'hot')
})

test('two people talk alone', async (t) => {
  const house = await House.open(t)
  const [ada, bob] = [await house.joined('Ada'), await house.joined('Bob')]
  await ada.panel.getByRole('link', { name: /Bob/ }).click()
  await ada.say('psst')
  await bob.rooms.getByRole('link', { name: /Ada/ }).click()
  await bob.sees('psst')
  await bob.say('yes?')
  await ada.sees('psst', 'yes?')
  await bob.rooms.getByRole('link', { name: /lobby/ }).click()
  await bob.page.getByRole('heading', { name: like('#{lobby}') }).waitFor()
  assert.deepEqual(await bob.texts(), [])
})

test('who comes back to the page is who was here', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  await ada.say('before')
  await ada.page.reload()
  await ada.online()
  await ada.sees('before')
  await ada.say('after')
  await ada.sees('before', 'after')
  assert.equal(await ada.name.count(), 0)
})
