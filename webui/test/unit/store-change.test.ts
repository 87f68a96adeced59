import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../src/mqtt/parse.ts'
import { Changes, changed, foldedUpTo, reacted } from '../../src/store/change.ts'
import { payload, read } from '../../src/store/outbox.ts'
import { Chance } from './chance.ts'

const text = (seq: number): Message => ({ seq, id: `id-${seq}`, time: seq * 1000, from: 'ada', room: 'lobby', kind: 'text', text: `text ${seq}` })
const about = (seq: number, kind: Message['kind'], say: string, more: Partial<Message> = {}): Message =>
  ({ ...text(seq), kind, text: say, ref: 'id-1', refseq: 1, ...more })

test('an edit, reactions and a deletion become part of the message', () => {
  const m = text(1)
  const edit = about(2, 'edit', 'new')
  assert.deepEqual(changed(m, [edit]), { ...m, text: 'new', edited: 2000 })
  assert.deepEqual(changed(m, [about(2, 'react', '👍'), about(3, 'react', '👍', { from: 'bob' }), about(4, 'react', '👍', { undo: true })]).reactions, [{ text: '👍', from: ['bob'] }])
  assert.deepEqual(changed(m, [edit, about(3, 'delete', '')]), { ...m, text: '', deleted: true })
  assert.equal(changed(m, []), m)
  assert.equal(changed(m, [about(5, 'edit', '', { deleted: true })]), m, 'a change whose text was erased')
})

test('what history has folded is not folded again, what comes later is', () => {
  const m = { ...text(1), text: 'as of 5', edited: 4000 }
  foldedUpTo([m], 5)
  assert.equal(changed(m, [about(4, 'edit', 'older')]), m)
  const later = changed(m, [about(4, 'edit', 'older'), about(6, 'edit', 'newer')])
  assert.equal(later.text, 'newer')
  assert.equal(changed(later, [about(4, 'edit', 'older'), about(6, 'edit', 'newer'), about(7, 'react', '👍')]).text, 'newer')
})

test('in whatever order changes come, the message is the same in the end', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const chance = new Chance(seed)
    const all = Array.from({ length: 12 }, (_, i) => chance.int(0, 2) === 0
      ? about(i + 2, 'edit', `edit ${i}`)
      : about(i + 2, 'react', ['👍', '🎉'][chance.int(0, 1)], { from: ['ada', 'bob'][chance.int(0, 1)], undo: chance.int(0, 2) === 0 || undefined }))
    const want = changed(text(1), all)
    const known = new Changes()
    let m = text(1)
    const mixed = all.toSorted(() => chance.int(0, 1) - 0.5)
    for (const c of mixed) {
      assert.deepEqual([...known.take([c, c])], [1])
      m = changed(m, known.of(1))
    }
    assert.deepEqual(m, want, `seed ${seed}`)
    assert.equal(known.take(all).size, 0, 'they are known')
  }
})

test('changes of many messages come at once, and again when their message does', () => {
  const known = new Changes()
  const of = (seq: number, to: number) => about(seq, 'react', '👍', { refseq: to })
  known.take([of(10, 1)])
  const before = known.of(1)
  assert.deepEqual([...known.take([of(11, 1), of(12, 2), of(13, 1), of(10, 1), of(12, 2)])], [1, 2])
  assert.deepEqual(before.map((c) => c.seq), [10], 'what was given stays as it was')
  assert.deepEqual(known.of(1).map((c) => c.seq), [10, 11, 13])
  known.keep((seq) => seq === 1)
  assert.deepEqual(known.of(2), [])
  assert.deepEqual([...known.take([of(11, 1), of(12, 2)])], [2])
  assert.deepEqual(known.of(2).map((c) => c.seq), [12])
})

test('a reaction is one for each person', () => {
  const one = reacted([], '👍', 'ada', false)
  assert.equal(reacted(one, '👍', 'ada', false), one)
  assert.deepEqual(reacted(one, '👍', 'ada', true), [])
  assert.deepEqual(reacted(one, '🎉', 'bob', true), one)
})

test('what is done to a message survives a reload of the page, and says what the protocol asks for', () => {
  const e = { id: 'e1', to: { room: 'lobby' }, text: 'new', from: 'Ada', at: 1, state: 'waiting', seq: 0, code: 0, why: '', again: 0, tab: 't', lease: 0 } as const
  const edit = { ...e, about: { kind: 'edit', seq: 7, id: 'm' } } as const
  assert.deepEqual(read(JSON.parse(JSON.stringify(edit))), edit)
  assert.deepEqual(JSON.parse(payload(edit)), { id: 'e1', kind: 'edit', ref: 7, text: 'new' })
  assert.deepEqual(JSON.parse(payload({ ...e, about: { kind: 'delete', seq: 7, id: 'm' } })), { id: 'e1', kind: 'delete', ref: 7 })
  assert.deepEqual(JSON.parse(payload({ ...e, text: '👍', about: { kind: 'react', seq: 7, id: 'm', undo: true } })), { id: 'e1', kind: 'react', ref: 7, text: '👍', undo: true })
  assert.deepEqual(JSON.parse(payload(e)), { id: 'e1', text: 'new' })
  assert.equal(read({ ...e, about: { kind: 'pin', seq: 7 } }), null, 'of a newer page')
})
