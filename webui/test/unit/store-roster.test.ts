import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Member, Presence, Roster as Snapshot } from '../../src/mqtt/parse.ts'
import { nobody } from '../../src/store/conversation.ts'
import { groups } from '../../src/store/groups.ts'
import { changed, replaced } from '../../src/store/roster.ts'

const member = (name: string, more: Partial<Member> = {}): Member => ({ name, kind: 'person', state: 'online', since: 0, sessions: [], ...more })
const snapshot = (rev: number, names: string[], epoch = 'e1'): Snapshot => ({ epoch, rev, count: names.length, partial: false, members: names.map((n) => member(n)) })
const presence = (rev: number, p: Partial<Presence>): Presence => ({ epoch: 'e1', rev, join: [], leave: [], change: [], ...p })
const names = (r: { members: ReadonlyMap<string, Member> }) => [...r.members.keys()].sort()

test('the next presence message changes the roster', () => {
  const r = changed(replaced(snapshot(4, ['ada', 'bob'])), presence(5, { join: [member('eve')], leave: ['bob'], change: [member('ada', { state: 'away' })] }))
  assert.equal(r.is, 'changed')
  assert.deepEqual(names(r.roster), ['ada', 'eve'])
  assert.equal(r.roster.members.get('ada')?.state, 'away')
  assert.equal(r.roster.count, 2)
})

test('what the snapshot contains already is not done twice', () => {
  const before = replaced(snapshot(5, ['ada']))
  const r = changed(before, presence(5, { leave: ['ada'] }))
  assert.equal(r.is, 'known')
  assert.equal(r.roster, before)
})

test('a gap in rev, or a new epoch, asks for a snapshot and changes nothing', () => {
  const before = replaced(snapshot(5, ['ada']))
  assert.deepEqual(changed(before, presence(7, { leave: ['ada'] })), { roster: before, is: 'missed' })
  assert.equal(changed(before, { ...presence(6, {}), epoch: 'e2' }).is, 'missed')
  assert.equal(changed(nobody, presence(1, {})).is, 'missed')
})

test('a snapshot always replaces, whatever its rev', () => {
  assert.deepEqual(names(replaced(snapshot(1, ['eve'], 'e2'))), ['eve'])
})

test('people and devices stand apart, who is here before who is away', () => {
  const r = replaced({ epoch: 'e', rev: 1, count: 4, partial: false, members: [member('bob'), member('plug', { kind: 'device' }), member('ada'), member('eve', { state: 'away' })] })
  const g = groups(r, (a, b) => a.localeCompare(b))
  assert.deepEqual([g.here, g.away, g.devices].map((l) => l.map((m) => m.name)), [['ada', 'bob'], ['eve'], ['plug']])
})
