import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tellsPlace, withoutPlace } from '../../src/store/jpeg.ts'
import { kindOf, sent, shown, small, within } from '../../src/store/picture.ts'
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

test('what is large is sent smaller', () => {
  const rows: [[number, number], bytes: number, type: string, [number, number] | null][] = [
    [[4000, 3000], 5_000_000, 'image/jpeg', [2048, 1536]],
    [[3000, 4000], 100_000, 'image/png', [1536, 2048]],
    [[1000, 800], 2_000_000, 'image/png', [1000, 800]],
    [[1000, 800], 200_000, 'image/jpeg', null],
    [[4000, 3000], 5_000_000, 'image/gif', null],
  ]
  for (const [[width, height], bytes, type, want] of rows) assert.deepEqual(sent({ width, height }, bytes, type), want && { width: want[0], height: want[1] }, `${type} ${width}×${height}`)
  assert.deepEqual(small({ width: 2048, height: 1536 }, 400_000), { width: 704, height: 528 })
  assert.equal(small({ width: 700, height: 500 }, 50_000), null)
})

/** A JPEG as a phone makes it: which way up, where it was taken if placed, a profile, the picture, another picture behind it. */
function photo({ little, placed, up }: { little: boolean, placed: boolean, up: number }): Uint8Array<ArrayBuffer> {
  const n16 = (n: number) => (little ? [n & 255, n >> 8] : [n >> 8, n & 255])
  const n32 = (n: number) => (little ? [...n16(n & 0xffff), ...n16(n >> 16)] : [...n16(n >> 16), ...n16(n & 0xffff)])
  const ascii = (s: string) => [...new TextEncoder().encode(s)]
  const field = (tag: number, kind: number, value: number[]) => [...n16(tag), ...n16(kind), ...n32(1), ...value]
  const fields = [field(0x0112, 3, [...n16(up), 0, 0]), ...(placed ? [field(0x8825, 4, n32(8 + 2 + 24 + 4))] : [])]
  const gps = placed ? [...n16(1), ...field(2, 5, n32(60)), ...n32(0)] : []
  const tiff = [...ascii(little ? 'II' : 'MM'), ...n16(42), ...n32(8), ...n16(fields.length), ...fields.flat(), ...n32(0), ...gps]
  const segment = (marker: number, ...content: number[]) => [0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 255, ...content]
  const scan = [...segment(0xda, 1, 2, 3), 7, 0xff, 0, 8, 0xff, 0xd3, 9]
  return Uint8Array.from([
    0xff, 0xd8, ...segment(0xe0, ...ascii('JFIF')), ...segment(0xe1, ...ascii('Exif\0\0'), ...tiff), ...segment(0xe2, ...ascii('ICC_PROFILE')), ...segment(0xe2, ...ascii('MPF\0')), ...segment(0xeb, ...ascii('JUMBF')),
    ...segment(0xdb, 5, 5), ...scan, ...segment(0xc4, 6), ...scan, 0xff, 0xd9, 0xff, 0xd8, ...segment(0xe1, ...ascii('Exif\0\0'), ...tiff), 0xff, 0xd9,
  ])
}

test('a photo tells where it was taken, and is the same picture without', () => {
  for (const little of [true, false]) {
    const placed = photo({ little, placed: true, up: 6 })
    assert.equal(tellsPlace(placed), true)
    assert.equal(tellsPlace(photo({ little, placed: false, up: 6 })), false)
    const cut = withoutPlace(placed)
    assert.ok(cut)
    const bare = Uint8Array.from(cut.flatMap((p) => [...p]))
    assert.equal(tellsPlace(bare), false)
    const text = new TextDecoder('latin1').decode(bare)
    assert.ok(text.includes('ICC_PROFILE') && !text.includes('MPF') && !text.includes('JUMBF') && text.endsWith('\x07\xff\x00\x08\xff\xd3\x09\xff\xd9'), 'the colours stay, what is behind the picture goes')
    assert.equal(text.split('Exif').length, 2)
    assert.deepEqual(withoutPlace(bare)?.flatMap((p) => [...p]), [...bare], 'which way up it is stays')
    assert.equal(bare[bare.indexOf(0x45) + 25], 6)
    const upright = withoutPlace(photo({ little, placed: true, up: 1 }))
    assert.ok(!new TextDecoder('latin1').decode(Uint8Array.from(upright?.flatMap((p) => [...p]) ?? [])).includes('Exif'))
  }
  const xmp = [...new TextEncoder().encode('http://ns.adobe.com/xap/1.0/\0<x exif:GPSLatitude="52,30N"/>')]
  assert.equal(tellsPlace(Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0, xmp.length + 2, ...xmp])), true)
  assert.equal(withoutPlace(new TextEncoder().encode('no picture')), null)
})

test('whatever bytes come, none of it fails', () => {
  const chance = new Chance(5)
  const whole = photo({ little: true, placed: true, up: 3 })
  for (let i = 0; i < 2000; i++) {
    const b = whole.slice(0, chance.int(0, whole.length))
    for (let n = chance.int(0, 4); n > 0 && b.length > 0; n--) b[chance.int(0, b.length - 1)] = chance.int(0, 255)
    tellsPlace(b)
    withoutPlace(b)
  }
})

test('only what a browser plays or shows without harm is shown', () => {
  assert.deepEqual(['image/png', 'image/svg+xml', 'audio/mpeg', 'video/mp4', 'text/html', ''].map(kindOf), ['picture', 'file', 'audio', 'video', 'file', 'file'])
})
