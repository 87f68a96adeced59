import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Inbox, Message } from '../../src/mqtt/parse.ts'
import { Unanswered } from '../../src/store/asks.ts'
import { withFiles } from '../../src/store/files.ts'
import { type Hit, parseFound } from '../../src/store/hits.ts'
import { intent } from '../../src/store/keys.ts'
import { readView, searchLink } from '../../src/store/route.ts'
import { placeOf, Search } from '../../src/store/search.ts'
import { dayBefore, excerpt, filterOf, narrowed, pieces, says, wordsOf } from '../../src/store/sought.ts'

test('filters are read from what was typed, and written into it', () => {
  const text = 'hot "glue gun" from:"Ada Okafor" HAS:link after:2026-05-01'
  assert.equal(filterOf(text, 'from'), 'Ada Okafor')
  assert.equal(filterOf(text, 'has'), 'link')
  assert.equal(filterOf(text, 'on'), '')
  assert.equal(wordsOf(text), 'hot glue gun')
  assert.equal(narrowed(text, ['from'], 'from', 'Bob'), 'hot "glue gun" HAS:link after:2026-05-01 from:Bob')
  assert.equal(narrowed(text, ['from'], 'from', ''), 'hot "glue gun" HAS:link after:2026-05-01')
  assert.equal(narrowed(text, ['on', 'after'], 'on', '2026-05-02'), 'hot "glue gun" from:"Ada Okafor" HAS:link on:2026-05-02')
  assert.equal(narrowed('', ['from'], 'from', 'Zoë Q'), 'from:"Zoë Q"')
  assert.equal(narrowed('“quoted words” x', ['has'], 'has', 'file'), '“quoted words” x has:file')
})

test('nothing is asked for before there is something to ask', () => {
  for (const s of ['', '  ', 'from:', '- !', '"']) assert.equal(says(s), false, s)
  for (const s of ['a', 'from:ada', '京', '👍', 'from: ada', '"x']) assert.equal(says(s), true, s)
})

test('of a long text the part with the first place is shown, whole characters and all', () => {
  const text = `${'word '.repeat(200)}nozzle 🔥 ${'more '.repeat(200)}`
  const at = text.indexOf('nozzle')
  const e = excerpt(text, [[at, at + 6]], 100)
  assert.equal(e.before && e.after && e.text.length <= 101, true)
  assert.equal(e.text.slice(...e.ranges[0]), 'nozzle')
  assert.deepEqual(excerpt('short', [[0, 5]]), { text: 'short', ranges: [[0, 5]], before: false, after: false })
  for (let i = 0; i < 60; i++) {
    const fires = '🔥'.repeat(80)
    const cut = excerpt(fires, [[i * 2, i * 2 + 2]], 41)
    assert.doesNotThrow(() => encodeURIComponent(cut.text)) // it does for half a character
  }
  assert.deepEqual(pieces('a hot b', [[2, 5]]), [{ text: 'a ', marked: false }, { text: 'hot', marked: true }, { text: ' b', marked: false }])
  assert.deepEqual(pieces('abc', [[1, 9], [0, 1]]), [{ text: 'a', marked: true }, { text: 'bc', marked: false }])
})

test('a search stands in the address', () => {
  for (const [of, q, hash] of [
    [null, '', '#/search'],
    [null, 'a&b=c ?#/', '#/search?q=a%26b%3Dc%20%3F%23%2F'],
    [{ at: 'room', room: 'größe', seq: 0 }, 'x', '#/search/room/gr%C3%B6%C3%9Fe?q=x'],
    [{ at: 'user', user: 'Ada Okafor' }, 'x', '#/search/user/Ada%20Okafor?q=x'],
  ] as const) {
    assert.equal(searchLink(of, q), hash)
    assert.deepEqual(readView(hash), { is: 'search', of, q })
  }
  assert.equal(searchLink({ at: 'room', room: 'lobby', seq: 7 }), '#/search/room/lobby')
  assert.deepEqual(readView('#/searching'), { is: 'talk' })
})

test('keys begin a search', () => {
  const press = { key: '', code: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false }
  assert.deepEqual(intent({ ...press, key: '/' }, true), { want: 'search', all: false })
  assert.equal(intent({ ...press, key: '/' }, false), null)
  assert.deepEqual(intent({ ...press, key: 'F', ctrlKey: true, shiftKey: true }, false), { want: 'search', all: true })
  assert.equal(intent({ ...press, key: 'f', ctrlKey: true }, false), null) // the browser's own
})

test('an answer to a search is read, and what is none is not', () => {
  const message = { seq: 3, id: 'x', from: 'bob', kind: 'text', text: 'tea', room: 'lobby' }
  const a = parseFound({ type: 'search', request: 'r1', hits: [{ message, ranges: [[0, 3], [5], ['a', 2], [4, 4]] }, { message: { ...message, room: undefined } }, 7], more: true, before: 'abc' })
  assert.equal(a?.hits.length, 1)
  assert.deepEqual([a?.hits[0].ranges, a?.more, a?.before], [[[0, 3]], true, 'abc'])
  assert.equal(parseFound({ type: 'search', hits: 7 }), undefined)
})

const hit = (seq: number): Hit => ({ message: { seq, id: `${seq}`, time: 0, from: 'bob', room: 'lobby', kind: 'text', text: `tea ${seq}` }, ranges: [] })
const answer = (seqs: number[], before?: string): Inbox => ({ type: 'said', request: 'r1', said: { type: 'search', hits: seqs.map(hit), more: before !== undefined, ...(before !== undefined && { before }) } })

/** A search whose questions wait for the test, and whose clock goes at once. */
function searching() {
  const asked: { topic: string, body: Record<string, unknown>, ok: (a: Inbox) => void, no: (e: Error) => void }[] = []
  const line = { online: true }
  const s = new Search({
    ask: (topic, body) => new Promise((ok, no) => asked.push({ topic, body: body as Record<string, unknown>, ok, no })),
    online: () => line.online,
    later: (_, f) => {
      let off = false
      queueMicrotask(() => { if (!off) f() })
      return () => { off = true }
    },
  })
  const settled = () => new Promise((go) => setImmediate(go))
  return { s, asked, line, settled, seqs: () => s.hits.value.map((h) => h.message.seq) }
}

test('only what was asked for last counts', async () => {
  const { s, asked, settled, seqs } = searching()
  for (const q of ['t', 'te', 'tea']) {
    s.seek(null, q, true)
    await settled()
  }
  assert.equal(asked.length, 1) // the next waits, and so only the last is asked for
  asked[0].ok(answer([1]))
  await settled()
  assert.deepEqual([seqs(), s.is.value], [[], 'seeking'])
  asked[1].ok(answer([9, 8]))
  await settled()
  assert.deepEqual([seqs(), s.is.value], [[9, 8], 'there'])
  assert.deepEqual([asked[1].topic, asked[1].body.search, asked[1].body.prefix], ['chat/server/search', 'tea', true])
  s.chosen.value = 1
  s.seek(null, 'tea', false) // the same again, as on the way back
  await settled()
  assert.deepEqual([asked.length, s.chosen.value], [2, 1])
  s.seek({ at: 'room', room: 'lobby', seq: 0 }, 'tea ', false)
  await settled()
  assert.deepEqual([asked[2].topic, asked[2].body.prefix], ['chat/room/lobby/history', false])
})

test('a search goes on by itself while it finds little, and by the reader when there is much', async () => {
  const { s, asked, settled, seqs } = searching()
  s.seek(null, 'tea', false)
  await settled()
  asked[0].ok(answer([90], 'p1'))
  await settled()
  assert.deepEqual([asked[1].body.before, s.is.value, seqs()], ['p1', 'seeking', [90]])
  asked[1].ok(answer(Array.from({ length: 25 }, (_, i) => 80 - i), 'p2'))
  await settled()
  assert.deepEqual([asked.length, s.is.value, s.more.value], [2, 'there', true])
  s.chosen.value = 20
  void s.older()
  void s.older() // once is enough
  await settled()
  assert.deepEqual([asked.length, asked[2].body.before], [3, 'p2'])
  asked[2].ok(answer([2, 1]))
  await settled()
  assert.deepEqual([seqs().length, s.more.value, s.chosen.value, s.adding.value], [28, false, 20, false])
})

test('without a line it waits, and a refusal is told', async () => {
  const { s, asked, line, settled } = searching()
  line.online = false
  s.seek(null, 'tea', false)
  await settled()
  assert.deepEqual([s.is.value, asked.length], ['offline', 0])
  line.online = true
  s.online()
  await settled()
  asked[0].no(new Unanswered('too many words'))
  await settled()
  assert.deepEqual([s.is.value, s.why.value?.message], ['failed', 'too many words'])
  s.again()
  await settled()
  asked[1].ok(answer([]))
  await settled()
  assert.deepEqual([s.is.value, s.why.value], ['there', null])
})

test('what stands around a hit is fetched once', async () => {
  const { s, asked, settled } = searching()
  const first = s.around(hit(9), 'ada')
  void s.around(hit(9), 'ada')
  assert.deepEqual([asked.length, asked[0].topic, asked[0].body.after], [1, 'chat/room/lobby/history', 2])
  asked[0].ok({ type: 'history', room: 'lobby', messages: [hit(9).message], last: 9, more: false })
  assert.equal((await first).length, 1)
  const direct = { ...hit(3).message, room: undefined, to: 'ada' }
  assert.deepEqual(placeOf(direct as never, 'ada'), { at: 'user', user: 'bob' })
  assert.deepEqual(placeOf({ ...direct, from: 'ada', to: 'bob' } as never, 'ada'), { at: 'user', user: 'bob' })
  const failed = s.around(hit(5), 'ada')
  asked[1].no(new Unanswered(''))
  await assert.rejects(failed)
  void s.around(hit(5), 'ada').catch(() => {})
  await settled()
  assert.equal(asked.length, 3)
})

test('a day is written as filters want it', () => {
  assert.equal(dayBefore(new Date(2026, 2, 1, 12).getTime(), 1), '2026-02-28')
})

test('the files of a room are those that were found and those that came since, without the deleted', () => {
  const at = (seq: number, more: object = {}) => ({ seq, id: `m${seq}`, time: seq, from: 'ada', kind: 'file', text: '', file: { name: `${seq}` }, ...more }) as unknown as Message
  const found = [at(9), at(5), at(3)]
  const held = [at(7, { file: undefined }), at(9, { deleted: true, file: undefined }), at(11), at(12)]
  const posted = [at(13, { kind: 'delete', refseq: 5 }), at(14, { kind: 'pin', refseq: 12 })]
  assert.deepEqual(withFiles(found, held, posted).map((m) => m.seq), [12, 11, 3])
})
