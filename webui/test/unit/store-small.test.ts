import assert from 'node:assert/strict'
import { test } from 'node:test'
import { t } from '../../src/i18n/format.ts'
import { silence, spoken, wanted } from '../../src/store/announce.ts'
import { uuid7 } from '../../src/store/ids.ts'
import { kept } from '../../src/store/kept.ts'
import { advanced, toPost, unread } from '../../src/store/read.ts'
import { items } from '../../src/store/rooms.ts'
import { idle, key, sign, still, stop, writing } from '../../src/store/typing.ts'

test('read marks only go forward, and are posted once', () => {
  const marks = advanced(advanced(new Map(), 'room/lobby', 7), 'room/lobby', 5)
  assert.equal(marks.get('room/lobby'), 7)
  assert.equal(unread(marks, 'room/lobby', 9), 2)
  assert.equal(unread(marks, 'room/new', 9), 0)
  assert.deepEqual(toPost(marks, new Map([['room/lobby', 6]])), [['room/lobby', 7]])
  assert.deepEqual(toPost(marks, marks), [])
})

test('rooms: mine first, the lobby on top, then by name, whatever happens in them', () => {
  const open = new Map(['zebra', 'apple', 'lobby', 'beta'].map((room) => [room, { room, topic: '', last: 10 }]))
  const known = { last: () => 10, mentions: () => 0, pinned: () => false, muted: () => false }
  const list = items({ open, joined: ['zebra', 'lobby', 'beta'] }, new Map([['room/beta', 4]]), known)
  assert.deepEqual(list.map((i) => [i.room, i.joined, i.unread]), [['lobby', true, 0], ['beta', true, 6], ['zebra', true, 0], ['apple', false, 0]])
  const own = items({ open, joined: ['zebra', 'lobby', 'beta'] }, new Map([['room/beta', 4]]), { ...known, pinned: (r) => r === 'zebra', muted: (r) => r === 'beta' })
  assert.deepEqual(own.filter((i) => i.joined).map((i) => [i.room, i.unread]), [['zebra', 0], ['lobby', 0], ['beta', 0]]) // pinned first; muted without a count
})

test('typing is told at the first key, each four seconds, and taken back', () => {
  let r = key(still, 1000, false)
  assert.equal(r.say, '1')
  r = key(r.mine, 2000, false)
  assert.equal(r.say, null)
  assert.equal(key(r.mine, 5000, false).say, '1')
  assert.equal(idle(r.mine, 6999).say, null)
  assert.equal(idle(r.mine, 7000).say, '0')
  assert.equal(key(r.mine, 2100, true).say, '0')
  assert.equal(stop(still).say, null)
})

test('a sign of writing fades after six seconds', () => {
  const all = sign(sign(new Map(), 'ada', true, 0), 'bob', true, 3000)
  assert.deepEqual(writing(all, 5999), ['ada', 'bob'])
  assert.deepEqual(writing(all, 6000), ['bob'])
  assert.deepEqual(writing(sign(all, 'bob', false, 6000), 6000), [])
})

test('ids are UUIDv7 and sort by time', () => {
  const fill = (b: Uint8Array) => void b.fill(0xff)
  assert.match(uuid7(1_700_000_000_000, fill), /^[0-9a-f]{8}-[0-9a-f]{4}-7fff-bfff-f{12}$/)
  assert.ok(uuid7(1000, fill) < uuid7(1001, fill))
})

test('what a screen reader is told: single messages, and a count when more than three come in four seconds', () => {
  const count = (n: number, where: string) => `${n} in ${where}`
  const saying = (text: string, at: number, more = {}) => ({ text, where: 'lobby', at, mine: false, ...more })
  const after = (s: typeof silence, now: number, ...more: ReturnType<typeof saying>[]) => spoken({ ...s, waiting: [...s.waiting, ...more] }, now, count)
  let r = after(silence, 700, saying('a', 0), saying('b', 100))
  assert.deepEqual([r.say, r.until], [['a', 'b'], null])
  r = after(r.speech, 1700, saying('c', 1000), saying('d', 1100)) // four in four seconds: the last two wait
  assert.deepEqual([r.say, r.until], [[], 5000])
  r = after(r.speech, 2000, saying('for me', 1900, { mine: true }), saying('e', 1900, { where: 'kiln' })) // what is for me does not wait
  assert.deepEqual([r.say, r.until], [['for me'], 5000])
  r = after(r.speech, 5000, saying('f', 4000))
  assert.deepEqual([r.say, r.until], [['3 in lobby', 'e'], null])
  r = after(r.speech, 9001, saying('g', 8500))
  assert.deepEqual(r.say, ['g'])
  assert.deepEqual([wanted('everything', false), wanted('mentions', false), wanted('mentions', true), wanted('nothing', true)], [true, false, true, false])
})

test('sentences: plurals, numbers, isolated names', () => {
  assert.equal(t('strip.back', { n: 1 }), 'Back again. 1 message sent.')
  assert.equal(t('strip.back', { n: 2 }), 'Back again. 2 messages sent.')
  assert.equal(t('strip.back', { n: 0 }), 'Back again.')
  assert.equal(t('room.title', { room: 'x' }), '\u2068#x\u2069')
})

test('of what is kept the stricter limit counts, and what is no limit is none', () => {
  assert.deepEqual(kept(undefined, null), { days: 0, messages: 0, bytes: 0 })
  assert.deepEqual(kept({ days: 30, messages: 12 }, { days: 7, bytes: 1000 }), { days: 7, messages: 12, bytes: 1000 })
  assert.deepEqual(kept({ days: 0, messages: '5' }, 'much', { days: 90 }), { days: 90, messages: 0, bytes: 0 })
})
