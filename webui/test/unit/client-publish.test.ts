import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineLost, Unsendable } from '../../src/mqtt/client.ts'
import { online, until } from './line.ts'

test('a publish is answered by its PUBACK, whatever the code', async (t) => {
  const { line, peer } = await online(t)
  for (const [code, properties, want] of [
    [0, { userProperties: { seq: '12', id: 'x' } }, { code: 0, user: { seq: '12', id: 'x' } }],
    [0x10, {}, { code: 0x10, user: {} }],
    [0x97, { reasonString: 'the disk is full', userProperties: { reason: 'disk-full' } }, { code: 0x97, text: 'the disk is full', user: { reason: 'disk-full' } }],
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
