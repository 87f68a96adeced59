/** A client of tus that others wrote, against tincan: TINCAN_BIN names its binary. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

/** As much of tus-js-client as is used here. It is loaded when the test runs, so that the page can be checked where it is not installed. */
interface Upload {
  url: string | null
  start(): void
  abort(terminate: boolean): Promise<void>
}
interface Options {
  endpoint: string
  headers: Record<string, string>
  metadata?: Record<string, string>
  chunkSize?: number
  uploadDataDuringCreation?: boolean
  retryDelays: number[] | null
  onAfterResponse?(request: { getMethod(): string }, response: { getHeader(name: string): string | undefined }): void
  onChunkComplete?(size: number, accepted: number): void
  onSuccess?(): void
  onError(err: Error): void
}
const library = 'tus-js-client'
const load = async () => await import(library) as { Upload: new (content: Buffer, options: Options) => Upload }

const { TINCAN_BIN: bin, ...env } = process.env
const skip = bin ? false : 'TINCAN_BIN names no binary'
const authorization = `Basic ${btoa('ada:tin')}`
const content = randomBytes(9 << 20)
const sha256 = createHash('sha256').update(content).digest('hex')

/** A tincan that can be killed and started again at the same port. */
class Server {
  readonly #dir = mkdtempSync(join(tmpdir(), 'tincan-tus-'))
  #process: ChildProcess | undefined
  port = 0

  async start(): Promise<void> {
    if (this.port === 0) {
      const s = createServer().listen(0, '127.0.0.1')
      await once(s, 'listening')
      this.port = (s.address() as AddressInfo).port
      s.close()
      await once(s, 'close')
    }
    const p = spawn(bin!, ['--data', join(this.#dir, 'data'), '--http', `127.0.0.1:${this.port}`, '--mqtt', '127.0.0.1:0', '--no-open'], { stdio: ['ignore', 'ignore', 'pipe'], env })
    this.#process = p
    let said = ''
    for await (const text of p.stderr!) {
      said += String(text)
      if (said.includes('msg=ready')) break
    }
    assert.match(said, /msg=ready/)
  }

  async kill(): Promise<void> {
    const p = this.#process
    this.#process = undefined
    if (p && p.exitCode === null && p.signalCode === null) {
      p.kill('SIGKILL')
      await once(p, 'exit')
    }
  }

  async end(): Promise<void> {
    await this.kill()
    rmSync(this.#dir, { recursive: true, force: true })
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}/api/upload`
  }
}

interface Told {
  id: string
  name: string
  type: string
  size: number
  sha256: string
}

/** Uploads content, and tells what the server says of it in the end. */
async function upload(server: Server, options: Partial<Options>): Promise<{ told: Told, offsets: number[] }> {
  const tus = await load()
  return new Promise((done, failed) => {
    let told = ''
    const offsets: number[] = []
    new tus.Upload(content, {
      endpoint: server.endpoint,
      headers: { authorization },
      metadata: { filename: '../Grüße \u202e🦊.bin', filetype: 'application/x-fox' },
      retryDelays: [20, 50, 100, 200, 400, 800, 1600],
      onAfterResponse(request, response) {
        told = response.getHeader('Tincan-File') ?? told
        if (request.getMethod() === 'HEAD') offsets.push(Number(response.getHeader('Upload-Offset')))
      },
      onSuccess: () => done({ told: JSON.parse(told) as Told, offsets }),
      onError: failed,
      ...options,
    }).start()
  })
}

function check(told: Told): void {
  assert.equal(told.name, 'Grüße 🦊.bin')
  assert.equal(told.type, 'application/x-fox')
  assert.equal(told.size, content.length)
  assert.equal(told.sha256, sha256)
}

test('tus-js-client uploads, goes on after a kill, and cancels', { skip }, async (t) => {
  const server = new Server()
  t.after(() => server.end())
  await server.start()

  check((await upload(server, { uploadDataDuringCreation: true })).told)

  let killed = 0
  const { told, offsets } = await upload(server, {
    chunkSize: 4 << 20,
    async onChunkComplete(_, accepted) {
      if (killed++ === 0) {
        assert.equal(accepted, 4 << 20)
        await server.kill()
        await server.start()
      }
    },
  })
  check(told)
  assert.ok(offsets.length > 0 && offsets.every((at) => at >= 4 << 20), `it went on from ${offsets}: what was told was on disk`)

  const tus = await load()
  const url = await new Promise<string>((done, failed) => {
    const u = new tus.Upload(content, {
      endpoint: server.endpoint,
      headers: { authorization },
      chunkSize: 1 << 20,
      retryDelays: null,
      onChunkComplete: () => void u.abort(true).then(() => done(u.url!), failed),
      onError: failed,
    })
    u.start()
  })
  const head = await fetch(url, { method: 'HEAD', headers: { authorization, 'Tus-Resumable': '1.0.0' } })
  assert.equal(head.status, 404)
})
