import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseTopic } from '../../src/mqtt/parse.ts'
import { filter, roomSlug, to } from '../../src/mqtt/topics.ts'

/** Vectors that the server's tests read, too. */
const vectors: { read: { topic: string, of?: string, room?: string, name?: string, path?: string }[], write: { of: keyof typeof to, to?: string, topic: string }[] } =
  JSON.parse(readFileSync(join(process.cwd(), '../bridge/testdata/topics.json'), 'utf8'))

test('topics to publish to are those of protocol version 1', () => {
  for (const { of, to: whom = '', topic } of vectors.write) {
    const build = to[of]
    assert.equal(typeof build === 'string' ? build : build(whom), topic)
  }
  assert.deepEqual(new Set(vectors.write.map((v) => v.of)), new Set(Object.keys(to)))
})

test('filters are those of protocol version 1', () => {
  assert.deepEqual(
    [filter.room('lobby'), filter.inbox, filter.server, filter.member('+')],
    ['chat/room/lobby/#', 'chat/user/me/inbox/#', 'chat/server/#', 'chat/user/+/presence'])
})

for (const { topic, of, ...fields } of vectors.read) {
  test(`parseTopic: ${topic || '(empty)'}`, () => {
    const path = of === 'state' || of === 'inbox' ? { path: fields.path ?? '' } : {}
    assert.deepEqual(parseTopic(topic), of === undefined ? undefined : { of, ...fields, ...path })
  })
}

for (const topic of ['chat/room/lobby/say', 'chat/room//messages', 'chat/room/lobby/typing/', 'chat/user//inbox']) {
  test(`parseTopic: ${topic} is nothing that the page is sent`, () => assert.equal(parseTopic(topic), undefined))
}

for (const [written, want] of [
  ['lobby', 'lobby'],
  [' #Lobby ', 'lobby'],
  ['Große Halle', 'große-halle'],
  ['Cafe\u0301', 'caf\u00e9'],
  ['पाठशाला', 'पाठशाला'],
  ['室_2-b', '室_2-b'],
  ['a'.repeat(48), 'a'.repeat(48)],
  ['𝒳'.repeat(48), '𝒳'.repeat(48)],
  ['a'.repeat(49), undefined],
  ['', undefined],
  ['#', undefined],
  ['a/b', undefined],
  ['a+b', undefined],
  ['##a', undefined],
  ['$sys', undefined],
  ['a\u200bb', undefined],
  ['🦊', undefined],
] as const) {
  test(`roomSlug: ${JSON.stringify(written)}`, () => assert.equal(roomSlug(written), want))
}
