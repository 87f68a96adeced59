import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { found, newest, readUse, signsOf, toned, used } from '../../src/store/emoji.ts'

const src = join(process.cwd(), 'src/emoji')
const json = (name: string) => JSON.parse(readFileSync(join(src, name), 'utf8'))
const groups: string[] = json('signs.json')
const flag = (c: string) => new Intl.DisplayNames('en', { type: 'region', fallback: 'code' }).of(c) ?? c
const of = (language: string) => signsOf(groups, json(`words/${language}.json`), flag).flat()

test('each sign has a name in each language', () => {
  const count = groups.join(' ').split(' ').length
  for (const language of ['ar', 'de', 'en', 'es', 'fr', 'he', 'hi', 'ja', 'pt-BR', 'ru', 'tr', 'zh-Hans']) {
    assert.equal(json(`words/${language}.json`).split('\n').length, count, language)
    assert.ok(of(language).filter((s) => s.name === s.sign).length <= 8, language)
  }
  assert.equal(of('de').find((s) => s.sign === '🐻')?.name, 'Bär')
  assert.equal(of('en').find((s) => s.sign === '🇳🇴')?.name, 'Norway')
})

test('a sign is found by its name, whatever the case and accents', () => {
  const first = (language: string, query: string) => found(of(language), query, 80)[0]?.sign
  assert.equal(first('en', 'rocket'), '🚀')
  assert.equal(first('de', 'BAR'), '🐻')
  assert.equal(first('en', 'norw'), '🇳🇴')
  assert.equal(first('ja', 'ロケット'), '🚀')
  assert.ok(found(of('en'), 'heart', 80).some((s) => s.sign === '💚'))
  assert.deepEqual(found(of('en'), '  ', 80), [])
  assert.deepEqual(found(of('en'), 'no such thing', 80), [])
})

test('a skin tone is where it belongs', () => {
  const en = of('en')
  const sign = (s: string, tone: number) => toned(en.find((e) => e.sign === s) ?? { sign: s, tones: false }, tone)
  assert.equal(sign('👋', 5), '👋🏿')
  assert.equal(sign('👋', 0), '👋')
  assert.equal(sign('🧑‍🚀', 1), '🧑🏻‍🚀')
  assert.equal(sign('✌️', 3), '✌🏽')
  assert.equal(sign('🚀', 3), '🚀')
  assert.equal(sign('*️⃣', 3), '*️⃣')
  assert.equal(en.find((e) => e.sign === '🫠')?.version, 14)
})

test('what the browser is too old to draw is not offered', () => {
  const en = of('en')
  const upTo = (most: number) => newest(en, (sign) => (en.find((s) => s.sign === sign)?.version ?? 0) <= most)
  assert.equal(upTo(13), 13)
  assert.ok(newest(en, () => true) >= 15)
})

test('what was used lately comes first, once, and bad memory does no harm', () => {
  assert.deepEqual(used(['a', 'b', 'c'], 'b', 3), ['b', 'a', 'c'])
  assert.deepEqual(used(['a', 'b', 'c'], 'd', 3), ['d', 'a', 'b'])
  for (const v of [null, 1, 'x', [], { lately: 1, tone: 9 }, { lately: [1, null, ''] }]) assert.deepEqual(readUse(v), { lately: [], tone: 0 })
  assert.deepEqual(readUse({ lately: ['👋'], tone: 2 }), { lately: ['👋'], tone: 2 })
})
