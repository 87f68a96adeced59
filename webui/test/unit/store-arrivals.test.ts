import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signal } from '@preact/signals'
import type { Message } from '../../src/mqtt/parse.ts'
import { Arrivals } from '../../src/store/arrivals.ts'
import { Conversation } from '../../src/store/conversation.ts'
import { Reading } from '../../src/store/reading.ts'

const message = (seq: number): Message => ({ seq, id: `m${seq}`, time: 1, from: 'ada', kind: 'text', text: `m${seq}` })

/** Arrivals of a room, and the frames that they asked for. */
function room() {
  const c = new Conversation({ room: 'lobby' }, signal([]), signal('bob'))
  const frames: ((drawn: boolean) => void)[] = []
  const arrivals = new Arrivals({
    frame: (f) => void frames.push(f), me: () => 'bob', current: () => c, arrived: () => {}, reading: new Reading(() => {}, () => 0, () => {}),
  })
  return { c, frames, arrivals }
}

test('a flood is put in its place a part after each drawing, and what came after it is done after it', () => {
  const { c, frames, arrivals } = room()
  const said: string[] = []
  arrivals.after(() => said.push('at once'))
  for (let seq = 1; seq <= 100; seq++) arrivals.add(c, message(seq))
  arrivals.after(() => said.push(`after ${c.last.value}`))
  for (let seq = 101; seq <= 110; seq++) arrivals.add(c, message(seq))
  arrivals.after(() => said.push(`after ${c.last.value}`))
  assert.deepEqual([frames.length, c.last.value], [1, 0])
  let before = 0
  for (let n = 0; frames.length > 0; n++) {
    assert.ok(n < 20)
    frames.shift()!(true)
    assert.ok(c.last.value - before <= 24, `${c.last.value - before} at once`)
    before = c.last.value
  }
  assert.deepEqual(c.log.value.map((m) => m.seq), Array.from({ length: 110 }, (_, i) => i + 1))
  assert.deepEqual(said, ['at once', 'after 100', 'after 110'])
})

test('who is not drawn takes all at once', () => {
  const r = room()
  for (let seq = 1; seq <= 1000; seq++) r.arrivals.add(r.c, message(seq))
  r.frames.shift()!(false)
  assert.deepEqual([r.c.last.value, r.frames.length], [1000, 0])
})

test('what fails holds nothing back', () => {
  const { c, frames, arrivals } = room()
  arrivals.add(c, message(1))
  arrivals.after(() => { throw new Error('broken') })
  arrivals.add(c, message(2))
  assert.throws(() => frames.shift()!(true), /broken/)
  frames.shift()!(true)
  assert.deepEqual([c.last.value, frames.length], [2, 0])
})
