import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ended, type Line, moved, type Said, shown, unconnected } from '../../src/store/line.ts'

const said = (code: number, reason = '', text = ''): Said => ({ code, reason, text })
const online = (l: Line, at: number, waiting = 0) => moved(l, 'online', at, waiting, null)
const offline = (l: Line, at: number, why: Said | null = null) => moved(l, 'offline', at, 0, why)
const connecting = (l: Line, at: number) => moved(l, 'connecting', at, 0, null)

test('the line is spoken of only when it lasts', () => {
  let l = connecting(unconnected, 0)
  assert.deepEqual(shown(l, 500), { string: 'waving', strip: 'none' })
  assert.deepEqual(shown(l, 1000), { string: 'waving', strip: 'connecting' })
  l = online(l, 1200)
  assert.deepEqual(shown(l, 1300), { string: 'taut', strip: 'none' })
  l = offline(connecting(offline(l, 2000), 2500), 2600) // trying again does not begin the wait anew
  assert.equal(shown(l, 4999).strip, 'connecting')
  assert.deepEqual(shown(l, 5000), { string: 'slack', strip: 'offline' })
  assert.equal(shown(l, 32_000).strip, 'unreachable')
  l = online(l, 33_000, 2)
  assert.deepEqual([shown(l, 33_001).strip, l.back?.sent, shown(l, 39_001).strip], ['back', 2, 'none'])
})

test('without a first connection it is offline, too', () => {
  const l = offline(connecting(unconnected, 0), 100)
  assert.equal(shown(l, 3000).strip, 'offline')
  assert.equal(online(l, 5000).back, null) // and nobody comes back who was never here
})

test('a short break is not worth a word, a restart and an end have their own', () => {
  let l = online(offline(online(unconnected, 0), 100), 900, 1)
  assert.equal(shown(l, 901).strip, 'none')
  l = offline(l, 1000, said(0x8b))
  assert.equal(shown(connecting(l, 1500), 2500).strip, 'restarting')
  assert.equal(shown(offline(connecting(l, 1500), 1600), 5000).strip, 'restarting') // nobody answers while it restarts
  l = ended(l, { why: 'taken-over', ...said(0x8e) }, 3000)
  assert.deepEqual(shown(l, 3000), { string: 'slack', strip: 'ended' })
})

test('a place that is full or busy says so for as long as that lasts', () => {
  for (const reason of ['full', 'busy'] as const) {
    let l = offline(connecting(unconnected, 0), 10, said(0x89, reason))
    for (let t = 1000; t < 60_000; t += 10_000) {
      assert.deepEqual(shown(connecting(l, t), t).strip, reason)
      l = offline(connecting(l, t), t + 5, said(0x89, reason))
    }
    assert.equal(shown(offline(l, 61_000), 61_000).strip, 'unreachable') // now it does not even answer
  }
})

test('who was cut for reading too slowly is told when the line is back', () => {
  const l = online(offline(online(unconnected, 0), 1000, said(0x97)), 1400)
  assert.deepEqual([l.back?.slow, shown(l, 1400).strip], [true, 'back'])
})

test('an answer that takes long is told, and its coming ends that', () => {
  const l = online(unconnected, 0)
  assert.equal(shown(l, 10_000, 6001).strip, 'none')
  assert.deepEqual(shown(l, 10_001, 6001), { string: 'waving', strip: 'slow' })
  assert.equal(shown(l, 10_002, 0).strip, 'none')
})
