import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fold } from '../../src/store/fold.ts'
import { everybody, spokenTo } from '../../src/store/mention.ts'
import { type Block, blocks, onlyEmoji, type Piece, plain } from '../../src/store/text.ts'
import { Chance } from './chance.ts'

const names = { me: 'noor', known: new Set(['noor', 'ada', 'ada okafor']), rooms: new Map([['lobby', {}], ['3d-druck', {}], ['attic-x7k2', { title: 'The attic' }]]) }
const line = (s: string): Piece[] => {
  const [b, ...more] = blocks(s, names)
  assert.ok(b.is === 'lines' && more.length === 0, JSON.stringify(s))
  return b.of
}
const said = (all: readonly Piece[]): string => all.map((p) => 'of' in p ? said(p.of) : p.is === 'mention' ? `@${p.name}` : p.is === 'room' ? `#${p.room}` : p.text).join('')
const t = (text: string): Piece => ({ is: 'text', text })

test('links stop before punctuation and unopened brackets', () => {
  assert.deepEqual(line('see https://a.example/x_(y).'), [t('see '), { is: 'link', text: 'https://a.example/x_(y)', href: 'https://a.example/x_(y)' }, t('.')])
  assert.deepEqual(line('(http://[::1]:8080/)').at(1), { is: 'link', text: 'http://[::1]:8080/', href: 'http://[::1]:8080/' })
  assert.equal(line('mailto:ada@example.org')[0].is, 'link')
  assert.equal(line('tel:+49-30-1234')[0].is, 'link')
})

test('nothing but http, https, mailto and tel is ever a link', () => {
  for (const s of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'vbscript:x', 'http:/', 'https://', 'mailto:nobody', 'tel:javascript', 'tel:']) {
    assert.deepEqual(line(s).filter((p) => p.is === 'link'), [], s)
  }
})

test('a link whose host could be taken for another shows where it leads', () => {
  for (const [written, shown] of [
    ['https://аpple.com/x', 'https://xn--pple-43d.com/x'], // the first letter is Cyrillic
    ['https://a.example/\u202egpj.exe', 'https://a.example/%E2%80%AEgpj.exe'],
    ['https://a.example/größe', 'https://a.example/größe'], // only the host can deceive
  ]) {
    const p = line(written)[0]
    assert.ok(p.is === 'link')
    assert.equal(p.text, shown)
  }
})

test('marks, code, and what is not clearly a mark', () => {
  assert.deepEqual(line('**a** *b* ~~c~~ `c*d*`'), [
    { is: 'strong', of: [t('a')] }, t(' '), { is: 'em', of: [t('b')] }, t(' '), { is: 's', of: [t('c')] }, t(' '), { is: 'code', text: 'c*d*' }])
  for (const s of ['2*3*4', '** a **', '*', '**', 'a `b', '5 * 3', '~~ a', 'a ~ b ~ c', '# no heading', '|a|b|', '![x](y)']) assert.deepEqual(line(s), [t(s)], s)
  assert.deepEqual(blocks('x\n```sh\nls *\n```\ny', names), [{ is: 'lines', of: [t('x')] }, { is: 'fence', language: 'sh', text: 'ls *' }, { is: 'lines', of: [t('y')] }])
  assert.deepEqual(line('```\nnever closed'), [t('```\nnever closed')])
})

test('lists have two lines at least, and numbers that go up; else they stay as they were typed', () => {
  assert.deepEqual(blocks('buy:\n- tea\n- **milk**\nnow', names), [
    { is: 'lines', of: [t('buy:')] }, { is: 'list', from: null, items: [[t('tea')], [{ is: 'strong', of: [t('milk')] }]] }, { is: 'lines', of: [t('now')] }])
  assert.deepEqual(blocks('3. c\n4. d', names), [{ is: 'list', from: 3, items: [[t('c')], [t('d')]] }])
  for (const s of ['- 5 °C', '3. May', '1. a\n1. b', '2. a\n1. b', '-a\n-b', '- a\n\n- b']) assert.deepEqual(line(s), [t(s)], s)
})

test('quotes are lines that begin with > and a space', () => {
  assert.deepEqual(blocks('> a\n> *b*\nno', names), [{ is: 'quote', of: [t('a\n'), { is: 'em', of: [t('b')] }] }, { is: 'lines', of: [t('no')] }])
  assert.deepEqual(line('>_<'), [t('>_<')])
})

test('whatever is put in, the same characters come out, but for marks and line breaks', () => {
  const alphabet = ['a', ' ', '*', '`', '```', '```sh\n', '~~', '> ', '- ', '1. ', '2. ', '@Noor', '@Ada', '#lobby', '#x', 'https://x.example/(', ')', '.', '\n', '<b>', '"', '🦊', '_', 'ש', '\u202e']
  const strip = (x: string) => x.replace(/[*`~\n> -]|[12]\. |sh/g, '')
  const all = (bs: Block[]) => bs.map((b) => b.is === 'fence' ? b.language + b.text : b.is === 'list' ? b.items.map(said).join('') : said(b.of)).join('')
  const chance = new Chance(7)
  for (let i = 0; i < 20_000; i++) {
    const s = Array.from({ length: chance.int(1, 14) }, () => chance.one(alphabet)).join('')
    const out = all(blocks(s, names)).replace(/(?:%[0-9A-F]{2})+/g, decodeURIComponent) // a link that turns the direction is shown as it is sent
    assert.equal(strip(out).replace(/1\.|2\./g, ''), strip(s).replace(/1\.|2\./g, ''), JSON.stringify(s))
    plain(s)
  }
})

test('reading is quick, whatever is written', () => {
  for (const piece of ['*', '**a', '`', '```\n', '~~', '> ', '- a\n', '1. ', '@', '#', 'http://', '(((', '@Ada ', '*a ', '\n']) {
    const s = piece.repeat(8192 / piece.length)
    const start = performance.now()
    blocks(s, names)
    assert.ok(performance.now() - start < 2000, `${JSON.stringify(piece)}: ${performance.now() - start} ms`)
  }
})

test('a text speaks to whom the server says, and shows just those', () => {
  const { names: all, cases }: { names: string[], cases: { text: string, who: string[], room?: boolean }[] } = JSON.parse(readFileSync(join(process.cwd(), '../bridge/testdata/mentions.json'), 'utf8'))
  const known = new Set([...all.map(fold), everybody])
  assert.ok(cases.length > 30)
  for (const { text, who, room } of cases) {
    const want = [...who.map(fold), ...(room ? [everybody] : [])].sort()
    assert.deepEqual([...new Set(spokenTo(text, known))].filter((f) => f !== '').sort(), want, JSON.stringify(text))
    const shown = (ps: readonly Piece[]): string[] => ps.flatMap((p) => p.is === 'mention' ? [fold(p.name)] : 'of' in p ? shown(p.of) : [])
    const drawn = new Set(blocks(text, { me: '', known }).flatMap((b) => b.is === 'fence' ? [] : b.is === 'list' ? b.items.flatMap(shown) : shown(b.of)))
    if ([...text].filter((c) => c === '@').length <= 16) assert.deepEqual([...drawn].sort(), want, JSON.stringify(text))
  }
})

test('a mention is shown as it was written, and as mine when it is for me or for all', () => {
  assert.deepEqual(line('hi @Ada  Okafor!').at(1), { is: 'mention', name: 'Ada  Okafor', me: false })
  assert.deepEqual(line('hi @ｎoor!').at(1), { is: 'mention', name: 'ｎoor', me: true })
  const all = blocks('@Room: lunch', { me: 'noor', known: new Set([everybody]) })[0]
  assert.deepEqual(all.is === 'lines' && all.of[0], { is: 'mention', name: 'Room', me: true })
  assert.deepEqual(line('@room'), [t('@room')]) // what two write to each other speaks to no room
})

test('rooms that are open are links, other # are not', () => {
  assert.deepEqual(line('in #lobby, #1 and a#lobby'), [t('in '), { is: 'room', room: 'lobby', called: 'lobby' }, t(', #1 and a#lobby')])
  assert.deepEqual(line('#Attic-x7k2')[0], { is: 'room', room: 'Attic-x7k2', called: 'The attic' })
})

test('a text is read out without its marks', () => {
  assert.equal(plain('**a** `b`\n- c\n- d\n> e\n```sh\nls\n```'), 'a b\nc\nd\ne\nls')
})

test('only emoji are drawn large', () => {
  for (const s of ['👍', '👩🏽‍🚀 🎉', '🇩🇪']) assert.equal(onlyEmoji(s), true, s)
  for (const s of ['', '1', 'ok 👍', '👍'.repeat(7)]) assert.equal(onlyEmoji(s), false, s)
})
