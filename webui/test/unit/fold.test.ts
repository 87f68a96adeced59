// Folding in the page against that of the server: by shared vectors, and by what a real tincan answers.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { signal } from '@preact/signals'
import mqtt from 'mqtt'
import { type Inbox, type Message, parseInbox, parseMessage } from '../../src/mqtt/parse.ts'
import { board } from '../../src/store/board.ts'
import { isChange } from '../../src/store/change.ts'
import { Conversation } from '../../src/store/conversation.ts'
import { Chance } from './chance.ts'
import { until } from './line.ts'

interface Vector {
  name: string
  log: unknown[]
  folded: unknown[]
  board?: { seq: number, pins: { seq: number, id: string, by: string }[], hands: { name: string, time: string }[] }
}

/** Vectors that the server's tests read, too. */
const vectors: Vector[] = JSON.parse(readFileSync(join(process.cwd(), '../bridge/testdata/fold.json'), 'utf8'))

const messages = (all: readonly Message[]) => all.filter((m) => m.kind === 'text' || m.kind === 'poll')
const parsed = (all: readonly unknown[]) => all.map((v) => parseMessage(v) as Message)
const room = () => new Conversation({ room: 'lobby' }, signal([]), signal('me'))

for (const { name, log, folded, board: want } of vectors) {
  test(`folding: ${name}`, () => {
    for (const order of [log, log.toReversed()]) { // one after the other, and as pages may come
      const c = room()
      for (const m of parsed(order)) c.take([m])
      assert.deepEqual(messages(c.log.value), parsed(folded))
      if (!want) continue
      const { pins, hands } = board({ seq: 0 }, c.posted.value)
      assert.deepEqual(pins, want.pins.map(({ seq, id, by }) => ({ seq, id, by })))
      assert.deepEqual(hands, want.hands.map(({ name: who, time }) => ({ name: who, time: Date.parse(time) })))
      assert.deepEqual(board(want, c.posted.value), { pins, hands }, 'what is in the board is not folded again')
    }
  })
}

test('of 1,000 edits and reactions that come together, each is folded once', (t) => {
  const chance = new Chance(7)
  const said = parsed(Array.from({ length: 50 }, (_, i) => ({ seq: i + 1, id: `m${i}`, time: '2026-05-01T10:00:00.000Z', from: 'ada', kind: 'text', text: `message ${i}` })))
  let looks = 0 // at what the changes say
  const batch = parsed(Array.from({ length: 1000 }, (_, i) => {
    const refseq = chance.int(1, 50)
    const about = { seq: 51 + i, id: `c${i}`, time: '2026-05-01T10:00:01.000Z', from: `member ${chance.int(0, 40)}`, ref: `m${refseq - 1}`, refseq }
    return chance.int(0, 1) === 0 ? { ...about, kind: 'edit', text: `edit ${i}` } : { ...about, kind: 'react', text: ['👍', '🎉', '❤️'][chance.int(0, 2)], undo: chance.int(0, 4) === 0 }
  })).map((m) => Object.defineProperty({ ...m }, 'text', { get: () => (looks++, m.text), enumerable: true }))
  const c = room()
  c.take(said)
  const before = process.cpuUsage()
  c.take(batch)
  const { user, system } = process.cpuUsage(before)
  assert.ok(c.log.value.some((m) => m.edited) && c.log.value.some((m) => m.reactions))
  t.diagnostic(`${(user + system) / 1000} ms of the processor`)
  assert.ok(looks <= 2 * batch.length, `${looks} looks`)
})

const { TINCAN_BIN: bin, ...env } = process.env

test('what is folded as it comes is what history gives, whatever is said', { skip: bin ? false : 'TINCAN_BIN names no binary' }, async (t) => {
  const held = [createServer().listen(0, '127.0.0.1'), createServer().listen(0, '127.0.0.1')]
  await Promise.all(held.map((s) => once(s, 'listening')))
  const [http, tcp] = held.map((s) => (s.address() as AddressInfo).port)
  await Promise.all(held.map((s) => once(s.close(), 'close')))
  const dir = mkdtempSync(join(tmpdir(), 'tincan-fold-'))
  const server = spawn(bin!, ['--data', join(dir, 'data'), '--http', `127.0.0.1:${http}`, '--mqtt', `127.0.0.1:${tcp}`, '--no-open'], { stdio: 'ignore', env })
  const guests: mqtt.MqttClient[] = []
  t.after(async () => {
    await Promise.all(guests.map((g) => g.endAsync(true)))
    const gone = once(server, 'exit')
    server.kill('SIGKILL')
    await gone
    rmSync(dir, { recursive: true, force: true })
  })
  for (let up = false; !up;) up = await fetch(`http://127.0.0.1:${http}/`).then((r) => r.ok, () => false)
  for (const name of ['Ada', 'bob', 'Zoë']) guests.push(await mqtt.connectAsync(`mqtt://127.0.0.1:${tcp}`, { username: name, password: `of ${name}`, clientId: name, protocolVersion: 5 }))
  const live = room() // what comes, as it comes
  const answers: Extract<Inbox, { type: 'history' }>[] = []
  guests[0].on('message', (topic, payload) => {
    if (topic.endsWith('/messages')) live.take(parsed([JSON.parse(payload.toString())]))
    const i = topic.endsWith('/inbox') ? parseInbox(JSON.parse(payload.toString())) : undefined
    if (i?.type === 'history') answers.push(i)
  })
  let told: unknown = null
  for (const g of guests) g.on('message', (topic, payload) => { if (topic.endsWith('/board')) told = JSON.parse(payload.toString()) })
  await guests[0].subscribeAsync(['chat/room/lobby/messages', 'chat/user/Ada/inbox'])

  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`# seed ${seed}`)
  const chance = new Chance(seed)
  const say = (by: number, what: object) => guests[by].publishAsync('chat/room/lobby/say', JSON.stringify(what), { qos: 1 }).catch((e: unknown) => { if (!/Publish error/.test(String(e))) throw e }) // refused: not mine, gone
  const page = async (q: object) => {
    const n = answers.length
    await guests[0].publishAsync('chat/room/lobby/history', JSON.stringify(q), { qos: 1 })
    await until('the page comes', () => answers.length > n)
    return answers[n]
  }
  let said = 0
  const polls = () => live.log.value.filter((m) => m.kind === 'poll' && !m.deleted).map((m) => m.id)
  const some = () => ({ ref: `m${chance.int(0, said - 1)}` })
  const step = (): object => {
    switch (said < 3 ? 0 : chance.int(0, 14)) {
      case 10: return { id: `m${said++}`, kind: 'poll', text: `question ${said}`, options: ['a', 'b', 'c'], multiple: chance.int(0, 1) === 0 }
      case 11: return { kind: 'close', ...some() }
      case 12: return { kind: 'pin', ...some(), undo: chance.int(0, 2) === 0 }
      case 13: return { kind: 'hand', undo: chance.int(0, 2) === 0, ...(chance.int(0, 5) === 0 && { undo: true, who: ['*', 'Ada', 'bob'][chance.int(0, 2)] }) }
      case 14: case 9: case 8: return { kind: 'vote', ref: polls()[chance.int(0, polls().length - 1)] ?? 'm0', choice: chance.int(0, 2), undo: chance.int(0, 4) === 0 }
      case 0: case 1: return { id: `m${said++}`, text: `message ${said}`, ...(chance.int(0, 2) === 0 && { re: 1, n: said, reply: 'm0' }) }
      case 2: case 3: return { kind: 'edit', ...some(), text: `edit ${chance.int(0, 99)}`, ...(chance.int(0, 2) === 0 && { n: -1 }) }
      case 4: return { kind: 'delete', ...some() }
      default: return { kind: 'react', ...some(), text: ['👍', '🎉', '❤️'][chance.int(0, 2)], undo: chance.int(0, 3) === 0 }
    }
  }
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 8; i++) await Promise.all(guests.map((_, by) => say(by, step())))
    const folded = await page({ after: 0, limit: 200 })
    await until('all has come', () => live.last.value >= folded.last)
    assert.deepEqual(messages(live.log.value), messages(folded.messages), 'as it came')
    await guests[1 + round % 2].subscribeAsync('chat/room/lobby/board')
    await until('the board comes', () => (told as { seq?: number } | null)?.seq === folded.last)
    assert.deepEqual(board({ seq: 0 }, live.posted.value), board(told, []), 'the board')
    await guests[1 + round % 2].unsubscribeAsync('chat/room/lobby/board')
    if (round === 1) continue
    // Who came in the midst: a page, and what follows it. Some of what follows is in the page already.
    const late = room()
    late.take(folded.messages, folded.last)
    for (let i = 0; i < 4; i++) await Promise.all(guests.map((_, by) => say(by, step())))
    const now = await page({ after: 0, limit: 200 })
    await until('all has come', () => live.last.value >= now.last)
    late.take(live.log.value.filter((m) => m.seq > folded.last - 5).map((m) => (isChange(m) ? m : now.messages.find((n) => n.seq === m.seq)!)), now.last)
    assert.deepEqual(messages(late.log.value), messages(now.messages), 'from a page on')
  }
})
