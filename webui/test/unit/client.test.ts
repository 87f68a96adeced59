import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { LineLost, Unsendable } from '../../src/mqtt/client.ts'
import { Line, Server, online, until } from './line.ts'

const text = (b: Uint8Array) => new TextDecoder().decode(b)

// ---- beginning

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

// ---- coming back

test('it waits 0.5 s, then twice as long each time, at most 15 s', async (t) => {
  const server = await Server.listen(t)
  const line = new Line(t, server.url)
  line.client.start()
  for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    ;(await server.accept()).ws.terminate()
    await line.is('offline')
    line.clock.pass(wait - 1)
    assert.equal(line.state, 'offline', `it came back before ${wait} ms`)
    line.clock.pass(1)
    assert.equal(line.state, 'connecting', `it did not come back after ${wait} ms`)
  }
})

test('the wait is shortened by chance, down to half', async (t) => {
  const server = await Server.listen(t)
  const line = new Line(t, server.url, { random: () => 0 })
  line.client.start()
  ;(await server.accept()).ws.terminate()
  await line.is('offline')
  line.clock.pass(249)
  assert.equal(line.state, 'offline')
  line.clock.pass(1)
  assert.equal(line.state, 'connecting')
})

test('the waits start over only after ten steady seconds', async (t) => {
  const { server, line } = await online(t)
  const cutAfter = async (ms: number) => {
    line.clock.pass(ms)
    server.peers.at(-1)!.ws.terminate()
    await line.is('offline')
  }
  const backAfter = async (ms: number) => {
    line.clock.pass(ms - 1)
    assert.equal(line.state, 'offline', `it came back before ${ms} ms`)
    line.clock.pass(1)
    await (await server.accept()).welcome()
    await line.is('online')
  }
  await cutAfter(9_999)
  await backAfter(500)
  await cutAfter(9_999)
  await backAfter(1_000)
  await cutAfter(10_000)
  await backAfter(500)
})

test('it comes back at once when the page wakes or is told to', async (t) => {
  for (const how of ['wake', 'tryNow'] as const) {
    const { server, line } = await online(t)
    server.peers[0].ws.terminate()
    await line.is('offline')
    if (how === 'wake') line.wake()
    else line.client.tryNow()
    assert.equal(line.state, 'connecting')
    await (await server.accept()).welcome()
    await line.is('online')
  }
})

test('waking gives up an attempt that hangs, but not one that has just begun', async (t) => {
  const server = await Server.listen(t)
  const line = new Line(t, server.url)
  line.client.start()
  const stuck = await server.accept()
  await stuck.next('connect')
  line.clock.pass(3_999)
  line.wake()
  assert.equal(server.peers.length, 1)
  line.clock.pass(1)
  line.wake()
  const peer = await server.accept()
  await until('the first is closed', () => stuck.closed)
  await peer.welcome()
  await line.is('online')
})

// ---- life

test('it pings twice in a keepalive, and is offline after ten silent seconds', async (t) => {
  const { line, peer } = await online(t)
  line.clock.pass(29_999)
  line.clock.pass(1)
  await peer.next('pingreq')
  peer.send({ cmd: 'pingresp' })
  peer.send({ cmd: 'publish', topic: 'marker', payload: '' })
  await until('the marker comes', () => line.messages.length === 1)
  line.clock.pass(29_999)
  assert.equal(line.state, 'online')
  line.clock.pass(1)
  await peer.next('pingreq') // and no answer
  line.clock.pass(9_999)
  assert.equal(line.state, 'online')
  line.clock.pass(1)
  assert.equal(line.state, 'offline')
  await until('the socket is closed', () => peer.closed)
})

test('any message is a sign of life', async (t) => {
  const { line, peer } = await online(t)
  line.clock.pass(30_000)
  await peer.next('pingreq')
  peer.send({ cmd: 'publish', topic: 'marker', payload: '' })
  await until('the marker comes', () => line.messages.length === 1)
  line.clock.pass(20_000)
  assert.equal(line.state, 'online')
})

test("the server's keepalive is obeyed", async (t) => {
  const { line, peer } = await online(t, { serverKeepAlive: 10 })
  line.clock.pass(5_000)
  await peer.next('pingreq')
})

test('waking asks a line that looks fine, and gives it four seconds', async (t) => {
  const { line, peer } = await online(t)
  line.wake()
  await peer.next('pingreq')
  line.clock.pass(3_999)
  assert.equal(line.state, 'online')
  line.clock.pass(1)
  assert.equal(line.state, 'offline')
})

test('after a sleep the line is asked once more before it is given up', async (t) => {
  const { line, peer } = await online(t)
  line.clock.pass(30_000)
  await peer.next('pingreq')
  line.clock.sleep(3_600_000)
  assert.equal(line.state, 'online')
  await peer.next('pingreq')
  line.clock.sleep(3_600_000)
  assert.equal(line.state, 'offline')
})

// ---- publishing

test('a publish is answered by its PUBACK, whatever the code', async (t) => {
  const { line, peer } = await online(t)
  for (const [code, properties, want] of [
    [0, { userProperties: { seq: '12', id: 'x' } }, { code: 0, user: { seq: '12', id: 'x' } }],
    [0x10, {}, { code: 0x10, user: {} }],
    [0x97, { reasonString: 'the disk is full' }, { code: 0x97, text: 'the disk is full', user: {} }],
  ] as const) {
    const ack = line.client.publish('chat/room/lobby/say', 'hé', { user: [['id', 'x']], response: 'r', correlation: Uint8Array.of(0, 255) })
    const p = await peer.next('publish')
    assert.deepEqual([p.topic, String(p.payload), p.qos, p.retain, p.dup], ['chat/room/lobby/say', 'hé', 1, false, false])
    assert.deepEqual(
      [{ ...p.properties.userProperties }, p.properties.responseTopic, [...p.properties.correlationData], p.properties.payloadFormatIndicator],
      [{ id: 'x' }, 'r', [0, 255], true],
    )
    peer.send({ cmd: 'puback', messageId: p.messageId, reasonCode: code, properties })
    assert.deepEqual(await ack, want)
  }
  assert.deepEqual(await line.client.publish('chat/room/lobby/typing/me', '1', { qos: 0 }), { code: 0, user: {} })
  assert.equal((await peer.next('publish')).qos, 0)
})

test('what waits for its PUBACK is lost with the line, and is not sent again', async (t) => {
  const { server, line, peer } = await online(t, { receiveMaximum: 1 })
  const sent = [line.client.publish('t', '1'), line.client.publish('t', '2')] // the second waits for the first
  const lost = Promise.all(sent.map((p) => assert.rejects(p, LineLost)))
  await peer.next('publish')
  peer.ws.terminate()
  await lost
  await assert.rejects(line.client.publish('t', '3'), LineLost)
  await line.is('offline')
  line.clock.pass(500)
  const next = await server.accept()
  await next.welcome()
  await line.is('online')
  void line.client.publish('t', 'marker', { qos: 0 })
  assert.equal(String((await next.next('publish')).payload), 'marker')
})

test('no more than Receive Maximum are under way, in the order of the calls', async (t) => {
  const { line, peer } = await online(t, { receiveMaximum: 2 })
  const acks = Array.from({ length: 6 }, (_, i) => line.client.publish('t', `${i}`))
  const order: string[] = []
  const first = [await peer.next('publish'), await peer.next('publish')]
  order.push(...first.map((p) => String(p.payload)))
  void line.client.publish('t', 'marker', { qos: 0 })
  assert.equal(String((await peer.next('publish')).payload), 'marker', 'a third one came')
  peer.send(...first.map((p) => ({ cmd: 'puback', messageId: p.messageId, reasonCode: 0 }))) // both in one chunk
  acks.push(line.client.publish('t', '6'))
  for (let i = 2; i < 7; i++) {
    const p = await peer.next('publish')
    order.push(String(p.payload))
    peer.send({ cmd: 'puback', messageId: p.messageId, reasonCode: 0 })
  }
  await Promise.all(acks)
  assert.deepEqual(order, ['0', '1', '2', '3', '4', '5', '6'])
})

test('what is larger than the server takes is refused with a sentence, and the line stays', async (t) => {
  const { line, peer } = await online(t, { maximumPacketSize: 100 })
  await assert.rejects(line.client.publish('t', 'x'.repeat(100)), (e) => e instanceof Unsendable && /takes up to 100/.test(e.message))
  await assert.rejects(line.client.publish('t\0', ''), Unsendable)
  const ack = line.client.publish('t', 'x'.repeat(80))
  peer.send({ cmd: 'puback', messageId: (await peer.next('publish')).messageId, reasonCode: 0 })
  assert.equal((await ack).code, 0)
})

test('70,000 publishes do not stop it; ids in use are not used again, and 0 is none', async (t) => {
  const { line, peer } = await online(t, { receiveMaximum: 200 })
  const held = new Set<number>() // never acknowledged
  let came = 0
  peer.onPacket = (p) => {
    came++
    assert.ok(p.messageId > 0 && !held.has(p.messageId), `id ${p.messageId}`)
    if (held.size < 3) held.add(p.messageId)
    else peer.send({ cmd: 'puback', messageId: p.messageId, reasonCode: 0 })
  }
  let acked = 0
  let lost = 0
  for (let i = 0; i < 70; i++) {
    const some = Array.from({ length: 1_000 }, () => line.client.publish('t', '').then(() => acked++, () => lost++))
    await until('the thousand is answered', () => acked === 1_000 * (i + 1) - 3)
    if (i === 69) {
      peer.ws.terminate()
      await Promise.all(some)
    }
  }
  await until('the three are lost', () => lost === 3)
  assert.equal(came, 70_000)
})

test('messages at QoS 1 are acknowledged', async (t) => {
  const { line, peer } = await online(t)
  peer.send({
    cmd: 'publish', topic: 'chat/user/me/inbox', payload: '{}', qos: 1, messageId: 7,
    properties: { contentType: 'application/json', correlationData: Buffer.from([1]), userProperties: { a: 'b' } },
  })
  assert.equal((await peer.next('puback')).messageId, 7)
  await until('it came', () => line.messages.length === 1)
  const { contentType, correlation, user } = line.messages[0]
  assert.deepEqual([contentType, [...correlation!], user], ['application/json', [1], [['a', 'b']]])
})

// ---- the server says no

test('what a person must decide ends the line', async (t) => {
  for (const [code, reason, state] of [
    [0x86, 'name-taken', 'ended'], [0x86, 'wrong-secret', 'ended'], [0x86, 'look-alike', 'ended'], [0x85, 'name-invalid', 'ended'],
    [0x97, 'too-many-tries', 'ended'], [0x8a, undefined, 'ended'], [0x84, undefined, 'ended'], [0x87, undefined, 'ended'],
    [0x97, 'full', 'offline'], [0x8b, 'stopping', 'offline'], [0x89, undefined, 'offline'], [0x88, undefined, 'offline'],
    [0x9f, undefined, 'offline'],
  ] as const) {
    const server = await Server.listen(t)
    const line = new Line(t, server.url)
    const filters = line.client.subscribe(['a'])
    filters.catch(() => {})
    line.client.start()
    const peer = await server.accept()
    await peer.next('connect')
    peer.send({ cmd: 'connack', reasonCode: code, sessionPresent: false, properties: { reasonString: 'because', ...(reason && { userProperties: { reason } }) } })
    await line.is(state)
    assert.deepEqual(line.why, { code, where: 'connack', text: 'because', ...(reason && { reason }) }, `${code} ${reason}`)
    line.clock.pass(state === 'ended' ? 3_600_000 : 500)
    assert.equal(line.states.filter((s) => s === 'connecting').length, state === 'ended' ? 1 : 2, `${code} ${reason}`)
    if (state === 'ended') await assert.rejects(filters, LineLost)
  }
})

test('a line that was taken over does not come back by itself', async (t) => {
  const { server, line, peer } = await online(t)
  peer.send({ cmd: 'disconnect', reasonCode: 0x8e, properties: { reasonString: 'another tab has this session' } })
  await line.is('ended')
  assert.deepEqual(line.why, { code: 0x8e, where: 'disconnect', text: 'another tab has this session' })
  line.clock.pass(3_600_000)
  line.wake()
  line.client.tryNow()
  assert.equal(line.state, 'ended')
  await assert.rejects(line.client.publish('t', ''), LineLost)
  await assert.rejects(line.client.subscribe(['a']), LineLost)
  line.client.start() // a person said so
  await (await server.accept()).welcome()
  await line.is('online')
})

test('a server that stops is waited for', async (t) => {
  const { line, peer } = await online(t)
  peer.send({ cmd: 'disconnect', reasonCode: 0x8b })
  await line.is('offline')
  assert.equal(line.why?.code, 0x8b)
})

test('it says goodbye when it is stopped', async (t) => {
  const { line, peer } = await online(t)
  const stopped = line.client.stop()
  assert.equal(line.state, 'ended')
  assert.equal((await peer.next('disconnect')).reasonCode ?? 0, 0)
  await stopped
  line.clock.pass(3_600_000)
  assert.equal(line.state, 'ended')
})

// ---- the server breaks the standard

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
