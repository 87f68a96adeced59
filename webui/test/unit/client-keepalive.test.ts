import assert from 'node:assert/strict'
import { test } from 'node:test'
import { online, until } from './line.ts'

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
