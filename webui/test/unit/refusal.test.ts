import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clock, t } from '../../src/i18n/format.ts'
import { choose, speak } from '../../src/i18n/languages.ts'
import { hint } from '../../src/store/hint.ts'
import { empty, refused, typed } from '../../src/store/name.ts'
import { inWords, why } from '../../src/view/refusal.ts'

const source = (path: string) => readFileSync(join(process.cwd(), '..', path), 'utf8')

test('every reason code that the server knows has a sentence of its own', () => {
  const codes = [...source('broker/reason.go').matchAll(/^\s+(\w+)\s+Reason = (0x[0-9A-F]{2})$/gm)].map(([, name, code]) => [name, Number(code)] as const).filter(([, code]) => code > 0x80)
  assert.ok(codes.length > 25, `only ${codes.length} were found`)
  const known = ['SessionTakenOver'] // the strip has a sentence and two buttons for it
  for (const [name, code] of codes) if (!known.includes(name)) assert.notEqual(why({ code, text: '' }), t('why.unknown'), name)
  assert.equal(why({ code: 0x87, text: 'because' }), 'because')
})

test('every word for a refused CONNECT has a sentence, or shows that of the server', () => {
  const words = [...source('bridge/refuse.go').matchAll(/^\tkey\w+\s+= "([\w-]+)"/gm)].map(([, word]) => word)
  assert.ok(words.length >= 7, `only ${words} were found`)
  for (const reason of words) {
    const said = hint(refused(typed(empty, 'Ada'), { reason, text: 'the sentence', name: 'Ada', chosen: true }))
    assert.ok(said.say !== 'refused' || said.text === 'the sentence', reason)
  }
})

test('what members are told most often is said in the language of the reader, with all that it tells', async (t) => {
  const cases: { by: string, room: string, for: string, reason: string, text: string }[] = JSON.parse(source('bridge/testdata/refusals.json'))
  assert.ok(cases.length > 5)
  for (const { text } of cases) assert.equal(inWords(text, 0), text)
  t.after(() => speak(choose('en', [])))
  await speak(choose('de', []))
  for (const c of cases) {
    const said = inWords(c.text, 0)
    assert.notEqual(said, c.text)
    assert.ok(!/\b(you|the|for|by)\b/.test(said.replaceAll(c.room, '').replaceAll(c.reason, '')), said)
    for (const value of [c.by, c.room, c.reason]) assert.ok(said.includes(value), said)
  }
  assert.ok(inWords(cases[0].text, 0).includes(clock(600_000)))
  assert.equal(inWords('something else', 0), 'something else')
})
