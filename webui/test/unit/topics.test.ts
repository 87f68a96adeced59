import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filter, parseTopic, roomSlug, to } from '../../src/mqtt/topics.ts'

test('topics are those of protocol version 1', () => {
  assert.deepEqual(
    [to.say('lobby'), to.typing('lobby'), to.history('lobby'), to.members('lobby'), to.read('lobby'), to.away, to.direct('Ada Okafor'), to.directHistory('bob')],
    ['chat/room/lobby/say', 'chat/room/lobby/typing/me', 'chat/room/lobby/history', 'chat/room/lobby/members', 'chat/room/lobby/read',
      'chat/user/me/away', 'chat/user/Ada Okafor/say', 'chat/user/bob/history'])
  assert.deepEqual(
    [filter.room('lobby'), filter.inbox, filter.server, filter.member('+')],
    ['chat/room/lobby/#', 'chat/user/me/inbox/#', 'chat/server/#', 'chat/user/+/presence'])
})

for (const [topic, want] of [
  ['chat/room/lobby/messages', { of: 'messages', room: 'lobby' }],
  ['chat/room/größe/roster', { of: 'roster', room: 'größe' }],
  ['chat/room/lobby/presence', { of: 'presence', room: 'lobby' }],
  ['chat/room/lobby/typing/Zoë 🦊', { of: 'typing', room: 'lobby', name: 'Zoë 🦊' }],
  ['chat/room/lobby/state/plug', { of: 'state', room: 'lobby', name: 'plug', path: '' }],
  ['chat/room/lobby/state/plug/power/now', { of: 'state', room: 'lobby', name: 'plug', path: 'power/now' }],
  ['chat/user/bob/presence', { of: 'member', name: 'bob' }],
  ['chat/user/me/inbox', { of: 'inbox', name: 'me', path: '' }],
  ['chat/user/me/inbox/h/7', { of: 'inbox', name: 'me', path: 'h/7' }],
  ['chat/server/rooms', { of: 'rooms' }],
  ['chat/server/status', { of: 'status' }],
  ['chat/room/lobby/say', undefined],
  ['chat/room/lobby/messages/more', undefined],
  ['chat/room//messages', undefined],
  ['chat/room/lobby/typing', undefined],
  ['chat/room/lobby/typing/', undefined],
  ['chat/room/lobby/typing/a/b', undefined],
  ['chat/user/bob/presence/x', undefined],
  ['chat/user//inbox', undefined],
  ['chat/server/rooms/x', undefined],
  ['chat/server/other', undefined],
  ['chat/room', undefined],
  ['chat', undefined],
  ['', undefined],
  ['zigbee2mqtt/lamp', undefined],
] as const) {
  test(`parseTopic: ${topic || '(empty)'}`, () => assert.deepEqual(parseTopic(topic), want))
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
