import assert from 'node:assert/strict'
import { test } from 'node:test'
import { page } from '../../src/store/pages.ts'
import { mostInAll } from '../../src/store/places.ts'
import { kept } from '../../src/store/recall.ts'
import { read, write } from '../../src/store/reply.ts'
import { Place, quiet } from './place.ts'

/** Somebody in a lobby of n messages, far from the newest, with as many of them held as one conversation may hold. */
async function faraway(n: number) {
  const p = new Place()
  for (let i = 1; i <= n; i++) p.say('ada', `m${i}`)
  await p.join()
  const c = p.chat.places.current.value
  const seqs = () => c.log.value.map((m) => m.seq)
  while (seqs()[0] > n - 2300) {
    c.anchor = seqs()[0] // the view goes up
    p.chat.places.older(c)
    await quiet()
  }
  return { p, c, seqs }
}

test('of one conversation 2,000 messages are held, those around the reader', async () => {
  const { seqs } = await faraway(3000)
  assert.equal(seqs().length, 2000)
  assert.ok(seqs().at(-1)! < 3000)
})

test('the newest come although the reader was far from them', async () => {
  const { p, c, seqs } = await faraway(3000)
  await p.chat.places.toEnd(c)
  assert.deepEqual(seqs().slice(-page), Array.from({ length: page }, (_, i) => 3001 - page + i))
  assert.equal(c.wish.value?.way, 'end')
})

test('a message that is linked or quoted comes although the reader was far from it', async () => {
  const { p, c, seqs } = await faraway(3000)
  await p.chat.places.show(c, 40)
  for (const seq of [20, 40, 100]) assert.ok(seqs().includes(seq), `${seq}`)
  assert.deepEqual(c.wish.value, { way: 'message', seq: 40 })
})

test('all conversations together hold 6,000 messages: what was open longest ago keeps its newest', async () => {
  const p = new Place()
  await p.join()
  const rooms = ['a', 'b', 'c', 'd']
  for (const room of rooms) {
    p.chat.go({ at: 'room', room, seq: 0 })
    const c = p.chat.places.current.value
    c.take(Array.from({ length: 1900 }, (_, i) => ({ seq: i + 1, id: `${i}`, time: 1, from: 'ada', room, kind: 'text' as const, text: 'x' })))
  }
  await p.pass(1000)
  const held = rooms.map((room) => p.chat.places.conversation({ room }).log.value)
  assert.deepEqual(held.map((l) => l.length), [kept, 1900, 1900, 1900])
  assert.equal(held[0].at(-1)?.seq, 1900)
  assert.ok(held.reduce((n, l) => n + l.length, 0) <= mostInAll)
})

test('a quoted message that is not held is fetched once, and believed only if it has the id', async () => {
  const p = new Place()
  for (let i = 1; i <= 300; i++) p.say('ada', `m${i}`)
  await p.join()
  const c = p.chat.places.current.value
  assert.equal(c.quote({ seq: 300, id: 'id-300' })?.text, 'm300')
  assert.equal(c.quote({ seq: 0, id: 'id-299' })?.text, 'm299') // posted by somebody who told only the id
  const far = { seq: 7, id: 'id-7' }
  assert.equal(c.quote(far), undefined)
  const before = p.published.length
  for (let i = 0; i < 3; i++) p.chat.places.quote(c, far.seq)
  await quiet()
  assert.equal(c.quote(far)?.text, 'm7')
  assert.equal(c.quote({ seq: 7, id: 'id-8' }), null)
  assert.equal(p.published.length, before + 1)
})

test('an answer carries what it answers, and no other does', async () => {
  const p = new Place()
  p.say('ada', 'who?')
  await p.join()
  p.chat.places.current.value.reply.value = { seq: 1, id: 'id-1' }
  p.chat.send('me')
  await quiet()
  p.chat.send('and more')
  await quiet()
  assert.deepEqual(p.published.filter((x) => x.topic.endsWith('/say')).map((x) => [x.body.text, x.body.reply, x.body.re]), [['me', 'id-1', 1], ['and more', undefined, undefined]])
})

test('a reference to a message survives being kept', () => {
  for (const r of [null, { seq: 0, id: 'a' }, { seq: 12, id: 'two words\nand a line' }]) assert.deepEqual(read(write(r)), r)
  for (const word of ['', 'x', '12', ' 12 a', '-1 a']) assert.equal(read(word), null, word)
})

test('what is marked unread stays so while it is looked at, until the room is opened again', async () => {
  const p = new Place()
  for (const text of ['one', 'two', 'three']) p.say('ada', text)
  await p.join()
  p.chat.setHere(true, true)
  const c = p.chat.places.current.value
  const unread = () => p.chat.places.items.value.find((i) => i.room === 'lobby')?.unread
  p.chat.reading.pin(c, 2)
  assert.deepEqual(c.cut.value, { after: 1, until: 3 })
  p.chat.reading.saw(c, 3)
  await p.pass(5000)
  assert.equal(unread(), 2)
  p.chat.go({ at: 'room', room: 'other', seq: 0 })
  await quiet()
  p.chat.go({ at: 'room', room: 'lobby', seq: 0 })
  await quiet()
  assert.deepEqual(c.cut.value, { after: 1, until: 3 })
  p.chat.reading.saw(c, 3)
  await p.pass(5000)
  assert.equal(unread(), 0)
})

test('the marks that the server tells at once say where to begin', async () => {
  const p = new Place()
  for (let i = 1; i <= 9; i++) p.say('ada', `m${i}`)
  p.entrance.type('noor')
  p.entrance.join('', true)
  p.line.onReady({ name: 'noor', sessionPresent: false, user: {}, refused: [] })
  p.tell('chat/user/me/inbox', { type: 'marks', rooms: { lobby: 4 } })
  p.line.onState('online')
  await quiet()
  assert.deepEqual(p.chat.places.current.value.cut.value, { after: 4, until: 9 })
})
