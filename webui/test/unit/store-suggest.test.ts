import assert from 'node:assert/strict'
import { test } from 'node:test'
import { named } from '../../src/emoji/names.ts'
import { matching, most, taken, token } from '../../src/store/suggest.ts'
import { Chance } from './chance.ts'

const at = (s: string) => token(s.replace('|', ''), s.indexOf('|'))

test('a token is what stands before the caret behind : @ or #, at the beginning or after a space', () => {
  assert.deepEqual(at(':ta|'), { mark: ':', from: 0, query: 'ta' })
  assert.deepEqual(at('so :Tada| and'), { mark: ':', from: 3, query: 'tada' })
  assert.deepEqual(at('hi @|'), { mark: '@', from: 3, query: '' })
  assert.deepEqual(at('(@Zoë|'), { mark: '@', from: 1, query: 'zoë' })
  assert.deepEqual(at('line\n#3d|'), { mark: '#', from: 5, query: '3d' })
  for (const s of ['10:30|', ':) |', ':|', ':-|', 'a@b|', 'x#y|', 'http://|', '@ada |', '@ada@|', '', '|']) assert.equal(at(s), null, s)
})

test('what begins so comes before what holds it, and no more than a few', () => {
  assert.deepEqual(matching(['Barb', 'ada', 'Bob', 'ubu'], 'b', (x) => x), ['Barb', 'Bob', 'ubu'])
  assert.deepEqual(matching(['b', 'a'], '', (x) => x), ['b', 'a'])
  assert.equal(matching(Array.from({ length: 50 }, (_, i) => `x${i}`), 'x', (x) => x).length, most)
})

test('what is taken replaces the token and nothing else', () => {
  assert.deepEqual(taken('so :ta and', 6, { mark: ':', from: 3, query: 'ta' }, '🎉'), { text: 'so 🎉 and', caret: 6 })
  assert.deepEqual(taken('@a', 2, { mark: '@', from: 0, query: 'a' }, '@Ada'), { text: '@Ada ', caret: 5 })
  const chance = new Chance(3)
  for (let i = 0; i < 5000; i++) {
    const s = chance.text(12) + chance.one([' @', ' :', ' #', '@', ':']) + chance.text(6)
    const caret = chance.int(0, s.length)
    const k = token(s, caret)
    if (!k) continue
    assert.ok(k.from >= 0 && k.from < caret && s[k.from] === k.mark, JSON.stringify(s))
    const out = taken(s, caret, k, 'X')
    assert.equal(out.text, `${s.slice(0, k.from)}X ${s.slice(caret).replace(/^ /, '')}`, JSON.stringify(s))
    assert.equal(out.text.slice(0, out.caret), `${s.slice(0, k.from)}X `)
  }
})

test('each emoji has a name that can be written, and each name one emoji', () => {
  assert.ok(named.length > 500)
  for (const [name, sign] of named) {
    assert.match(name, /^[a-z0-9_+-]{1,40}$/)
    assert.match(sign, /^[^a-z]*\p{Emoji}/u, name)
    assert.equal([...new Intl.Segmenter().segment(sign)].length, 1, name)
  }
  const names = named.map(([name]) => name)
  assert.deepEqual(names.filter((n, i) => names.indexOf(n) !== i), [])
})
