import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hint, string, wantsSecret } from '../../src/store/hint.ts'
import { answered, asked, type Check, empty, refused, typed, worthAsking } from '../../src/store/name.ts'
import { parseCheck } from '../../src/store/namecheck.ts'

const check = (name: string, state: Check['state'], more: Partial<Check> = {}): Check => ({ name, state, like: '', text: '', suggest: [], ...more })
const field = (value: string) => typed(empty, value)

test('an empty field says the rules and asks nobody', () => {
  assert.deepEqual(hint(empty), { say: 'rules' })
  assert.equal(worthAsking(field('  ')), false)
})

test('a free name tightens the string', () => {
  const f = answered(asked(field('Ada')), 'Ada', check('Ada', 'free'))
  assert.deepEqual(hint(f), { say: 'free', name: 'Ada' })
  assert.equal(string(f), 'taut')
  assert.equal(string(asked(field('Ada'))), 'loose')
})

test('an answer for an older value is dropped', () => {
  const f = asked(field('Adam'))
  assert.equal(answered(f, 'Ada', check('Ada', 'taken')), f)
})

test('what is plainly wrong is said at once and not asked', () => {
  assert.deepEqual(hint(field('a/b')), { say: 'characters' })
  assert.equal(worthAsking(field('a/b')), false)
  assert.deepEqual(hint(field('x'.repeat(35))), { say: 'long', over: 3 })
  assert.equal(worthAsking(field('🦊'.repeat(32))), true) // letters are counted, not UTF-16
})

test('taken and held names ask for the secret of their owner', () => {
  for (const state of ['taken', 'held'] as const) {
    const f = answered(field('Ada'), 'Ada', check('Ada', state))
    assert.equal(hint(f).say, state)
    assert.equal(wantsSecret(f), true)
    assert.equal(string(f), 'broken')
  }
})

test('a look-alike says whom it looks like', () => {
  assert.deepEqual(hint(answered(field('Аda'), 'Аda', check('Аda', 'alike', { like: 'Ada' }))), { say: 'alike', name: 'Аda', other: 'Ada' })
})

test('the answer to the connect counts more than the check', () => {
  const free = answered(field('Ada'), 'Ada', check('Ada', 'free'))
  assert.deepEqual(hint(refused(free, { reason: 'name-taken', text: '', name: 'Ada', chosen: false })), { say: 'taken', name: 'Ada' })
  assert.equal(hint(refused(free, { reason: 'too-many-tries', text: '', name: 'Ada', chosen: true })).say, 'too-many-tries')
  assert.deepEqual(hint(refused(free, { reason: '', text: 'no', name: 'Ada', chosen: true })), { say: 'refused', text: 'no' })
})

test('a wrong secret is the fault of the person only if it was the own one', () => {
  const no = { reason: 'wrong-secret', text: '', name: 'Ada' }
  assert.equal(hint(refused(field('Ada'), { ...no, chosen: true })).say, 'wrong-secret')
  assert.equal(hint(refused(field('Ada'), { ...no, chosen: false })).say, 'taken')
})

test('typing on takes the refusal away', () => {
  const f = typed(refused(field('Ada'), { reason: 'name-taken', text: '', name: 'Ada', chosen: false }), 'Adam')
  assert.deepEqual(hint(f), { say: 'rules' })
})

test('the answer of the server is read with care', () => {
  assert.deepEqual(parseCheck({ name: 'Ada', state: 'taken', suggest: ['Ada2', 7] }), check('Ada', 'taken', { suggest: ['Ada2'] }))
  assert.equal(parseCheck({ state: 'new' }), null)
  assert.equal(parseCheck(null), null)
})
