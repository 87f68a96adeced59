import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { roomSlug } from '../../src/mqtt/topics.ts'
import { canonical, fold } from '../../src/store/fold.ts'
import { shape } from '../../src/store/name.ts'

interface Vector {
  in: string
  canonical?: string
  fold?: string
  slug?: string
  error?: string
}

/** Vectors that the server's tests read, too. */
const { names, rooms }: { names: Vector[], rooms: Vector[] } = JSON.parse(readFileSync(join(process.cwd(), '../bridge/names/testdata/vectors.json'), 'utf8'))

test('a name is shown and folded as the server does', () => {
  const good = names.filter((v) => v.error === undefined)
  assert.ok(good.length > 50)
  for (const v of good) {
    assert.deepEqual([canonical(v.in), fold(v.in)], [v.canonical, v.fold], JSON.stringify(v.in))
    assert.equal(fold(v.canonical ?? ''), v.fold)
  }
})

test('the page refuses no name that the server takes, and says of the others what the server would', () => {
  for (const v of names) {
    const wrong = shape(v.in)
    if (wrong === null) continue // the server is asked
    assert.equal(wrong.say === 'long' ? 'too-long' : 'character', v.error, JSON.stringify(v.in))
  }
})

test('a room is called what the server calls it', () => {
  const good = rooms.filter((v) => v.error === undefined)
  assert.ok(good.length > 20)
  for (const v of good) assert.equal(roomSlug(v.in), v.slug, JSON.stringify(v.in))
})

test('what is no room for the server is none, or mended by trimming, hyphens for spaces and without the #', () => {
  for (const v of rooms.filter((v) => v.error !== undefined)) {
    const slug = roomSlug(v.in)
    if (slug === undefined) continue
    assert.match(v.in, /[\s#]/, JSON.stringify(v.in))
    assert.equal(roomSlug(slug), slug)
  }
})
