import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askHere, askName, parseHere } from '../../src/store/namecheck.ts'
import { Place, quiet } from './place.ts'

test('who stands before the door is told how many are here, if anybody is', async () => {
  for (const [here, told] of [[{ people: 14, devices: 5 }, { people: 14, devices: 5 }], [{ people: 0, devices: 1 }, { people: 0, devices: 1 }], [{ people: 0, devices: 0 }, null], [null, null]] as const) {
    const p = new Place()
    p.here = here
    await p.begin(null)
    assert.equal(p.entrance.here.value, undefined) // until the answer is there, its line is kept free
    p.entrance.look()
    await quiet()
    assert.deepEqual(p.entrance.here.value, told)
  }
})

test('what the server answers to HTTP is read with care', async () => {
  assert.deepEqual(parseHere({ title: 'Camp', people: 3, devices: 2 }), { people: 3, devices: 2 })
  for (const bad of [null, 7, {}, { people: 1 }, { people: -1, devices: 0 }, { people: 1.5, devices: 0 }, { people: '1', devices: 0 }]) assert.equal(parseHere(bad), null)
  const answers = (status: number, body: unknown) => async () => new Response(JSON.stringify(body), { status })
  assert.deepEqual(await askHere(answers(200, { people: 1, devices: 0 })), { people: 1, devices: 0 })
  assert.equal(await askHere(answers(429, { error: 'too-many', text: 'wait' })), null)
  assert.equal(await askName(answers(429, { error: 'too-many', text: 'wait' }), 'Ada'), null)
})
