import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clock, number, span, t } from '../../src/i18n/format.ts'
import { choose, speak } from '../../src/i18n/languages.ts'
import { LineLost } from '../../src/mqtt/lost.ts'
import { Unanswered } from '../../src/store/asks.ts'
import { hint } from '../../src/store/hint.ts'
import { empty, refused, typed } from '../../src/store/name.ts'
import { known, taken, told } from '../../src/view/refusal.ts'

const source = (path: string) => readFileSync(join(process.cwd(), '..', path), 'utf8')

test('every reason code that the server knows has a sentence of its own', () => {
  const codes = [...source('broker/reason.go').matchAll(/^\s+(\w+)\s+Reason = (0x[0-9A-F]{2})$/gm)].map(([, name, code]) => [name, Number(code)] as const).filter(([, code]) => code > 0x80)
  assert.ok(codes.length > 25, `only ${codes.length} were found`)
  const known = ['SessionTakenOver'] // the strip has a sentence and two buttons for it
  for (const [name, code] of codes) if (!known.includes(name)) assert.notEqual(told({ code, text: '' }), t('why.unknown'), name)
  assert.equal(told({ code: 0x87, text: 'because' }), 'because')
})

test('every word for a refused CONNECT has a sentence, or shows that of the server', () => {
  const words = [...source('bridge/refuse.go').matchAll(/^\tkey\w+\s+= "([\w-]+)"/gm)].map(([, word]) => word)
  assert.ok(words.length >= 7, `only ${words} were found`)
  for (const reason of words) {
    const said = hint(refused(typed(empty, 'Ada'), { reason, text: 'the sentence', name: 'Ada', chosen: true }))
    assert.ok(said.say !== 'refused' || said.text === 'the sentence', reason)
  }
})

interface Vector { is: string, for?: string, with: Record<string, string>, text: string }

const vectors = (): Vector[] => JSON.parse(source('bridge/testdata/refusals.json'))
const minutes = (s = '') => ({ s: 1 / 60, m: 1, h: 60 })[s.slice(-1)]! * Number(s.slice(0, -1))

// What nobody does at the page: only programs write it, or the page asks for nothing that could be refused so.
const programs = [
  'bad-away', 'bad-before', 'bad-field', 'bad-id', 'bad-options', 'bad-preview', 'bad-ref', 'bad-request', 'bad-response', 'bad-span', 'bad-text', 'bad-typing', 'changed-enough',
  'closed', 'door', 'empty', 'id-used', 'kind-unsupported', 'no-choice', 'no-host', 'no-option', 'no-ref', 'no-sanction', 'not-emoji', 'not-here', 'not-kept', 'not-private', 'not-readable',
  'not-sure', 'not-to-oneself', 'not-utf8', 'one-choice', 'own-hand', 'passphrase-changed', 'read-only', 'registered-only', 'retained-full', 'short-passphrase', 'spelling', 'state-full',
  'taken-over', 'unknown-topic', 'unknown-verb',
]

test('every word that the server says no by is said in words of the page, or known to be for programs', () => {
  const go = readdirSync(join(process.cwd(), '../bridge')).filter((n) => n.endsWith('.go') && !n.endsWith('_test.go')).map((n) => source(`bridge/${n}`)).join('')
  const words = new Set([...go.matchAll(/refuse(?:Now)?\(broker\.\w+, "([\w-]+)"|refusePayload\("([\w-]+)"|\bkey\w+\s+= "([\w-]+)"|r\.Key, r\.Tell = broker\.\w+, "([\w-]+)"/g)].map((m) => m.slice(1).find(Boolean)!))
  assert.ok(words.size > 80, `only ${words.size} were found`)
  for (const reason of words) assert.equal(known({ user: { reason } }), !programs.includes(reason), reason)
  for (const p of programs) assert.ok(words.has(p), `the server does not say ${p}`)
})

test('a refusal is said in the language of the reader, with all that it tells', async (t) => {
  const now = Date.parse('2026-05-01T10:00:00Z')
  const user = (c: Vector) => ({ ...c.with, reason: c.is, ...(c.for && { until: new Date(now + minutes(c.for) * 60_000).toISOString() }) })
  const cases = vectors().filter((c) => !programs.includes(c.is))
  assert.ok(cases.length > 40)
  for (const c of cases) assert.equal(told({ code: 0x87, text: c.text, user: user(c) }), c.text)
  t.after(() => speak(choose('en', [])))
  for (const language of readdirSync(join(process.cwd(), 'src/i18n')).filter((n) => n.endsWith('.json') && n !== 'en.json').map((n) => n.slice(0, -5))) {
    await speak(choose(language, []))
    for (const c of cases) {
      const says = told({ code: 0x87, text: c.text, user: user(c) })
      assert.notEqual(says, c.text, language)
      assert.doesNotMatch(says, /undefined|NaN|\[object/)
      const values = c.is === 'wrong-secret' || c.is === 'too-many-tries' || c.is === 'too-long' || c.is === 'too-late' || c.is === 'rooms-fixed' ? [] : Object.entries(c.with)
      for (const [name, value] of values) {
        const shown = c.is === 'slow' && name === 'n' ? span(Number(value) * 1000) : /^\d+$/.test(value) ? number(Number(value)) : value
        assert.ok(says.includes(shown), `${language}: ${c.is} does not tell ${name}: ${says}`)
      }
      if (c.for && c.is !== 'slow') assert.ok(says.includes(clock(now + minutes(c.for) * 60_000)), says)
      if (language === 'de') assert.doesNotMatch(Object.values(c.with).reduce((left, v) => left.replaceAll(v, ''), says), /\b(you|the|is|for|by)\b/)
    }
  }
})

test('a word that the page does not know leaves the sentence; no word and no sentence, the code; no answer, that', async (t) => {
  t.after(() => speak(choose('en', [])))
  await speak(choose('de', []))
  assert.equal(told({ code: 0x87, text: 'because of the moon', user: { reason: 'moon', name: 'Ada' } }), 'because of the moon')
  assert.equal(told({ code: 0x87, text: 'because', user: {} }), 'because')
  assert.equal(told({ code: 0x97 }), told({ code: 0x88 }))
  assert.equal(told(new Unanswered()), told(new LineLost('lost')))
  assert.equal(told(new Unanswered('english', 0x90, { reason: 'nobody', name: 'Zoe' })), 'Hier heißt niemand \u2068Zoe\u2069.')
  assert.throws(() => taken({ code: 0x87, text: 'english', user: { reason: 'not-host' } }), (e) => told(e) === 'Das darf nur ein Gastgeber. Frag einen.')
  assert.equal(taken({ code: 0x10, user: {} }).code, 0x10)
  assert.equal(told({ code: 0, text: 'english', user: { reason: 'muted', by: 'Ada', room: 7, until: { at: 1 } } as never }), '\u2068Ada\u2069 hat dich in #\u20687\u2069 stummgeschaltet.'.replace('#\u20687', '\u2068#7'))
})
