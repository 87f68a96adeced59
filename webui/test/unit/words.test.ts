import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import de from '../../src/i18n/de.json'
import en from '../../src/i18n/en.json'
import { clock, clocks, commas, compare, day, type Habit, habitKey, list, number, numbers, parts, span, t, tongue, use, useClock, useHabit } from '../../src/i18n/format.ts'
import { habit } from '../../src/i18n/habit.ts'
import { choose, speak } from '../../src/i18n/languages.ts'
import { languages } from '../../src/i18n/ownnames.ts'
import { size } from '../../src/i18n/size.ts'
import { catalogues, faults, forms, sources } from '../../words.mjs'

test('the catalogues have no fault', () => {
  const src = join(process.cwd(), 'src')
  assert.deepEqual(faults(catalogues(join(src, 'i18n')), sources(src)), [])
})

test('a fault in a catalogue is found', () => {
  const en = { a: 'Hello {name}', b: '{n, plural, one {# message} other {# messages}}', c: '{n, plural, =0 {none} one {one} other {#}}' }
  const say = "t('a') t('b') t('c')"
  const of = (language: string, some: object, all: object = en, said = say) => faults({ en: all, [language]: { ...all, ...some } }, said).map((w) => w.replace(/^\S+ /, ''))
  assert.deepEqual(of('de', {}), [])
  assert.deepEqual(of('de', { a: 'Hallo {nam}' }), ['a has {nam}, English has {name}'])
  assert.deepEqual(of('de', { a: 'Hallo {name' }), ['a cannot be read: a bad placeholder {name'])
  assert.deepEqual(of('de', { a: 'Hallo {name}}' }), ['a cannot be read: a } too many'])
  assert.deepEqual(of('de', { b: '{n} Nachrichten' }), ['b has no plural of n'])
  assert.deepEqual(of('de', { c: '{n, plural, one {eine} other {#}}' }), ['c has not the same = forms as English: n=0'])
  assert.deepEqual(of('de', { d: 'neu' }), ['d is no message of en.json'])
  assert.deepEqual(of('ru', { c: '{n, plural, =0 {0} one {#} few {#} many {#} other {#}}' }), ['b lacks the plural few, many of n'])
  assert.deepEqual(of('he', { b: '{n, plural, one {#} two {#} other {#}}' }), ['c lacks the plural two of n'])
  assert.deepEqual(of('ja', { b: '{n, plural, other {#}}' }), ['c has the plural one of n, which this language has not'])
  assert.equal(forms('ar').size, 6)
  assert.deepEqual(of('de', {}, { ...en, d: 'mute', 'e.one': 'made' }, `${say} t(\`e.\${x}\`)`), ['d is said nowhere'])
  assert.deepEqual(faults({ en, de: { a: '{name}' } }, say), ['de.json: b is missing', 'de.json: c is missing'])
})

test('the reader gets the language that was chosen, else the best that the browser likes and there is', () => {
  const like = (choice: string, ...preferred: string[]) => Object.values(choose(choice, preferred)).join(' ')
  assert.equal(like('', 'de-AT', 'en'), 'de de-AT ltr')
  assert.equal(like('ar', 'de-AT', 'ar-MA'), 'ar ar-MA rtl')
  assert.equal(like('', 'eo', 'pt-PT', 'de'), 'pt-BR pt-PT ltr')
  assert.equal(like('', 'zh-TW'), 'zh-Hans zh-TW ltr')
  assert.equal(like('', 'iw'), 'he iw rtl')
  assert.equal(like('eo', 'sw'), 'en en ltr')
  assert.equal(like('fr', 'en-US'), 'fr fr ltr')
  assert.deepEqual(languages.map((l) => l.code).sort(), Object.keys(catalogues(join(process.cwd(), 'src/i18n'))).sort())
})

test('what is said changes with the language, and what is not translated is English', async () => {
  await speak(choose('de', []))
  assert.equal(day(Date.now(), Date.now()), de['day.today'])
  assert.equal(day(new Date(2026, 3, 28).getTime(), new Date(2026, 4, 1).getTime()), 'Dienstag, 28. April')
  use({ language: 'ru', locale: 'ru', dir: 'ltr' }, { 'room.jump': '{n, plural, =0 {0} one {# один} few {# два} many {# пять} other {}}' })
  assert.deepEqual([1, 2, 5, 21, 1234].map((n) => t('room.jump', { n })), ['1 один', '2 два', '5 пять', '21 один', '1\u00a0234 два'])
  assert.equal(t('day.today'), 'Today')
  assert.equal(commas(['Ада', 'Бо']), 'Ада, Бо')
  use({ language: 'ar', locale: 'ar-EG', dir: 'rtl' }, {})
  assert.equal(number(12), '١٢')
  assert.deepEqual(tongue().dir, 'rtl')
  await speak(choose('en', ['en-GB']))
  assert.equal(t('day.today'), 'Today')
})

test('hours are told as chosen', () => {
  const at = new Date(2026, 4, 1, 0, 5).getTime()
  useClock('24')
  assert.equal(clock(at), '00:05')
  useClock('12')
  assert.match(clock(at), /^12:05\sam$/)
  useClock('system')
})

test('every sentence can be read: no placeholder is broken, none is left', () => {
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    const values = Object.fromEntries([...en[key].matchAll(/\{(\w+)/g)].map(([, name]) => [name, /plural/.test(en[key]) ? 3 : 'x']))
    const text = parts(key, values).map((p) => typeof p === 'string' ? p : p.value).join('')
    assert.ok(text !== '' && !/[{}]|undefined/.test(text), `${key}: ${text}`)
  }
})

test('plurals choose their form, numbers their digits, names their direction', () => {
  assert.equal(t('strip.offline', { n: 0 }), 'No connection. Keep writing: your messages wait and go out by themselves.')
  assert.equal(t('strip.offline', { n: 1 }), 'No connection. Keep writing: 1 message waits and goes out by itself.')
  assert.equal(t('room.jump', { n: 12_345 }), '12,345 new messages')
  assert.equal(t('line.here', { people: 1, devices: 2 }), '1 person, 2 devices here')
  assert.equal(t('name.alike', { name: 'a', other: 'b' }), '\u2068a\u2069 looks too much like \u2068b\u2069. Pick another.')
})

test('days, spans, lists, sizes and the order of names', () => {
  const noon = new Date(2026, 4, 1, 12).getTime()
  assert.equal(day(noon, noon), 'Today')
  assert.equal(day(new Date(2026, 3, 30, 23, 59).getTime(), noon), 'Yesterday')
  assert.equal(day(new Date(2026, 3, 28).getTime(), noon), 'Tuesday 28 April')
  assert.equal(day(new Date(2025, 3, 28).getTime(), noon), 'Monday, 28 April 2025')
  assert.match(clock(noon), /12.00/)
  assert.equal(span(8000), '8 secs')
  assert.equal(span(90_000), '1 min')
  assert.equal(list(['Ada', 'Bo', 'Chi']), 'Ada, Bo and Chi')
  assert.deepEqual([size(0), size(12), size(1023), size(1024), size(8192), size(1_572_864)], ['0 bytes', '12 bytes', '1,023 bytes', '1 kB', '8 kB', '1.5 MB'])
  assert.equal(commas(['Ada', 'Bo']), 'Ada, Bo')
  assert.deepEqual(['b', 'Á', 'a10', 'a9'].sort(compare), ['Á', 'a9', 'a10', 'b'])
})

test('a habit writes what Intl writes, wherever one speaks a language of the page', () => {
  const regions = ['', ...'AT AU BR CA CH CN DE DK DZ EG ES FI FR GB ID IL IN JP KE MA MX NG NZ PH PK PT RU SA SE SG TR TW US ZA'.split(' ')]
  const times = Array.from({ length: 200 }, (_, i) => new Date(2026, i % 12, 1 + i % 28, i % 24, i * 7 % 60).getTime())
  const counts = [...Array(120).keys(), 999, 1000, 123_456, 2.5, -3]
  let simple = 0
  let all = 0
  for (const { code } of languages) {
    for (const region of regions) {
      for (const way of ['12', '24', 'system'] as const) {
        const locale = region ? `${code.split('-')[0]}-${region}` : code
        use({ language: 'en', locale, dir: 'ltr' }, {})
        useClock(way)
        const h = habit()
        useHabit(h)
        all++
        if (!h) continue
        simple++
        assert.deepEqual(times.map(clock), times.map((x) => clocks().format(x)), `${locale} ${way}`)
        assert.deepEqual(counts.map(number), counts.map((n) => numbers().format(n)), locale)
      }
    }
  }
  assert.ok(simple > all * 0.9, `${simple} of ${all} ways to write have a habit`)
})

test('a habit counts only where it was learned', () => {
  use({ language: 'en', locale: 'en-GB', dir: 'ltr' }, {})
  useClock('24')
  const h: Habit = { key: habitKey(), digits: 'abcdefghij', hours: Array.from({ length: 24 }, (_, i) => `${i} o'clock and #`) }
  useHabit(h)
  const at = new Date(2026, 4, 1, 13, 5).getTime()
  assert.equal(clock(at), "13 o'clock and af")
  assert.equal(number(120), 'bca')
  assert.equal(number(1200), '1,200')
  useClock('12')
  assert.match(clock(at), /^1:05/)
  use({ language: 'de', locale: 'de', dir: 'ltr' }, {})
  useClock('24')
  assert.equal(clock(at), '13:05')
  useHabit(null)
  useClock('system')
  use({ language: 'en', locale: 'en-GB', dir: 'ltr' }, en)
})
