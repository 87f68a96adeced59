import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Message, parseInbox, parseJSON, parseMemberPresence, parseMessage, parsePresence, parseRooms, parseRoster, parseState, parseStatus,
} from '../../src/mqtt/parse.ts'
import { Chance } from './chance.ts'

const bytes = (s: string) => new TextEncoder().encode(s)
const at = Date.UTC(2026, 4, 1, 10, 15, 30, 123)
const iso = '2026-05-01T10:15:30.123Z'

// The examples of docs/protocol.md.
const message = { seq: 1207, id: '018f', time: iso, room: 'lobby', from: 'ada', kind: 'text', text: 'hello', reply: '018e', data: { any: 'other' } }
const member = { name: 'ada', kind: 'person', state: 'online', since: iso, sessions: ['phone'] }

function table<T>(what: string, parse: (v: unknown) => T, rows: [string, unknown, T][]): void {
  for (const [name, v, want] of rows) test(`${what}: ${name}`, () => assert.deepEqual(parse(v), want))
}

const bare: Message = { seq: 1, id: 'i', time: 0, from: 'a', kind: 'unknown', text: '' }
table('message', parseMessage, [
  ['whole', message, { ...message, time: at, kind: 'text' }],
  ['direct', { seq: 3, id: 'i', time: iso, from: 'bob', to: 'ada', kind: 'text', text: 'psst' }, { seq: 3, id: 'i', time: at, from: 'bob', to: 'ada', kind: 'text', text: 'psst' }],
  ['of a kind that is new', { seq: 1, id: 'i', from: 'a', kind: 'vision', votes: 3, options: 'a', choice: {} }, bare],
  ['with fields of other types', { seq: 1, id: 'i', from: 'a', kind: 7, text: [], time: 5, reply: {}, data: [] }, bare],
  ['without seq', { ...message, seq: undefined }, undefined],
  ['seq 0', { ...message, seq: 0 }, undefined],
  ['seq as text', { ...message, seq: '7' }, undefined],
  ['seq beyond safe integers', { ...message, seq: 2 ** 60 }, undefined],
  ['seq that is none', { ...message, seq: 1.5 }, undefined],
  ['without id', { ...message, id: '' }, undefined],
  ['without from', { ...message, from: null }, undefined],
  ['null', null, undefined],
  ['a list', [message], undefined],
  ['text', 'hello', undefined],
])

const ada = { ...member, since: at, kind: 'person', state: 'online' } as const
table('roster', parseRoster, [
  ['whole', { epoch: 'k3', rev: 12, count: 1, members: [member] }, { epoch: 'k3', rev: 12, count: 1, partial: false, members: [ada] }],
  ['partial', { epoch: 'k3', rev: 0, count: 900, partial: true, members: [] }, { epoch: 'k3', rev: 0, count: 900, partial: true, members: [] }],
  ['members that are none are left out', { epoch: 'k', rev: 1, members: [{}, 7, { name: 'x' }] }, {
    epoch: 'k', rev: 1, count: 1, partial: false, members: [{ name: 'x', kind: 'person', state: 'online', since: 0, sessions: [] }] }],
  ['members as null', { epoch: 'k', rev: 1, members: null }, { epoch: 'k', rev: 1, count: 0, partial: false, members: [] }],
  ['members as text', { epoch: 'k', rev: 1, members: 'ada' }, undefined],
  ['without rev', { epoch: 'k', members: [] }, undefined],
  ['without epoch', { rev: 1, members: [] }, undefined],
])

table('presence', parsePresence, [
  ['whole', { epoch: 'k3', rev: 13, join: [member], leave: ['bob'], change: [member] }, { epoch: 'k3', rev: 13, join: [ada], leave: ['bob'], change: [ada] }],
  ['empty lists are left out', { epoch: 'k3', rev: 13 }, { epoch: 'k3', rev: 13, join: [], leave: [], change: [] }],
  ['names that are none', { epoch: 'k3', rev: 13, leave: ['', 7, 'x'] }, { epoch: 'k3', rev: 13, join: [], leave: ['x'], change: [] }],
  ['a list that is none', { epoch: 'k3', rev: 13, leave: 'bob' }, undefined],
  ['negative rev', { epoch: 'k3', rev: -1 }, undefined],
])

table('member presence', parseMemberPresence, [
  ['whole', { state: 'offline', since: iso, device: 'phone' }, { state: 'offline', since: at, device: 'phone' }],
  ['without device', { state: 'away' }, { state: 'away', since: 0 }],
  ['another state', { state: 'asleep' }, undefined],
])

table('rooms', parseRooms, [
  ['whole', [{ room: 'lobby', topic: 'hi', last: 7 }, { room: 'b' }, {}, null], [{ room: 'lobby', topic: 'hi', last: 7 }, { room: 'b', topic: '', last: 0 }]],
  ['none', [], []],
  ['an object', {}, undefined],
])

table('status', parseStatus, [
  ['whole', { state: 'online', version: '1.0.0', since: iso, build: 'abc' }, { state: 'online', version: '1.0.0', since: at, build: 'abc' }],
  ['with what is kept', { state: 'online', keep: { days: 30 } }, { state: 'online', version: '', since: 0, keep: { days: 30 } }],
  ['offline', { state: 'offline' }, { state: 'offline', version: '', since: 0 }],
  ['another state', { state: 'away' }, undefined],
])

const m = parseMessage(message)!
table('inbox', parseInbox, [
  ['history', { type: 'history', room: 'lobby', request: '5', messages: [message, 7], last: 1207, more: true }, { type: 'history', room: 'lobby', request: '5', messages: [m], last: 1207, more: true }],
  ['history of two', { type: 'history', with: 'bob', messages: [] }, { type: 'history', with: 'bob', messages: [], last: 0, more: false }],
  ['history of nothing', { type: 'history', messages: [] }, undefined],
  ['history of both', { type: 'history', room: 'a', with: 'b', messages: [] }, undefined],
  ['history that is no list', { type: 'history', room: 'a', messages: {} }, undefined],
  ['an answer to a search', { type: 'search', request: 's1', hits: [] }, { type: 'said', request: 's1', said: { type: 'search', request: 's1', hits: [] } }],
  ['read', { type: 'read', room: 'lobby', seq: 0 }, { type: 'read', room: 'lobby', seq: 0 }],
  ['read of two', { type: 'read', with: 'bob', seq: 9 }, { type: 'read', with: 'bob', seq: 9 }],
  ['read without seq', { type: 'read', room: 'lobby' }, undefined],
  ['message', { type: 'message', message: { ...message, room: undefined, to: 'bob' } }, { type: 'message', message: { ...withoutRoom(), to: 'bob' } }],
  ['message to nobody', { type: 'message', message }, undefined],
  ['error', { type: 'error', code: 'too-long', topic: 't', room: 'r', id: 'i', request: '5', text: 'cut it', until: 'then', with: { n: '8' } }, { type: 'error', code: 'too-long', topic: 't', room: 'r', id: 'i', request: '5', text: 'cut it', user: { reason: 'too-long', until: 'then', n: '8' } }],
  ['error without code', { type: 'error', text: 'x' }, undefined],
  ['an answer about oneself', { type: 'account', do: 'keep', request: 'k1', kept: true }, { type: 'said', request: 'k1', said: { type: 'account', do: 'keep', request: 'k1', kept: true } }],
  ['an answer to an order', { type: 'admin', do: 'host', request: 'a1', token: 'x' }, { type: 'said', request: 'a1', said: { type: 'admin', do: 'host', request: 'a1', token: 'x' } }],
  ['an answer that nobody asked for', { type: 'admin', do: 'host' }, undefined],
  ['what I said is erased', { type: 'account', do: 'erased', messages: 3 }, { type: 'told', told: { type: 'account', do: 'erased', messages: 3 } }],
  ['a host from now on', { type: 'host', host: true }, { type: 'told', told: { type: 'host', host: true } }],
  ['another device of mine', { type: 'device' }, { type: 'device' }],
  ['a type that is new', { type: 'poll' }, undefined],
  ['null', null, undefined],
])

function withoutRoom() {
  const { room, ...rest } = m
  return rest
}

test('JSON is read from UTF-8 alone', () => {
  assert.deepEqual(parseJSON(bytes('{"a":"é"}')), { a: 'é' })
  for (const b of [bytes(''), bytes('{'), Uint8Array.of(0x22, 0xc3, 0x28, 0x22)]) assert.equal(parseJSON(b), undefined)
})

test('a state is what its JSON says, else its text, and nothing when it is deleted', () => {
  for (const [payload, want] of [['21.5', 21.5], ['true', true], ['{"temperature":21}', { temperature: 21 }], ['ON', 'ON'], ['"x"', 'x'], ['', undefined]] as const) {
    assert.deepEqual(parseState(bytes(payload)), want)
  }
  assert.equal(parseState(Uint8Array.of(0xff)), '\ufffd')
})

test('anything can be parsed without an exception', () => {
  const c = new Chance(5)
  const keys = [...new Set([message, member, { epoch: 0, rev: 0, join: 0, leave: 0, change: 0, members: 0, type: 0, messages: 0, message: 0, with: 0, seq: 0 }].flatMap(Object.keys)), '__proto__']
  const any = (deep: number): unknown => {
    switch (c.int(0, deep > 3 ? 4 : 7)) {
      case 0: return c.text(5)
      case 1: return c.int(-2, 5)
      case 2: return c.one([null, undefined, true, NaN, 1e300])
      case 3: return c.one(['history', 'search', 'read', 'message', 'error', 'online', 'person', iso])
      case 4: return c.one(['', 'a'])
      case 5: return Array.from({ length: c.int(0, 3) }, () => any(deep + 1))
      default: return Object.fromEntries(Array.from({ length: c.int(0, 9) }, () => [c.one(keys), any(deep + 1)]))
    }
  }
  for (let i = 0; i < 20_000; i++) {
    const v = any(0)
    for (const parse of [parseMessage, parseRoster, parsePresence, parseMemberPresence, parseRooms, parseStatus, parseInbox]) parse(v)
  }
})
