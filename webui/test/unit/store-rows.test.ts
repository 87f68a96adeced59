import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../src/mqtt/parse.ts'
import { add, type Coming } from '../../src/store/comings.ts'
import type { Entry } from '../../src/store/outbox.ts'
import { notes, rows, type Stand } from '../../src/store/rows.ts'

const noon = new Date(2026, 4, 1, 12, 0, 0).getTime()
const minute = 60_000
const message = (seq: number, from: string, at: number, more: Partial<Message> = {}): Message =>
  ({ seq, id: `id-${seq}`, time: at, from, room: 'lobby', kind: 'text', text: `text ${seq}`, ...more })
const stand = (s: Partial<Stand>): Stand => ({ log: [], last: s.log?.at(-1)?.seq ?? 0, start: 1, notes: new Map(), mine: [], cut: null, me: 'noor', ...s })
const coming = (way: 'join' | 'leave', name: string, at: number, more: Partial<Coming> = {}): Coming => ({ way, name, device: false, at, after: 1, ...more })
const kinds = (s: Partial<Stand>) => rows(stand(s)).map((r) => r.is)

test('messages of one author within five minutes are joined, others are not', () => {
  const log = [
    message(1, 'ada', noon), message(2, 'ada', noon + 4 * minute), message(3, 'ada', noon + 9 * minute + 1), message(4, 'bob', noon + 9 * minute + 2),
  ]
  assert.deepEqual(rows(stand({ log })).filter((r) => r.is === 'message').map((r) => r.joins), [false, true, false, false])
})

test('what comes leaves the rows before it as they are, unless they are joined otherwise', () => {
  const [a, b, c] = [1, 2, 3].map((seq) => message(seq, 'ada', noon))
  const drawn = (s: Partial<Stand>) => rows(stand(s)).filter((r) => r.is === 'message')
  const before = drawn({ log: [a, b] })
  const after = drawn({ log: [a, b, c] })
  assert.ok(before[0] === after[0] && before[1] === after[1])
  assert.deepEqual(drawn({ log: [a, b, c], cut: { after: 1, until: 3 } }).map((r) => r.joins), [false, false, true])
  assert.deepEqual(after.map((r) => r.joins), [false, true, true])
})

test('a day begins with its date, and nothing is joined across midnight', () => {
  const midnight = new Date(2026, 4, 2).getTime()
  const all = rows(stand({ log: [message(1, 'ada', midnight - 1000), message(2, 'ada', midnight + 1000)] }))
  assert.deepEqual(all.map((r) => r.is), ['beginning', 'day', 'message', 'day', 'message'])
  assert.ok(all.at(-1)?.is === 'message')
  assert.deepEqual(all.filter((r) => r.is === 'message').map((r) => r.joins), [false, false])
})

test('keys are unique, also when a clock runs backwards over midnight', () => {
  const midnight = new Date(2026, 4, 2).getTime()
  const log = [1, 2, 3, 4].map((seq) => message(seq, 'ada', midnight + (seq % 2 === 0 ? 1000 : -1000)))
  const keys = rows(stand({ log })).map((r) => r.key)
  assert.equal(new Set(keys).size, keys.length)
})

test('a gap has a line where its messages belong, also at the end', () => {
  const all = rows(stand({ log: [message(5, 'ada', noon), message(9, 'ada', noon + 1)], last: 12 }))
  assert.deepEqual(all.map((r) => r.is), ['older', 'day', 'message', 'gap', 'message', 'gap'])
  assert.deepEqual(all.filter((r) => r.is === 'gap').map((r) => [r.after, r.before]), [[5, 9], [9, 13]])
})

test('the unread line stands once, above the first unread message, with their number', () => {
  const log = [1, 2, 3, 4].map((seq) => message(seq, 'ada', noon + seq))
  const all = rows(stand({ log, cut: { after: 2, until: 4 } }))
  assert.deepEqual(all.map((r) => r.is), ['beginning', 'day', 'message', 'message', 'cut', 'message', 'message'])
  assert.equal(all.find((r) => r.is === 'cut')?.count, 2)
  const below = all[5]
  assert.equal(below.is === 'message' && below.joins, false)
  assert.ok(!kinds({ log, cut: { after: 4, until: 4 } }).includes('cut'))
})

test('mine on its way stands at the end under the key that it keeps', () => {
  const entry: Entry = { id: 'id-7', to: { room: 'lobby' }, text: 'hi', from: 'noor', at: noon + 1, state: 'sending', seq: 0, code: 0, why: '', again: 0, tab: 't', lease: 0 }
  const pending = rows(stand({ log: [message(1, 'noor', noon)], mine: [entry] })).at(-1)
  assert.ok(pending?.is === 'mine' && pending.joins)
  const there = rows(stand({ log: [message(1, 'noor', noon), message(2, 'noor', noon + 1, { id: 'id-7' })] })).at(-1)
  assert.equal(there?.key, pending.key)
})

test('kinds that have no line of their own still have their place in the order', () => {
  const log = [message(1, 'ada', noon), message(2, 'ada', noon, { kind: 'react' }), message(3, 'ada', noon)]
  assert.deepEqual(kinds({ log }), ['beginning', 'day', 'message', 'message'])
})

test('comings between two messages are one note, people and devices apart', () => {
  let all: readonly Coming[] = []
  for (const c of [coming('join', 'ada', 1), coming('join', 'bob', 2), coming('leave', 'eve', 3), coming('join', 'plug', 4, { device: true })]) all = add(all, c)
  assert.deepEqual(notes(all).get(1), { joined: ['ada', 'bob'], left: ['eve'], devicesJoined: ['plug'], devicesLeft: [] })
})

test('a join and a leave within two minutes are nothing, in either order; later they are two', () => {
  assert.deepEqual(add(add([], coming('join', 'ada', 0)), coming('leave', 'ada', 2 * minute)), [])
  assert.deepEqual(add(add([], coming('leave', 'ada', 0)), coming('join', 'ada', minute, { after: 9 })), [])
  assert.equal(add(add([], coming('join', 'ada', 0)), coming('leave', 'ada', 2 * minute + 1)).length, 2)
  assert.equal(add(add([], coming('join', 'ada', 0)), coming('leave', 'bob', 1)).length, 2)
})

test('a note stands behind the message that was the newest then, and breaks the author up', () => {
  const log = [message(1, 'ada', noon), message(2, 'ada', noon + 1)]
  const all = rows(stand({ log, notes: notes([coming('join', 'bob', noon)]) }))
  assert.deepEqual(all.map((r) => r.is), ['beginning', 'day', 'message', 'note', 'message'])
  const last = all.at(-1)
  assert.equal(last?.is === 'message' && last.joins, false)
})

test('comings do not grow without bound', () => {
  let all: readonly Coming[] = []
  for (let i = 0; i < 2000; i++) all = add(all, coming('join', `n${i}`, i * 3 * minute))
  assert.ok(all.length <= 500)
  assert.equal(all.at(-1)?.name, 'n1999')
})
