import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { Unsendable } from '../../src/mqtt/client.ts'
import { Line, Server, online, until } from './line.ts'

const text = (b: Uint8Array) => new TextDecoder().decode(b)

test('it introduces itself and is online when the server says so', async (t) => {
  const server = await Server.listen(t)
  const line = new Line(t, server.url, { user: [['kind', 'person'], ['label', 'laptop']] })
  line.client.start()
  const peer = await server.accept()
  const c = await peer.welcome({ userProperties: { name: 'Ada' } })
  assert.equal(server.protocol, 'mqtt')
  assert.deepEqual(
    [c.protocolVersion, c.clientId, c.username, String(c.password), c.clean, c.keepalive, { ...c.properties.userProperties }],
    [5, 'c1', 'ada', 's3cret', true, 60, { kind: 'person', label: 'laptop' }],
  )
  await line.is('online')
  assert.deepEqual(line.states, ['connecting', 'ready', 'online'])
  assert.deepEqual(line.ready, [{ name: 'Ada', sessionPresent: false, user: { name: 'Ada' }, refused: [] }])
})

test('it subscribes again before it is online, and tells what came meanwhile after that', async (t) => {
  const { server, line, peer } = await online(t)
  const codes = line.client.subscribe(['chat/room/lobby/#', 'chat/user/me/inbox/#'])
  assert.deepEqual(await peer.grant(), ['chat/room/lobby/#', 'chat/user/me/inbox/#'])
  assert.deepEqual(await codes, [0, 0])
  peer.ws.terminate()
  await line.is('offline')
  line.states.length = 0
  line.clock.pass(500)
  const next = await server.accept()
  const s = (await next.welcome(), await next.next('subscribe'))
  assert.deepEqual(s.subscriptions.map((x: { topic: string }) => x.topic), ['chat/room/lobby/#', 'chat/user/me/inbox/#'])
  assert.deepEqual(line.states, ['connecting'], 'online before its filters are')
  next.send({ cmd: 'publish', topic: 'chat/room/lobby/roster', payload: 'early', retain: true })
  next.send({ cmd: 'suback', messageId: s.messageId, granted: [0, 0] }, { cmd: 'publish', topic: 'chat/room/lobby/messages', payload: 'late' })
  await until('both came', () => line.messages.length === 2)
  assert.deepEqual(line.states, ['connecting', 'ready', 'online', 'message', 'message'])
  assert.deepEqual(line.messages.map((m) => [m.topic, text(m.payload), m.retain]), [
    ['chat/room/lobby/roster', 'early', true], ['chat/room/lobby/messages', 'late', false]])
})

test('many filters go in packets of a hundred', async (t) => {
  const server = await Server.listen(t)
  const line = new Line(t, server.url)
  const all = line.client.subscribe(Array.from({ length: 250 }, (_, i) => `f${i}`))
  line.client.start()
  const peer = await server.accept()
  await peer.welcome()
  assert.deepEqual([(await peer.grant()).length, (await peer.grant()).length], [100, 100])
  assert.equal(line.state, 'connecting')
  assert.equal((await peer.grant()).length, 50)
  await line.is('online')
  peer.send({ cmd: 'publish', topic: 'marker', payload: '' })
  await until('the marker comes', () => line.messages.length === 1)
  assert.deepEqual((await all).length, 250)
})

test('a filter that is refused at first is not kept; one that was granted is', async (t) => {
  const { server, line, peer } = await online(t)
  const codes = line.client.subscribe(['good', 'bad'])
  const s = await peer.next('subscribe')
  peer.send({ cmd: 'suback', messageId: s.messageId, granted: [0, 0x87] })
  assert.deepEqual(await codes, [0, 0x87])
  for (let i = 0; i < 2; i++) {
    server.peers.at(-1)!.ws.terminate()
    await line.is('offline')
    line.clock.pass(500 * (i + 1))
    const next = await server.accept()
    await next.welcome()
    const again = await next.next('subscribe')
    assert.deepEqual(again.subscriptions.map((x: { topic: string }) => x.topic), ['good'])
    next.send({ cmd: 'suback', messageId: again.messageId, granted: [0x97] })
    await line.is('online')
    assert.deepEqual(line.ready.at(-1)?.refused, ['good'])
  }
})

test('filters wait for a connection, and are forgotten without one', async (t) => {
  const server = await Server.listen(t)
  const line = new Line(t, server.url)
  const codes = line.client.subscribe(['a', 'b'])
  const given = line.client.subscribe(['c'])
  await line.client.unsubscribe(['c'])
  assert.deepEqual(await given, [0x80])
  line.client.start()
  const first = await server.accept()
  await first.welcome()
  await first.next('subscribe')
  first.ws.terminate() // before the SUBACK
  await line.is('offline')
  line.clock.pass(500)
  const peer = await server.accept()
  await peer.welcome()
  assert.deepEqual(await peer.grant(), ['a', 'b'])
  assert.deepEqual(await codes, [0, 0])
  const gone = line.client.unsubscribe(['a'])
  const u = await peer.next('unsubscribe')
  assert.deepEqual(u.unsubscriptions, ['a'])
  peer.send({ cmd: 'unsuback', messageId: u.messageId, granted: [0] })
  await gone
  await assert.rejects(line.client.subscribe(['a\0']), Unsendable)
  assert.deepEqual(await line.client.subscribe([]), [])
})

test('a server that says nothing is left after ten seconds', async (t) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1') // takes connections and does not even answer the upgrade
  await once(silent, 'listening')
  t.after(() => silent.close())
  const sockets: { destroy(): void }[] = []
  silent.on('connection', (s) => sockets.push(s))
  t.after(() => sockets.forEach((s) => s.destroy()))
  const line = new Line(t, `ws://127.0.0.1:${(silent.address() as AddressInfo).port}/mqtt`)
  line.client.start()
  line.clock.pass(9_999)
  assert.deepEqual(line.states, ['connecting'])
  line.clock.pass(1)
  assert.deepEqual(line.states, ['connecting', 'offline'])
})

test('CONNACK and SUBACK have ten seconds each', async (t) => {
  const server = await Server.listen(t)
  const line = new Line(t, server.url)
  void line.client.subscribe(['a']).catch(() => {})
  line.client.start()
  const peer = await server.accept()
  await peer.next('connect')
  line.clock.pass(9_000)
  peer.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false })
  await peer.next('subscribe')
  line.clock.pass(9_999)
  assert.equal(line.state, 'connecting')
  line.clock.pass(1)
  assert.equal(line.state, 'offline')
  await until('the socket is closed', () => peer.closed)
})

test('an address that is none is tried again, not thrown', async (t) => {
  const line = new Line(t, 'nonsense')
  line.client.start()
  line.clock.pass(0)
  assert.deepEqual(line.states, ['connecting', 'offline'])
})
