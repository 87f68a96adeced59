import assert from 'node:assert/strict'
import { test } from 'node:test'
import { muted, worth } from '../../src/store/notice.ts'
import { audible } from '../../src/store/quiet.ts'
import { defaults, type Settings } from '../../src/store/settings.ts'

const chose = (some: Partial<Settings>): Settings => ({ ...defaults, ...some })

test('what is said to me alone is worth a notice, unless I want none', () => {
  assert.equal(worth({ user: 'ada' }, true, defaults), true)
  assert.equal(worth({ user: 'ada' }, true, chose({ notify: 'all', rooms: { ada: 'none' } })), true)
  assert.equal(worth({ user: 'ada' }, true, chose({ notify: 'none' })), false)
})

test('of a room it is what was chosen for it, else what was chosen for all', () => {
  const cases: [Partial<Settings>, mention: boolean, plain: boolean][] = [
    [{}, true, false],
    [{ notify: 'all' }, true, true],
    [{ notify: 'none' }, false, false],
    [{ rooms: { lobby: 'all' } }, true, true],
    [{ notify: 'all', rooms: { lobby: 'mentions' } }, true, false],
    [{ notify: 'all', rooms: { lobby: 'none' } }, false, false],
    [{ notify: 'none', rooms: { other: 'all' } }, false, false],
  ]
  for (const [some, mention, plain] of cases) {
    assert.equal(worth({ room: 'lobby' }, true, chose(some)), mention, JSON.stringify(some))
    assert.equal(worth({ room: 'lobby' }, false, chose(some)), plain, JSON.stringify(some))
  }
  assert.deepEqual([muted(chose({ rooms: { lobby: 'none' } }), 'lobby'), muted(chose({ notify: 'none' }), 'lobby')], [true, false])
})

test('one sound in three seconds, none in the quiet hours', () => {
  const at = (h: number) => new Date(2026, 4, 1, h).getTime()
  assert.equal(audible(defaults, 10_000, 0), true)
  assert.equal(audible(defaults, 10_000, 7001), false)
  assert.equal(audible(defaults, 10_000, 7000), true)
  assert.equal(audible(chose({ sound: false }), 10_000, 0), false)
  const night = chose({ quiet: { from: 22 * 60, to: 7 * 60 } })
  assert.deepEqual([23, 6, 7, 12].map((h) => audible(night, at(h), 0)), [false, false, true, true])
})
