import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasExif, kindOf, sent, shown, small, within } from '../../src/store/picture.ts'
import { Chance } from './chance.ts'

test('a picture keeps its shape, is never enlarged, and fits', () => {
  const chance = new Chance(3)
  for (let i = 0; i < 2000; i++) {
    const of = { width: chance.int(1, 20_000), height: chance.int(1, 20_000) }
    const most = { width: chance.int(1, 3000), height: chance.int(1, 3000) }
    const s = within(of, most)
    assert.ok(s.width >= 1 && s.height >= 1 && s.width <= Math.min(of.width, most.width) && s.height <= Math.min(of.height, most.height), JSON.stringify({ of, most, s }))
    const turned = within({ width: of.height, height: of.width }, { width: most.height, height: most.width })
    assert.deepEqual([turned.height, turned.width], [s.width, s.height])
    if (s.width > 20 && s.height > 20) assert.ok(Math.abs(s.width / s.height - of.width / of.height) < of.width / of.height * 0.06)
  }
  assert.deepEqual(shown({ width: 4000, height: 3000 }), { width: 352, height: 264 })
  assert.deepEqual(shown({ width: 100, height: 50 }), { width: 100, height: 50 })
  assert.deepEqual(shown({ width: 0, height: 0 }), { width: 352, height: 264 })
})

test('what is large, or says where it was taken, is sent smaller', () => {
  const rows: [[number, number], bytes: number, type: string, exif: boolean, [number, number] | null][] = [
    [[4000, 3000], 5_000_000, 'image/jpeg', true, [2048, 1536]],
    [[3000, 4000], 100_000, 'image/png', false, [1536, 2048]],
    [[1000, 800], 2_000_000, 'image/png', false, [1000, 800]],
    [[1000, 800], 200_000, 'image/jpeg', false, null],
    [[1000, 800], 200_000, 'image/jpeg', true, [1000, 800]],
    [[4000, 3000], 5_000_000, 'image/gif', false, null],
  ]
  for (const [[width, height], bytes, type, exif, want] of rows) assert.deepEqual(sent({ width, height }, bytes, type, exif), want && { width: want[0], height: want[1] }, `${type} ${width}×${height}`)
  assert.deepEqual(small({ width: 2048, height: 1536 }, 400_000), { width: 704, height: 528 })
  assert.equal(small({ width: 700, height: 500 }, 50_000), null)
})

test('a JPEG of a camera is known, whatever the bytes', () => {
  const exif = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xe1, 0, 20, ...new TextEncoder().encode('Exif\0\0'), 0, 0, 0, 0]
  assert.equal(hasExif(Uint8Array.from(exif)), true)
  assert.equal(hasExif(Uint8Array.from(exif.with(9, 0xe2))), false)
  const chance = new Chance(5)
  for (let i = 0; i < 500; i++) hasExif(Uint8Array.from([0xff, 0xd8, ...exif.slice(2, chance.int(2, exif.length)), ...chance.bytes(30), 0xff, chance.int(0, 255), 0, 0]))
})

test('only what a browser plays or shows without harm is shown', () => {
  assert.deepEqual(['image/png', 'image/svg+xml', 'audio/mpeg', 'video/mp4', 'text/html', ''].map(kindOf), ['picture', 'file', 'audio', 'video', 'file', 'file'])
})
