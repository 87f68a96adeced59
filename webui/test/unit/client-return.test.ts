import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Line, Server, online, until } from './line.ts'

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
