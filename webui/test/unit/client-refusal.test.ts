import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineLost } from '../../src/mqtt/client.ts'
import { Line, Server, online } from './line.ts'

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
    assert.deepEqual(line.why, { code, where: 'connack', text: 'because', user: { ...(reason && { reason }) }, ...(reason && { reason }) }, `${code} ${reason}`)
    line.clock.pass(state === 'ended' ? 3_600_000 : 500)
    assert.equal(line.states.filter((s) => s === 'connecting').length, state === 'ended' ? 1 : 2, `${code} ${reason}`)
    if (state === 'ended') await assert.rejects(filters, LineLost)
  }
})

test('a line that was taken over does not come back by itself', async (t) => {
  const { server, line, peer } = await online(t)
  peer.send({ cmd: 'disconnect', reasonCode: 0x8e, properties: { reasonString: 'another tab has this session' } })
  await line.is('ended')
  assert.deepEqual(line.why, { code: 0x8e, where: 'disconnect', text: 'another tab has this session', user: {} })
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
