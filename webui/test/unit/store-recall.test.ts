import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Memory } from '../../src/store/memory.ts'
import { Place, quiet } from './place.ts'

/** A place whose lobby holds n messages, read to the end and kept; the page is closed. */
async function visited(n: number): Promise<Place> {
  const p = new Place()
  for (let i = 1; i <= n; i++) p.say('ada', `m${i}`)
  await p.join()
  p.chat.setHere(true, true)
  p.chat.reading.saw(p.chat.places.current.value, n)
  await p.pass(3000)
  p.chat.leave()
  await quiet()
  return p
}

/** The page is opened again; the line is not up yet. */
async function opened(p: Place): Promise<void> {
  p.published = []
  p.chat = p.open()
  await p.begin(null)
}

test('the page opens with what was there before the line is up', async () => {
  const p = await visited(300)
  await opened(p)
  assert.equal(p.chat.line.value.is, 'connecting')
  assert.equal(p.published.length, 0)
  assert.deepEqual([p.texts[0], p.texts.at(-1), p.texts.filter((t) => t.startsWith('m')).length], ['older', 'm300', 50]) // what was fetched
  assert.equal(p.chat.places.current.value.wish.value?.way, 'end')
  assert.equal(p.chat.reading.marks.value.get('room/lobby'), 300)
})

test('at most the last 200 are kept', async () => {
  const p = await visited(1)
  for (let i = 2; i <= 400; i++) p.bring(p.say('ada', `m${i}`))
  p.chat.tick()
  await quiet()
  await opened(p)
  assert.deepEqual([p.texts.filter((t) => t.startsWith('m')).length, p.texts.at(-1)], [200, 'm400'])
})

test('what was missed joins without a gap, under the unread line', async () => {
  const p = await visited(10)
  for (let i = 11; i <= 13; i++) p.say('ada', `m${i}`)
  await opened(p)
  await p.online()
  assert.deepEqual(p.texts.slice(-5), ['m10', 'cut', 'm11', 'm12', 'm13'])
  assert.deepEqual(p.published.filter((x) => x.topic.endsWith('/history')).map((x) => x.body.after), [9]) // the last one held, to see that it is the same
  const keys = p.texts.filter((t) => t.startsWith('m'))
  assert.equal(new Set(keys).size, keys.length)
})

test('a log that is not the one that was kept is forgotten, with its marks', async () => {
  for (const now of [[], ['x1', 'x2'], Array.from({ length: 30 }, (_, i) => `x${i}`)]) {
    const p = await visited(10)
    p.log.length = 0 // the server was set up anew
    now.forEach((text, i) => p.say('ada', text, `new-${i}`))
    await opened(p)
    assert.equal(p.texts.at(-1), 'm10')
    await p.online()
    assert.deepEqual(p.texts.filter((t) => /^[mx]\d/.test(t)), now)
    assert.equal(p.chat.reading.marks.value.get('room/lobby'), now.length)
  }
})

test('a room that was not open is taken from what is kept when it is opened', async () => {
  const p = await visited(10)
  await opened(p)
  p.chat.go({ at: 'room', room: 'kitchen', seq: 0 })
  await quiet()
  assert.deepEqual(p.texts, [])
  p.chat.go({ at: 'room', room: 'lobby', seq: 0 })
  await quiet()
  assert.equal(p.texts.at(-1), 'm10')
})

test('a link to a message that is kept leads there at once; another one waits for the line', async () => {
  const p = await visited(300)
  p.chat = p.open()
  await p.begin({ at: 'room', room: 'lobby', seq: 280 })
  assert.deepEqual(p.chat.places.current.value.wish.value, { way: 'message', seq: 280 })
  p.chat = p.open()
  await p.begin({ at: 'room', room: 'lobby', seq: 20 })
  assert.equal(p.chat.places.current.value.wish.value?.way, 'end')
  await p.online()
  assert.deepEqual(p.chat.places.current.value.wish.value, { way: 'message', seq: 20 })
  assert.ok(p.texts.includes('m20'))
})

test('what is kept is read with care', async () => {
  const p = await visited(3)
  const logs = p.browser.shelf.rows.get('logs')!
  const [[key, row]] = [...logs] as [string, any][]
  const [good] = row.messages
  for (const messages of [null, 'x', [null, 7, {}, { ...good, seq: -1 }, { ...good, seq: 1.5 }, { ...good, id: '' }, { ...good, from: 7 }, { ...good, time: 'now' }]]) {
    logs.set(key, { ...row, messages, start: 'x' })
    await opened(p)
    assert.deepEqual(p.texts, [])
    await p.online()
    assert.equal(p.texts.at(-1), 'm3')
  }
})

test('marks that the server tells at the beginning are known', async () => {
  const p = new Place()
  await p.join()
  p.tell('chat/user/me/inbox', { type: 'marks', rooms: { lobby: 7, kitchen: 3, bad: 'x' } })
  assert.deepEqual([...p.chat.reading.marks.value].filter(([, n]) => n > 0), [['room/lobby', 7], ['room/kitchen', 3]])
})

test('a full browser is told, and nothing is lost while the tab is open', async () => {
  const p = new Place()
  await p.join()
  assert.equal(p.chat.keeping.value, 'all')
  p.browser.shelf.full = true
  p.line.onState('offline')
  p.chat.send('waits')
  await quiet()
  assert.equal(p.chat.keeping.value, 'full')
  assert.equal(p.chat.wouldLose(), true)
  await p.online()
  await quiet()
  assert.equal(p.published.filter((x) => x.topic.endsWith('/say')).length, 1)
})

test('the name is somebody else\'s now: the room stays in sight, and the next name takes along what was not sent', async () => {
  const p = new Place()
  p.say('ada', 'hello')
  await p.join()
  p.line.onState('offline')
  p.chat.send('waits')
  p.chat.drafts.set('room/lobby', { text: 'unfinished', reply: '', caret: 0 })
  p.line.onState('ended', { where: 'connack', code: 0x86, reason: 'wrong-secret', text: 'that is not the secret' })
  assert.deepEqual([p.chat.person.screen.value, p.chat.line.value.end?.why], ['room', 'name'])
  assert.deepEqual(p.texts.slice(-2), ['hello', 'waits (waiting)'])
  await p.chat.person.otherName()
  assert.deepEqual([p.chat.person.screen.value, p.entrance.field.value.no?.reason], ['welcome', 'wrong-secret'])
  await p.join('noor-2')
  await quiet()
  const sent = p.published.filter((x) => x.topic.endsWith('/say'))
  assert.deepEqual(sent.map((x) => x.body.text), ['waits'])
  assert.equal(p.chat.drafts.of('room/lobby').text, 'unfinished')
})

test('the name is somebody else\'s now: the right secret comes in again', async () => {
  const p = new Place()
  await p.join()
  p.line.onState('offline')
  p.line.onState('ended', { where: 'connack', code: 0x86, reason: 'wrong-secret', text: 'no' })
  await p.chat.person.become({ ...p.chat.person.identity!, secret: 'sesame', chosen: true })
  await quiet()
  assert.deepEqual([p.line.name, p.line.secret], ['noor', 'sesame'])
  await p.online()
  assert.equal(p.chat.line.value.is, 'online')
})

test('who wrote something is told once, in a while, that the name can be kept', async () => {
  const p = new Place()
  await p.join()
  await p.pass(400_000)
  assert.equal(p.chat.errand.value, null) // nothing to come back to
  p.chat.send('hello')
  p.chat.send('world')
  await p.pass(400_000)
  assert.deepEqual(p.chat.errand.value, { is: 'tip', state: 'waits' })
  p.chat.errand.value = null
  p.chat.send('again')
  await p.pass(400_000)
  assert.equal(p.chat.errand.value, null)
})

test('another tab has a newer secret of the name: this one comes back with it', async () => {
  const p = new Place()
  await p.join()
  new Memory(p.lasting, p.tab).setMe({ name: 'noor', secret: 'newer', chosen: true }, true)
  p.line.onState('offline')
  p.line.onState('ended', { where: 'connack', code: 0x86, reason: 'wrong-secret', text: 'no' })
  assert.deepEqual([p.line.name, p.line.secret], ['noor', 'newer'])
  p.line.onState('ended', { where: 'connack', code: 0x86, reason: 'wrong-secret', text: 'no' })
  assert.equal(p.chat.line.value.end?.why, 'name')
})

test('the server was started anew while we were here: when is told', async () => {
  const p = new Place()
  await p.join()
  const status = (since: string) => p.tell('chat/server/status', { state: 'online', version: '1', since, build: '' }, true)
  status('2026-05-01T10:00:00Z')
  status('2026-05-01T10:00:00Z')
  const restarted = () => p.chat.server.restarted.value?.since
  assert.equal(restarted(), undefined)
  status('2026-05-01T10:31:00Z')
  assert.equal(restarted(), Date.parse('2026-05-01T10:31:00Z'))
})

test('an answer that does not come makes the line slow', async () => {
  const p = new Place()
  await p.join()
  p.deaf = true
  p.chat.send('hello?')
  await p.pass(5000)
  assert.equal(p.chat.strip.value, 'slow')
})
