import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, base64, forget, type Job, NoAnswer, Refusal, type Send, Unreadable, upload } from '../../src/store/tus.ts'
import { Chance } from './chance.ts'

/** A server that keeps uploads; bad does what it likes with a request before it is answered. */
class Server {
  uploads = new Map<string, { size: number, data: Uint8Array }>()
  made = 0
  asked: string[] = []
  bad: (method: string, u: { size: number, data: Uint8Array } | undefined, body: Uint8Array) => Partial<Answer> & { headers?: Record<string, string> } | 'silent' | undefined = () => undefined

  send: Send = async (method, path, headers, body, o) => {
    o?.signal?.throwIfAborted()
    assert.equal(headers['Tus-Resumable'], '1.0.0')
    assert.equal(headers.Authorization, 'Basic x')
    this.asked.push(method)
    const u = this.uploads.get(path)
    const bytes = new Uint8Array(body ? await body.arrayBuffer() : [])
    const odd = this.bad(method, u, bytes)
    if (odd === 'silent') throw new NoAnswer('down')
    if (odd) return answer(odd.status ?? 500, odd.headers ?? {}, odd.body ?? '')
    if (method === 'POST') {
      const at = `/api/upload/${++this.made}`
      assert.equal(path, '/api/upload')
      assert.equal(headers['Upload-Metadata'], `filename ${base64('räum.bin')},filetype ${base64('x/y')}`)
      this.uploads.set(at, { size: Number(headers['Upload-Length']), data: new Uint8Array() })
      return answer(201, { Location: `http://some.where${at}` })
    }
    if (!u) return answer(404)
    if (method === 'HEAD') return answer(200, { 'Upload-Offset': `${u.data.length}` })
    if (method === 'GET') return answer(200, {}, JSON.stringify({ id: path, size: u.size }))
    if (Number(headers['Upload-Offset']) !== u.data.length) return answer(409)
    u.data = new Uint8Array([...u.data, ...bytes])
    o?.sent?.(bytes.length)
    return answer(204, { 'Upload-Offset': `${u.data.length}`, ...(u.data.length === u.size && { 'Tincan-File': JSON.stringify({ id: path, size: u.size }) }) })
  }
}

const answer = (status: number, headers: Record<string, string> = {}, body = ''): Answer => ({ status, body, header: (n) => headers[n] ?? null })

function job(s: Server, size: number, o: Partial<Job> = {}) {
  const data = Uint8Array.from({ length: size }, (_, i) => (i * 31) >> 3)
  const came: number[] = []
  const waits: number[] = []
  const places: string[] = []
  let now = 0
  const j: Job = {
    file: new Blob([data]), name: 'räum.bin', type: 'x/y', at: '', send: s.send, authorization: () => 'Basic x', placed: (at) => places.push(at),
    came: (n) => came.push(n), wait: async (ms) => void waits.push(ms), now: () => (now += 1500), signal: new AbortController().signal, ...o,
  }
  return { j, data, came, waits, places }
}

test('a file goes up in pieces that grow with the pace', async () => {
  const s = new Server()
  const { j, data, came, places } = job(s, 9 << 20)
  const whole = await upload(j)
  assert.deepEqual(whole, { id: '/api/upload/1', size: data.length })
  assert.deepEqual(s.uploads.get('/api/upload/1')?.data, data)
  assert.deepEqual(s.asked, ['POST', 'PATCH', 'PATCH', 'PATCH', 'PATCH']) // 1, 2, 4 and the rest
  assert.deepEqual(places, ['/api/upload/1'])
  assert.equal(came.at(-1), data.length)
  const slow = job(new Server(), 2 << 20, { now: () => (time += 20_000) })
  let time = 0
  await upload(slow.j)
  assert.ok(slow.came.filter((n, i) => n !== slow.came[i - 1]).length > 4, 'pieces of a slow line are smaller')
})

test('it goes on where it was, also when the last answer was lost, and an empty file is whole at once', async () => {
  const s = new Server()
  const { j, data } = job(s, 3 << 20)
  let cut = 1
  s.bad = (method, u, body) => {
    if (method !== 'PATCH' || !u || cut-- <= 0) return undefined
    u.data = new Uint8Array([...u.data, ...body.slice(0, 1000)]) // a part of it has come
    return 'silent'
  }
  await upload(j)
  assert.deepEqual(s.uploads.get('/api/upload/1')?.data, data)
  assert.equal(s.made, 1)
  const again = job(s, 3 << 20, { at: '/api/upload/1' })
  s.asked = []
  assert.equal((await upload(again.j)).id, '/api/upload/1')
  assert.deepEqual(s.asked, ['HEAD', 'GET'])
  assert.equal((await upload(job(s, 0).j)).size, 0)
})

test('what the server has forgotten begins anew', async () => {
  const s = new Server()
  const { j, places } = job(s, 1000, { at: '/api/upload/old' })
  assert.equal((await upload(j)).id, '/api/upload/1')
  assert.deepEqual(places, ['', '/api/upload/1'])
})

test('a server that is down is asked again less and less often, for ever', async () => {
  const s = new Server()
  let down = 40
  s.bad = () => (down-- > 0 ? 'silent' : undefined)
  const { j, waits } = job(s, 10)
  await upload(j)
  assert.equal(waits.length, 40)
  assert.deepEqual([waits[0], waits[1], waits[2], waits.at(-1)], [500, 1000, 2000, 30_000])
})

test('a refusal ends it, with what the server says', async () => {
  for (const [status, headers] of [[413, { 'Tus-Max-Size': '1000' }], [401, {}], [415, {}], [403, {}]] as [number, Record<string, string>][]) {
    const s = new Server()
    s.bad = () => ({ status, headers, body: '{"error":"x","text":"too large: choose a smaller one"}' })
    await assert.rejects(upload(job(s, 10).j), (e: Refusal) => e.status === status && e.message === 'too large: choose a smaller one' && e.most === (status === 413 ? 1000 : 0))
    assert.equal(s.asked.length, 1)
  }
})

test('what passes by itself is waited for, as long as the server says, and not for ever', async () => {
  const s = new Server()
  let busy = 2
  s.bad = () => (busy-- > 0 ? { status: 429, headers: { 'Retry-After': '7' } } : undefined)
  const { j, waits } = job(s, 10)
  await upload(j)
  assert.deepEqual(waits, [7000, 7000])
  s.bad = () => ({ status: 507, body: 'no space' })
  const full = job(s, 10)
  await assert.rejects(upload(full.j), (e: Refusal) => e.status === 507)
  assert.equal(full.waits.length, 7)
})

test('a file that is gone is told from a line that is down', async () => {
  const s = new Server()
  s.bad = (method) => (method === 'PATCH' ? 'silent' : undefined)
  const gone = { size: 10, slice: () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) }) as unknown as Blob }
  const { j } = job(s, 10, { file: gone })
  j.send = (method, path, headers, body, o) => (method === 'PATCH' ? Promise.reject(new NoAnswer('x')) : s.send(method, path, headers, body, o))
  await assert.rejects(upload(j), Unreadable)
})

test('whoever stops it waits for nothing', async () => {
  const s = new Server()
  const stop = new AbortController()
  s.bad = (method) => {
    if (method === 'PATCH') stop.abort()
    return method === 'PATCH' ? 'silent' : undefined
  }
  await assert.rejects(upload(job(s, 10, { signal: stop.signal }).j), { name: 'AbortError' })
  await forget('/api/upload/1', s.send, 'Basic x')
  assert.equal(s.asked.at(-1), 'DELETE')
})

test('a server that misbehaves at random gets the whole file, once, or ends it: never a loop', async () => {
  const chance = new Chance(11)
  let done = 0
  for (let i = 0; i < 300; i++) {
    const s = new Server()
    const often = chance.next() * 0.6
    s.bad = (_, u, body) => {
      if (chance.next() > often) return undefined
      return chance.one<() => ReturnType<Server['bad']>>([
        () => 'silent',
        () => ({ status: chance.one([200, 204, 409, 423, 429, 460, 500, 502, 503, 507]), headers: { 'Upload-Offset': chance.one(['-1', 'x', '999999999', '0', '1e3', `${u?.data.length ?? 0}`]) } }),
        () => ({ status: 201, headers: { Location: chance.one(['', 'http://evil/', '/api/upload/', '/api/upload/x y', 'javascript:1', '/files/1']) } }),
        () => { // it takes a part, and the answer is lost
          if (u) u.data = new Uint8Array([...u.data, ...body.slice(0, chance.int(0, body.length))])
          return 'silent'
        },
        () => {
          for (const at of s.uploads.keys()) if (chance.flip()) s.uploads.delete(at)
          return { status: 404 }
        },
      ])()
    }
    const { j, data, came } = job(s, chance.int(0, 3000))
    const whole = await upload(j).catch((e: unknown) => {
      assert.ok(e instanceof Refusal, String(e))
      return null
    })
    assert.ok(came.every((n) => n >= 0 && n <= data.length))
    if (!whole) continue
    done++
    assert.deepEqual(s.uploads.get(whole.id)?.data, data)
  }
  assert.ok(done > 100, `${done} came through`)
})
