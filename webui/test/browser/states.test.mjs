import assert from 'node:assert/strict'
import { test } from 'node:test'
import { House, like, until } from './house.mjs'
import { Script } from './script.mjs'

/** Somebody in the room of a server that does what the test says. */
async function scene(t, o) {
  const house = await House.open(t)
  const script = await Script.behind(t, house)
  const ada = await house.joined('Ada', o)
  return { house, script, ada, visit: script.visits[0] }
}

const says = (p, sentence) => p.page.getByText(like(sentence)).waitFor()
const click = (p, name) => p.page.getByRole('button', { name, exact: true }).click()

test('open elsewhere: it ends here and comes back only when told to, as another session', async (t) => {
  const { script, ada, visit } = await scene(t)
  visit.end(0x8e)
  await says(ada, 'You are {Ada} somewhere else: another tab took over this session.')
  await ada.page.evaluate(() => dispatchEvent(new Event('online'))) // what would wake a lost line
  await click(ada, 'Continue here')
  const again = await script.visit(2) // and there was no other between
  assert.notEqual(again.connect.clientId, visit.connect.clientId)
  await ada.online()
})

test('removed: it says why, and comes back only when told to', async (t) => {
  const { script, ada, visit } = await scene(t)
  visit.end(0x98, 'Ada Okafor removed you for 10 minutes: too loud')
  await says(ada, 'You were removed: {Ada Okafor removed you for 10 minutes: too loud}')
  await click(ada, 'Try to come back')
  await script.visit(2)
  await ada.online()
})

test('a code without a sentence gets one of the page', async (t) => {
  const { ada, visit } = await scene(t)
  visit.end(0x87)
  await says(ada, 'The server ended the session: {that is not allowed here, ask the person who runs tincan}')
})

test('cut for reading too slowly: it is back by itself and says so', async (t) => {
  const { script, ada, visit } = await scene(t)
  visit.end(0x97)
  await script.visit(2)
  await says(ada, 'This page could not keep up and was cut off for a moment.')
})

test('full: it says so at the door and comes in by itself when there is room', async (t) => {
  const house = await House.open(t)
  const script = await Script.behind(t, house)
  let room = false
  script.takes = (p, v) => p.cmd === 'connect' && !room && (v.send({ cmd: 'connack', reasonCode: 0x89, sessionPresent: false, properties: { userProperties: { reason: 'full' } } }), true)
  const ada = await house.person()
  await ada.name.fill('Ada')
  await click(ada, 'Join')
  await says(ada, 'This place is full. You come in by yourself as soon as there is room.')
  room = true
  await ada.online()
})

test('the name is somebody else’s now: the room stays, and another name takes along what waits', async (t) => {
  const { script, ada, visit } = await scene(t)
  script.takes = (p, v) => p.cmd === 'connect' && p.username === 'Ada' && String(p.password) !== 'sesame'
    && (v.send({ cmd: 'connack', reasonCode: 0x86, sessionPresent: false, properties: { userProperties: { reason: 'wrong-secret' } } }), true)
  visit.ws.terminate()
  await says(ada, '{Ada} is taken now')
  await ada.say('waits')
  await ada.field.fill('half a sentence')
  assert.deepEqual(await ada.axe(), [])
  await ada.page.getByLabel(like('Secret for {Ada}')).fill('guess')
  await ada.page.keyboard.press('Enter')
  await says(ada, '{Ada} is taken now')
  await click(ada, 'Use another name')
  await ada.page.getByText('is in use right now').or(ada.page.getByText('That is not the secret')).first().waitFor()
  await ada.name.fill('Ada-2')
  await ada.page.getByText(like('{Ada-2} is free.')).waitFor()
  await click(ada, 'Join')
  await ada.online()
  const last = script.visits.at(-1)
  await until('the message goes out', async () => last.said.length === 1)
  assert.deepEqual([last.connect.username, last.said[0].text], ['Ada-2', 'waits'])
  await until('the draft is there', async () => (await ada.field.inputValue()) === 'half a sentence')
})

test('an answer that does not come, a full disk, too many messages: each is told, and all goes out in the end', async (t) => {
  const { script, ada } = await scene(t, { before: (page) => page.clock.install() })
  let answer = () => {}
  script.takes = (p, v) => p.cmd === 'publish' && p.topic.endsWith('/say') && (answer = (...a) => v.ack(p, ...a), true)
  const arrived = (n) => until(`message ${n} is posted`, async () => script.visits.at(-1).said.length === n)
  await ada.say('one')
  await ada.say('two')
  await arrived(1)
  await ada.page.clock.fastForward(5000)
  await says(ada, 'The connection is slow: answers take longer than usual.')
  answer(0x97, 'the computer that runs tincan has no space left')
  await ada.page.locator('.strips').getByText('The host has no disk space left. Reading works, sending waits.').waitFor()
  await ada.page.clock.fastForward(6000)
  await arrived(2)
  answer(0x83, 'messages come too fast')
  await ada.page.getByText(/^Not so fast: goes out in/).waitFor()
  await ada.page.clock.fastForward(6000)
  await arrived(3)
  answer(0)
  await arrived(4)
  answer(0)
  assert.deepEqual(script.visits.at(-1).said.map((m) => m.text), ['one', 'one', 'one', 'two'])
  assert.equal(new Set(script.visits.at(-1).said.map((m) => m.id)).size, 2)
})

test('a room that the server does not open says so', async (t) => {
  const { script, ada } = await scene(t)
  script.takes = (p, v) => p.cmd === 'subscribe' && p.subscriptions.some((s) => s.topic.includes('kitchen'))
    && (v.send({ cmd: 'suback', messageId: p.messageId, granted: p.subscriptions.map(() => 0x97) }), true)
  await ada.page.evaluate(() => { location.hash = '#/room/kitchen' })
  await says(ada, 'The server does not open #{kitchen} for you.')
})

test('the page is older than the server: it offers to reload, and the draft is there after that', async (t) => {
  const { house, ada, visit } = await scene(t)
  visit.tell('chat/server/status', { state: 'online', version: '2', since: '2026-05-01T10:00:00Z', build: 'another' }, true)
  await says(ada, 'A newer tincan is running.')
  await ada.field.fill('half a sentence')
  house.door.elsewhere = null // the new one
  await click(ada, 'Reload')
  await ada.online()
  await until('the draft is there', async () => (await ada.field.inputValue()) === 'half a sentence')
  assert.equal(await ada.page.getByText('A newer tincan is running.').count(), 0)
})

test('the server was restarted: it says so, with the time', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  await ada.page.waitForLoadState('networkidle') // the part that will say so is there
  await house.kill()
  await house.start()
  await ada.page.getByText(/tincan was restarted, /).waitFor()
  await ada.online()
})

test('no connection for half a minute names the host, and Try now tries at once', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada', { before: (page) => page.clock.install() })
  house.door.shut()
  await ada.page.getByText(/^No connection\. Keep writing/).waitFor()
  await ada.page.clock.fastForward(31_000)
  await ada.page.getByText(/^Cannot reach /).waitFor()
  await ada.page.clock.pauseAt(await ada.page.evaluate('Date.now() + 10')) // so that it does not try by itself just before
  house.door.reopen()
  await click(ada, 'Try now')
  await ada.page.clock.resume()
  await ada.page.getByText(/^Back again/).waitFor()
})

test('back with what was missed: the strip leads to it', async (t) => {
  const house = await House.open(t)
  const ada = await house.joined('Ada')
  const plug = await house.device('plug')
  house.door.shut()
  await ada.page.getByText(/^No connection\. Keep writing/).waitFor()
  await ada.say('mine')
  await ada.page.getByText(/1\u2069? message waits/).waitFor()
  for (const m of ['a', 'b', 'c']) await plug.publishAsync('chat/room/lobby/say', m, { qos: 1 })
  house.door.reopen()
  await ada.page.getByText(/^Back again\. .?1.? message sent\./).waitFor()
  await ada.page.locator('.strips').getByRole('button', { name: /3.? new messages/ }).click()
  await ada.sees('a', 'b', 'c', 'mine')
})

test('without JavaScript: how to join by MQTT, at the right host and port', async (t) => {
  const house = await House.open(t)
  const ada = await house.person({ javaScriptEnabled: false })
  const text = await ada.page.locator('body').innerText()
  assert.match(text, new RegExp(`host ${new URL(house.lan).hostname}, port ${house.mqtt}, topic chat/room/lobby/messages`))
  const eve = await house.joined('Eve')
  const shown = /mosquitto_pub -h \S+ -p (\d+) -u (\S+) -t (\S+) -m (\S+)/.exec(text)
  const d = await house.device(shown[2], { port: Number(shown[1]) })
  await d.publishAsync(shown[3], shown[4], { qos: 1 })
  await eve.sees('hello')
})

test('an invitation goes through the name page to its room, and its passphrase out of the address', async (t) => {
  const house = await House.open(t)
  const script = await Script.behind(t, house)
  const ada = await house.person({ at: `${house.lan}#/room/workshop/3?door=open%20sesame` })
  await says(ada, 'You are invited to #{workshop}.')
  await until('the passphrase is out of the address', async () => new URL(ada.page.url()).hash === '#/room/workshop/3')
  await ada.page.reload()
  await ada.name.fill('Ada')
  await click(ada, 'Join')
  await ada.page.getByRole('heading', { name: like('#{workshop}') }).waitFor()
  const visit = await script.visit(1)
  assert.equal(visit.connect.properties.userProperties.door, 'open sesame')
  assert.ok(visit.packets.some((p) => p.cmd === 'subscribe' && p.subscriptions.some((s) => s.topic === 'chat/room/workshop/#')))
})
