import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineLost } from '../../src/mqtt/client.ts'
import { Line, Server, online, until } from './line.ts'

test('half a packet and then the end is only a lost line', async (t) => {
  const { line, peer } = await online(t)
  peer.raw(Uint8Array.of(0x30, 0x20, 0x00))
  peer.ws.close()
  await line.is('offline')
  assert.equal(line.why, undefined)
})

const puback = (id: number) => Uint8Array.of(0x40, 2, 0, id)
for (const [what, code, does] of [
  ['garbage', 0x81, (send, _id) => send(Uint8Array.of(0xd1, 0))],
  ['a SUBACK with too few codes', 0x82, (send, id) => send(Uint8Array.of(0x90, 4, 0, id, 0, 0))],
  ['a PUBACK for a SUBSCRIBE', 0x82, (send, id) => send(puback(id))],
  ['a SUBACK for nothing', 0x82, (send, _id) => send(Uint8Array.of(0x90, 4, 0, 99, 0, 0))],
  ['a second CONNACK', 0x82, (send, _id) => send(Uint8Array.of(0x20, 3, 0, 0, 0))],
  ['text', 0x82, (send, _id) => send('hello')],
  ['a packet that is announced too large', 0x95, (send, _id) => send(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f))],
] as [string, number, (send: (b: Uint8Array | string) => void, id: number) => void][]) {
  test(`${what} ends the connection with a code, and the next one is tried`, async (t) => {
    const { server, line, peer } = await online(t)
    const codes = line.client.subscribe(['a', 'b'])
    const s = await peer.next('subscribe')
    does((b) => peer.ws.send(b), s.messageId)
    assert.equal((await peer.next('disconnect')).reasonCode, code)
    await line.is('offline')
    line.clock.pass(500)
    const next = await server.accept()
    await next.welcome()
    await next.grant()
    assert.deepEqual(await codes, [0, 0])
  })
}

test('anything before CONNACK ends the connection', async (t) => {
  const server = await Server.listen(t)
  const line = new Line(t, server.url)
  line.client.start()
  const peer = await server.accept()
  await peer.next('connect')
  peer.send({ cmd: 'publish', topic: 't', payload: '' })
  await line.is('offline')
  assert.deepEqual(line.messages, [])
})

test('a PUBACK for nothing changes nothing', async (t) => {
  const { line, peer } = await online(t)
  peer.raw(puback(99))
  peer.send({ cmd: 'publish', topic: 'marker', payload: '' })
  await until('the marker comes', () => line.messages.length === 1)
  assert.equal(line.state, 'online')
})

test('a packet that comes byte by byte is one, and two in a frame are two', async (t) => {
  const { line, peer } = await online(t)
  const publish = (text: string) => Buffer.from([0x30, 4 + text.length, 0, 1, 0x74, 0, ...Buffer.from(text)])
  for (const byte of publish('slow')) peer.raw(Uint8Array.of(byte))
  peer.raw(Buffer.concat([publish('two'), publish('three'), publish('four').subarray(0, 5)]))
  peer.raw(publish('four').subarray(5))
  await until('all came', () => line.messages.length === 4)
  assert.deepEqual(line.messages.map((m) => new TextDecoder().decode(m.payload)), ['slow', 'two', 'three', 'four'])
})

test('an answer that comes twice counts once', async (t) => {
  const { line, peer } = await online(t, { receiveMaximum: 1 })
  const acks = ['a', 'b', 'c'].map((x) => line.client.publish('t', x))
  for (const want of ['a', 'b', 'c']) {
    const p = await peer.next('publish')
    assert.equal(String(p.payload), want)
    void line.client.publish('marker', '', { qos: 0 })
    assert.equal((await peer.next('publish')).topic, 'marker', 'the next one came before its turn')
    peer.raw(puback(p.messageId))
    peer.raw(puback(p.messageId))
  }
  assert.deepEqual((await Promise.all(acks)).map((a) => a.code), [0, 0, 0])
})

test('what was under way when the connection ended is lost, not answered', async (t) => {
  const { line, peer } = await online(t)
  const ack = line.client.publish('t', 'a')
  const { messageId } = await peer.next('publish')
  peer.raw(Uint8Array.of(0x40, 2, 0)) // all but the last byte of its PUBACK
  peer.ws.terminate()
  await assert.rejects(ack, LineLost)
  assert.ok(messageId > 0)
})
