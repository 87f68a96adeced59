import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ack, LineLost, Unsendable } from '../../src/mqtt/client.ts'
import * as outbox from '../../src/store/outbox.ts'
import { Post } from '../../src/store/post.ts'
import { passing } from '../../src/store/memory.ts'
import { plainShelf } from '../../src/store/plain.ts'
import type { Shelf } from '../../src/store/shelf.ts'

const lobby = { room: 'lobby' }

/** A post whose server is this test: what is published waits for an answer. */
class Desk {
  now = 1000
  online = true
  seed = 0
  published: { topic: string, text: string, id: string, answer: (a: Partial<Ack> | Error) => void }[] = []
  newest = 0 // seq that the page holds
  kept: string[] = []
  readonly post: Post

  constructor(tab = 'tab-1', readonly shelf: Shelf = plainShelf(passing())) {
    this.post = new Post({
      publish: (topic, payload) => new Promise((ok, no) => {
        const { text, id } = JSON.parse(payload)
        this.published.push({ topic, text, id, answer: (a) => a instanceof Error ? no(a) : ok({ code: 0, user: {}, ...a }) })
      }),
      online: () => this.online,
      now: () => this.now++,
      fill: (b) => void b.fill(++this.seed),
      shelf,
      newest: () => this.newest,
      kept: (e) => this.kept.push(e.text),
    }, tab)
  }

  write(...texts: string[]): void {
    for (const t of texts) this.post.write(lobby, t, 'noor')
  }

  get states(): string[] {
    return this.post.box.value.map((e) => `${e.text} ${e.state}`)
  }

  /** Answers what was published last with this text, and lets the answer be taken. */
  async answer(text: string, a: Partial<Ack> | Error): Promise<void> {
    this.published.findLast((p) => p.text === text)?.answer(a)
    await new Promise((r) => setImmediate(r))
  }
}

const echo = (d: Desk, text: string, seq: number) => {
  const { id } = d.published.findLast((p) => p.text === text)!
  d.post.brought([{ seq, id, time: 0, from: 'noor', room: 'lobby', kind: 'text', text }], 'noor')
}

test('acknowledged, then brought by the room: it stays in sight between the two', async () => {
  const d = new Desk()
  d.write('a')
  assert.deepEqual(d.states, ['a sending'])
  await d.answer('a', { user: { seq: '7' } })
  assert.deepEqual(d.states, ['a kept'])
  assert.equal(d.post.box.value[0].seq, 7)
  echo(d, 'a', 7)
  assert.deepEqual(d.states, [])
  assert.deepEqual(d.kept, ['a'])
})

test('brought by the room before the acknowledgement: it is done, and told once', async () => {
  const d = new Desk()
  d.write('a')
  echo(d, 'a', 7)
  assert.deepEqual(d.states, [])
  await d.answer('a', { user: { seq: '7' } })
  assert.deepEqual(d.states, [])
  assert.deepEqual(d.kept, ['a'])
})

test('brought by the room before the outbox was read from the shelf: the acknowledgement ends it', async () => {
  const d = new Desk()
  d.newest = 7
  d.write('a')
  await d.answer('a', { user: { seq: '7' } })
  assert.deepEqual(d.states, [])
})

test('one after the other: what comes later waits for the answer', async () => {
  const d = new Desk()
  d.write('a', 'b')
  d.post.write({ room: 'kitchen' }, 'elsewhere', 'noor')
  assert.deepEqual(d.published.map((p) => p.text), ['a', 'elsewhere'])
  await d.answer('a', { user: { seq: '1' } })
  assert.deepEqual(d.published.map((p) => p.text), ['a', 'elsewhere', 'b'])
})

test('an answer that never came: the same id goes out again, in its order', async () => {
  const d = new Desk()
  d.write('a', 'b', 'c')
  await d.answer('a', { user: { seq: '1' } })
  const { id } = d.published.at(-1)!
  d.online = false
  await d.answer('b', new LineLost('gone'))
  d.write('d')
  assert.deepEqual(d.states, ['a kept', 'b waiting', 'c waiting', 'd waiting'])
  d.online = true
  d.post.flush('noor')
  for (const t of ['b', 'c', 'd']) await d.answer(t, { user: { seq: '1' } })
  assert.deepEqual(d.published.slice(2).map((p) => p.text), ['b', 'c', 'd'])
  assert.equal(d.published[2].id, id)
  assert.equal(new Set(d.published.map((p) => p.id)).size, 4)
})

test('a refused message stays with its reason, holds nobody up, and can be tried again under its id', async () => {
  const d = new Desk()
  d.write('a', 'b')
  await d.answer('a', { code: 0x99, text: 'not UTF-8' }) // and b goes
  await d.answer('b', { user: { seq: '1' } })
  assert.deepEqual(d.states, ['a failed', 'b kept'])
  assert.equal(d.post.box.value[0].why, 'not UTF-8')
  const { id } = d.post.box.value[0]
  d.post.again(id, 'noor')
  assert.equal(d.published.at(-1)?.id, id)
  await d.answer('a', { code: 0x99, text: 'still not' })
  assert.equal(d.post.discard(id)?.text, 'a')
  assert.deepEqual(d.states, ['b kept'])
})

test('a full disk or too high a rate is waited for, without a click', async () => {
  const d = new Desk()
  d.write('a', 'b')
  await d.answer('a', { code: 0x97, text: 'no space' })
  assert.deepEqual(d.states, ['a waiting', 'b waiting']) // b does not overtake it
  assert.equal(d.post.box.value[0].why, 'no space')
  d.post.flush('noor')
  assert.deepEqual(d.states, ['a waiting', 'b waiting'])
  d.now = d.post.box.value[0].again
  d.post.flush('noor')
  assert.deepEqual(d.states, ['a sending', 'b waiting'])
  await d.answer('a', { user: { seq: '1' } })
  assert.deepEqual(d.states, ['a kept', 'b sending'])
})

test('what cannot be sent at all is failed, not tried for ever', async () => {
  const d = new Desk()
  d.write('a')
  await d.answer('a', new Unsendable('too large for a packet'))
  assert.deepEqual(d.states, ['a failed'])
})

test('waiting messages survive a reload and go out once, in their order', async () => {
  const d = new Desk()
  d.write('a') // under way when the page goes
  d.online = false
  d.write('b', 'c')
  const after = new Desk('tab-1', d.shelf)
  after.now = 5000
  await after.post.tend('noor')
  assert.deepEqual(after.states, ['a sending', 'b waiting', 'c waiting'])
  assert.equal(after.published[0].id, d.published[0].id)
  await after.answer('a', { user: { seq: '1' } })
  const third = new Desk('tab-1', d.shelf)
  await third.post.tend('noor')
  assert.deepEqual(third.states, ['b sending', 'c waiting'])
})

test('another tab takes rows only when their tab is dead, another name never', async () => {
  const d = new Desk()
  d.online = false
  d.write('a')
  const other = new Desk('tab-2', d.shelf)
  other.now = d.now + 5000
  await other.post.tend('noor')
  assert.deepEqual(other.states, [])
  other.now = d.now + outbox.leaseFor + 1000
  await other.post.tend('ada')
  assert.deepEqual(other.states, [])
  await other.post.tend('noor')
  assert.deepEqual(other.states, ['a sending'])

  // The first one only slept: it finds that its row is another's now.
  d.now = other.now + 100
  d.online = true
  await d.post.tend('noor')
  assert.deepEqual([d.states, d.published], [[], []])
})

test('a living tab renews its lease', async () => {
  const d = new Desk()
  d.online = false
  d.write('a')
  d.now += outbox.leaseFor - 500
  await d.post.tend('noor')
  const other = new Desk('tab-2', d.shelf)
  other.now = d.now + 1000
  await other.post.tend('noor')
  assert.deepEqual(other.states, [])
})

test('a tab with a new client id keeps its rows', async () => {
  const d = new Desk()
  d.online = false
  d.write('a')
  await d.post.moveTo('tab-9')
  d.online = true
  await d.post.tend('noor')
  assert.deepEqual(d.states, ['a sending'])
})

test('with another name goes what was written under the old one, but not what a living tab has', async () => {
  const d = new Desk()
  d.online = false
  d.write('a')
  const other = new Desk('tab-2', d.shelf)
  other.online = false
  other.now = d.now
  other.write('theirs')
  d.online = true
  await d.post.rename('noor', 'noor-2')
  await d.post.tend('noor-2')
  assert.deepEqual(d.states, ['a sending'])
  assert.deepEqual((await d.shelf.all('outbox')).map((v) => outbox.read(v)?.from).sort(), ['noor', 'noor-2'])
})

test('a shelf that fails does not stop sending, nor lose what is written', async () => {
  const broken: Shelf = {
    keeps: 'nothing', get: async () => undefined, all: async () => [], put: async () => {}, drop: async () => {}, change: async () => [], clear: async () => {}, onTrouble: () => {},
  }
  const d = new Desk('tab-1', broken)
  d.online = false
  d.write('a')
  d.now += outbox.leaseFor
  await d.post.tend('noor')
  assert.deepEqual(d.states, ['a waiting'])
  d.online = true
  d.post.flush('noor')
  assert.equal(d.published.length, 1)
})

test('a full localStorage is told, and the end of that', async () => {
  const store = { ...passing() }
  const plain = store.setItem
  const shelf = plainShelf(store)
  const troubles: unknown[] = []
  shelf.onTrouble((x) => troubles.push(x))
  store.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }
  const d = new Desk('tab-1', shelf)
  d.write('a')
  store.setItem = plain
  await d.post.tend('noor')
  d.write('b')
  assert.deepEqual([troubles[0], troubles.at(-1)], ['full', null])
})

test('rows that another build has left are read with care', () => {
  const good = { id: 'x', to: { room: 'lobby' }, text: 'a', from: 'noor', at: 5 }
  assert.deepEqual(outbox.read({ ...good, state: 'sending', lease: 'soon', again: NaN, re: 7 }), {
    ...good, state: 'waiting', seq: 0, code: 0, why: '', again: 0, tab: '', lease: 0,
  })
  assert.equal(outbox.read({ ...good, state: 'failed', why: 'no' })?.state, 'failed')
  for (const bad of [null, 7, 'x', {}, { ...good, id: '' }, { ...good, text: 1 }, { ...good, to: null }, { ...good, to: {} }, { ...good, from: undefined }]) assert.equal(outbox.read(bad), null)
})

test('the limit counts bytes, not letters', () => {
  assert.equal(outbox.tooLong('a'.repeat(8192)), 0)
  assert.equal(outbox.tooLong('a'.repeat(8195)), 3)
  assert.equal(outbox.tooLong('é'.repeat(4097)), 2)
})

test('conversations are told apart', () => {
  assert.ok(outbox.same(lobby, { room: 'lobby' }))
  assert.ok(!outbox.same(lobby, { user: 'lobby' }))
})

test('a message with a file waits for its file, and holds back none but those sent together with it', async () => {
  const d = new Desk()
  const file = { ...outbox.noFile, name: 'a.png', size: 5 }
  const first = d.post.write(lobby, 'look', 'noor', { file })
  const second = d.post.write(lobby, '', 'noor', { file })
  d.post.write(lobby, 'a text', 'noor')
  assert.deepEqual(d.published.map((p) => p.text), ['a text'])
  d.published[0].answer({ user: { seq: '1' } })
  await Promise.resolve()
  d.now += 10_000
  const later = d.post.write(lobby, 'later', 'noor', { file })
  d.post.attached(later.id, { upload: 'c' }, 'noor')
  await new Promise((go) => setImmediate(go))
  assert.deepEqual(d.published.map((p) => p.text), ['a text', 'later'])
  d.published[1].answer({ user: { seq: '2' } })
  await new Promise((go) => setImmediate(go))
  d.post.attached(second.id, { upload: 'b' }, 'noor')
  assert.equal(d.published.length, 2, 'the second of two overtook the first')
  d.post.attached(first.id, { upload: 'a', preview: 'p' }, 'noor')
  assert.deepEqual(outbox.payload(d.post.box.value[0]), JSON.stringify({ text: 'look', id: first.id, kind: 'file', file: 'a', preview: 'p' }))
  d.published[2].answer({ user: { seq: '3' } })
  await new Promise((go) => setImmediate(go))
  assert.deepEqual(d.published.map((p) => p.id), [d.published[0].id, later.id, first.id, second.id])
})
