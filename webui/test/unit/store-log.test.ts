import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../src/mqtt/parse.ts'
import { bySeq, gaps, insert, insertAll, keepNear, type Log, missing } from '../../src/store/log.ts'
import { Chance } from './chance.ts'

const message = (seq: number): Message => ({ seq, id: `id-${seq}`, time: seq * 1000, from: 'ada', room: 'lobby', kind: 'text', text: `text ${seq}` })

test('whatever the order and the repeats, the log is the sorted set of what came', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const chance = new Chance(seed)
    const model = new Set<number>()
    let log: Log = []
    for (let step = 0; step < 80; step++) {
      const page = Array.from({ length: chance.int(1, 7) }, () => chance.int(1, 90))
      for (const seq of page) model.add(seq)
      log = page.length === 1 ? insert(log, message(page[0])) : insertAll(log, page.map(message))
      assert.deepEqual(log.map((m) => m.seq), [...model].sort((a, b) => a - b), `seed ${seed}, step ${step}, page ${page}`)
    }
  }
})

test('a seq that is there already changes nothing: the same array comes back', () => {
  const log = insertAll([], [1, 2, 3].map(message))
  assert.equal(insert(log, { ...message(2), text: 'another' }), log)
  assert.equal(insertAll(log, [message(3), message(1)]), log)
})

test('gaps are told from the seqs alone, and at the end from the head', () => {
  const log = insertAll([], [3, 4, 8, 9, 20].map(message))
  assert.deepEqual(gaps(log, 20), [{ after: 4, before: 8 }, { after: 9, before: 20 }])
  assert.deepEqual(gaps(log, 22).at(-1), { after: 20, before: 23 })
  assert.equal(missing({ after: 4, before: 8 }), 3)
  assert.deepEqual(gaps([], 5), [])
})

test('the gaps of random logs, filled, leave none', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const chance = new Chance(seed)
    let log = insertAll([], Array.from({ length: 20 }, () => message(chance.int(1, 60))))
    for (const g of gaps(log, 60)) for (let seq = g.after + 1; seq < g.before; seq++) log = insert(log, message(seq))
    assert.deepEqual(gaps(log, 60), [], `seed ${seed}`)
    assert.equal(log.at(-1)?.seq, 60)
  }
})

test('what is kept in memory is what lies around the reader', () => {
  const log = insertAll([], Array.from({ length: 100 }, (_, i) => message(i + 1)))
  assert.equal(keepNear(log, 50, 200), log)
  assert.deepEqual(keepNear(log, Infinity, 3).map((m) => m.seq), [98, 99, 100])
  assert.deepEqual(keepNear(log, 1, 3).map((m) => m.seq), [1, 2, 3])
  assert.ok(keepNear(log, 50, 10).some((m) => m.seq === 50))
})

test('a message is found by its seq', () => {
  const log = insertAll([], [2, 5, 9].map(message))
  assert.equal(bySeq(log, 5)?.seq, 5)
  assert.equal(bySeq(log, 6), undefined)
})
