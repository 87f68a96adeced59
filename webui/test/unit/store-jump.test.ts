import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fitting, parted } from '../../src/store/jump.ts'

const names = (typed: string, ...all: string[]) => fitting(all.map((name) => ({ name })), typed).map((x) => x.name)

test('what begins with the letters comes first, then words that do, then what has them', () => {
  assert.deepEqual(names('pri', 'surprise', '3d-printing', 'Pri Raman', 'lobby'), ['Pri Raman', '3d-printing', 'surprise'])
  assert.deepEqual(names('#ELEC', 'électronique', 'lobby'), ['électronique'])
  assert.deepEqual(names('', 'b', 'a'), ['b', 'a'])
  assert.deepEqual(names('.*', 'a.*b', 'ab'), ['a.*b'])
})

test('the letters are marked where they stand', () => {
  assert.deepEqual(parted('3d-printing', 'PRI'), ['3d-', 'pri', 'nting'])
  assert.deepEqual(parted('lobby', '#lo'), ['', 'lo', 'bby'])
  assert.deepEqual(parted('électronique', 'elec'), ['électronique', '', ''])
  assert.deepEqual(parted('lobby', ''), ['lobby', '', ''])
})
