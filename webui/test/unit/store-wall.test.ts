import assert from 'node:assert/strict'
import { test } from 'node:test'
import { next, type Standing, wallName } from '../../src/store/wall.ts'

const hour = 3600_000
const well: Standing = { now: hour, begun: 0, in: true, joining: false, ended: 0, online: true, newer: false }
const stands = (some: Partial<Standing>) => next({ ...well, ...some })

test('a wall comes in by itself, and under another name when it is turned away', () => {
  assert.equal(stands({}), null)
  assert.equal(stands({ in: false, online: false }), 'enter')
  assert.equal(stands({ in: false, online: false, joining: true }), null)
  assert.match(wallName((b) => void b.fill(7)), /^wall-[a-z0-9]{4}$/)
})

test('a session that was ended for good is begun anew, and not at once', () => {
  assert.equal(stands({ online: false, ended: hour - 14_999 }), null)
  assert.equal(stands({ online: false, ended: hour - 15_000 }), 'again')
})

test('the page is loaded anew for a newer server and once a day, never in a storm and never without a server', () => {
  assert.equal(stands({ newer: true }), 'renew')
  assert.equal(stands({ newer: true, begun: hour - 59_000 }), null)
  assert.equal(stands({ newer: true, online: false }), null)
  assert.equal(stands({ now: 24 * hour }), 'renew')
  assert.equal(stands({ now: 24 * hour, online: false }), null)
})
