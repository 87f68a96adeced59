import assert from 'node:assert/strict'
import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { pbkdf2, roundsBrief, roundsKept, seal } from '../../src/store/seal.ts'

test('what the page derives is PBKDF2 as others have it', async () => {
  let breaths = 0
  for (const [secret, salt, rounds] of [[0, 0, 1], [3, 16, 2], [20, 16, 1000], [63, 1, 3], [64, 16, 3], [65, 60, 3], [200, 100, 7]]) {
    const s = randomBytes(secret)
    const t = randomBytes(salt)
    assert.deepEqual(Buffer.from(await pbkdf2(s, t, rounds, async () => { breaths++ })), pbkdf2Sync(s, t, rounds, 32, 'sha256'), `${secret}, ${salt}, ${rounds}`)
  }
  const began = performance.now()
  const own = await pbkdf2(Buffer.from('four old tin cans'), Buffer.from('00'.repeat(16), 'hex'), roundsKept, async () => { breaths++ })
  assert.deepEqual(Buffer.from(own), pbkdf2Sync('four old tin cans', Buffer.alloc(16), roundsKept, 32, 'sha256'))
  assert.ok(breaths > 5, `${breaths} breaths in ${performance.now() - began} ms`)
})

test('a secret travels in the form that the server takes as derived', async () => {
  const salt = 'ff00ff00ff00ff00ff00ff00ff00ff00'
  const want = pbkdf2Sync('Zoë 🦊', Buffer.from(salt, 'hex'), roundsBrief, 32, 'sha256').toString('base64url')
  assert.equal(await seal('Zoë 🦊', salt, roundsBrief), `tincan:${want}`)
})
