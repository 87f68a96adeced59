import assert from 'node:assert/strict'
import { test } from 'node:test'
import jsqr from 'jsqr'
import { type Code, path, qr, quiet, size } from '../../src/store/qr.ts'

const read = (jsqr as unknown as { default?: typeof jsqr }).default ?? jsqr

/** What somebody else's reader sees in a code that is drawn with four dots a module. */
function scanned(code: Code): string | undefined {
  const n = size(code) * 4
  const dots = new Uint8ClampedArray(n * n * 4).fill(255)
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      if (code[Math.floor(y / 4) - quiet]?.[Math.floor(x / 4) - quiet]) dots.fill(0, (y * n + x) * 4, (y * n + x) * 4 + 3)
    }
  }
  return read(dots, n, n)?.data
}

test('a reader finds the text again, for every size of code', () => {
  const sizes = new Set<number>()
  for (let n = 1; n <= 666; n = Math.ceil(n * 1.08)) {
    const text = `http://192.168.1.20:8080/#/room/lobby?${'aé0-Z'.repeat(140)}`.slice(0, n)
    const code = qr(text)
    if (!code) {
      assert.ok(new TextEncoder().encode(text).length > 666, `${n} characters do not fit`)
      continue
    }
    assert.equal(scanned(code), text)
    sizes.add(code.length)
  }
  const x = qr('x'.repeat(666))
  assert.equal(scanned(x!), 'x'.repeat(666))
  assert.equal(x!.length, 97)
  assert.ok(sizes.size >= 18, `only ${[...sizes]}`)
})

test('addresses of a network, names of rooms in any script', () => {
  for (const text of ['http://192.168.1.20:8080', 'http://[fd00::20]:8080/#/room/lobby', 'http://camp-pi.local:8080/#/room/مساعدة', '小林さくら 🦊']) {
    assert.equal(scanned(qr(text)!), text)
  }
})

test('what does not fit is not drawn', () => {
  assert.equal(qr('x'.repeat(667)), null)
})

test('the path covers exactly the dark modules', () => {
  const code = qr('http://192.168.1.20:8080')!
  const dark = code.map((row) => row.map(() => false))
  for (const [, x, y, w] of path(code).matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) for (let i = 0; i < Number(w); i++) dark[Number(y) - quiet][Number(x) - quiet + i] = true
  assert.deepEqual(dark, code)
})
