import assert from 'node:assert/strict'
import { test } from 'node:test'
import { intent, type Press } from '../../src/store/keys.ts'

/** A press written as «Ctrl+Shift+k». */
function press(keys: string, more: Partial<Press> = {}): Press {
  const [key, ...held] = keys.split('+').reverse()
  const has = (k: string) => held.includes(k)
  return { key, code: '', ctrlKey: has('Ctrl'), metaKey: has('Meta'), altKey: has('Alt'), shiftKey: has('Shift'), isComposing: false, ...more }
}

test('keys mean what the map says', () => {
  const means: [string, object | null][] = [
    ['Ctrl+k', { want: 'jump' }], ['Meta+k', { want: 'jump' }], ['Ctrl+K', { want: 'jump' }], ['Ctrl+Shift+K', null], ['Ctrl+Alt+k', null], ['Ctrl+Meta+k', null],
    ['Ctrl+/', { want: 'keys' }], ['Shift+?', { want: 'keys' }],
    ['Alt+ArrowUp', { want: 'step', by: -1, unread: false }], ['Alt+Shift+ArrowDown', { want: 'step', by: 1, unread: true }], ['Ctrl+Alt+ArrowDown', null],
    ['F6', { want: 'part', by: 1 }], ['Shift+F6', { want: 'part', by: -1 }],
    ['Escape', { want: 'close' }], ['Shift+Escape', { want: 'unread' }],
    ['k', null], ['ArrowUp', null], ['Enter', null], ['Alt+1', null],
  ]
  for (const [keys, want] of means) assert.deepEqual(intent(press(keys), true), want, keys)
  assert.deepEqual(intent(press('Alt+¡', { code: 'Digit1' }), true), { want: 'nth', n: 1 })
  assert.equal(intent(press('Alt+0', { code: 'Digit0' }), true), null)
})

test('single keys mean nothing while somebody types, and no key does while an input method is at work', () => {
  assert.equal(intent(press('Shift+?'), false), null)
  assert.deepEqual(intent(press('Ctrl+/'), false), { want: 'keys' })
  for (const keys of ['Escape', 'Ctrl+k', 'F6']) assert.equal(intent(press(keys, { isComposing: true }), true), null, keys)
})
