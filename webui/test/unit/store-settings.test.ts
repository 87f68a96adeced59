import assert from 'node:assert/strict'
import { test } from 'node:test'
import { passing } from '../../src/store/memory.ts'
import { isQuiet } from '../../src/store/quiet.ts'
import { defaults, notifyOf, parse, Preferences, type Settings, withRoom } from '../../src/store/settings.ts'

test('what was stored is taken over; what cannot be read is as if never chosen', () => {
  const chosen: Settings = {
    theme: 'dark', density: 'compact', language: 'pt-BR', clock: '24', sound: false, announce: 'nothing', typing: false, joins: false, enter: 'breaks', single: false,
    notify: 'all', rooms: { lobby: 'none' }, pinned: ['lobby'], asked: true, tipped: true, quiet: { from: 22 * 60, to: 6 * 60 }, system: true,
  }
  assert.deepEqual(parse(JSON.stringify(chosen)), chosen)
  assert.deepEqual(parse(null), defaults)
  for (const bad of ['', '{', '7', 'null', '[]', '"dark"']) assert.deepEqual(parse(bad), defaults, bad)
  assert.deepEqual(parse(JSON.stringify({ theme: 'pink', language: '<b>', sound: 'yes', rooms: { a: 'all', b: 'loud' }, quiet: { from: 60, to: 60 } })), { ...defaults, rooms: { a: 'all' } })
  for (const quiet of [{ from: -1, to: 5 }, { from: 0, to: 1440 }, { from: 0.5, to: 9 }, { from: 1 }, 'night']) assert.equal(parse(JSON.stringify({ quiet })).quiet, null)
})

test('a room has its own way, or that of all', () => {
  const s = withRoom(withRoom({ ...defaults, notify: 'all' }, 'lobby', 'none'), 'constructor', 'mentions')
  assert.deepEqual([notifyOf(s, 'lobby'), notifyOf(s, 'constructor'), notifyOf(s, 'toString')], ['none', 'mentions', 'all'])
  assert.equal(notifyOf(withRoom(s, 'lobby', null), 'lobby'), 'all')
})

test('quiet hours, over midnight too', () => {
  const at = (h: number, min = 0) => new Date(2026, 4, 1, h, min).getTime()
  const night = { ...defaults, quiet: { from: 22 * 60, to: 6 * 60 + 30 } }
  assert.deepEqual([at(21, 59), at(22), at(0), at(6, 29), at(6, 30), at(12)].map((x) => isQuiet(night, x)), [false, true, true, true, false, false])
  const noon = { ...defaults, quiet: { from: 12 * 60, to: 13 * 60 } }
  assert.deepEqual([at(11, 59), at(12), at(13)].map((x) => isQuiet(noon, x)), [false, true, false])
  assert.equal(isQuiet(defaults, at(3)), false)
})

test('the tabs of a browser agree, and none undoes what another chose', () => {
  const store = passing()
  const told: (() => void)[] = []
  const tab = () => new Preferences(store, (_, f) => told.push(f))
  const [a, b] = [tab(), tab()]
  a.set({ theme: 'dark' })
  b.set({ sound: false }) // before the browser told it of a
  b.setRoom('lobby', 'all')
  for (const f of told) f()
  for (const s of [a.all.value, b.all.value, tab().all.value]) assert.deepEqual(s, { ...defaults, theme: 'dark', sound: false, rooms: { lobby: 'all' } })
})

test('a choice holds where nothing can be stored', () => {
  const full = { ...passing(), setItem: () => { throw new Error('full') } }
  const p = new Preferences(full, () => {})
  p.set({ theme: 'dark' })
  p.set({ sound: false })
  assert.deepEqual(p.all.value, { ...defaults, theme: 'dark', sound: false })
})
