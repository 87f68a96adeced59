import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clock, compare, day, list, parts, size, span, t } from '../../src/i18n/format.ts'
import en from '../../src/i18n/en.json'

const sources = (dir: string): string => readdirSync(dir, { withFileTypes: true })
  .map((f) => f.isDirectory() ? sources(join(dir, f.name)) : /\.tsx?$/.test(f.name) ? readFileSync(join(dir, f.name), 'utf8') : '').join('')

test('every sentence of the catalogue is said somewhere', () => {
  const src = sources(join(process.cwd(), 'src'))
  const said = (key: string) => src.includes(`'${key}'`) || [...src.matchAll(/`([\w.]*)\$\{\w+(?:\.\w+)?\}(\w*)`/g)].some(([, a, z]) => a !== '' && key.startsWith(a) && key.endsWith(z))
  assert.deepEqual(Object.keys(en).filter((k) => !said(k)), [])
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
  assert.equal(span(8000), '8 sec')
  assert.equal(span(90_000), '1 min')
  assert.equal(list(['Ada', 'Bo', 'Chi']), 'Ada, Bo and Chi')
  assert.equal(size(8192), '8 kB')
  assert.deepEqual(['b', 'Á', 'a10', 'a9'].sort(compare), ['Á', 'a9', 'a10', 'b'])
})
