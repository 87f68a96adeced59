// HTTP requests that carry files. A body goes by XMLHttpRequest, which alone tells how far it is; it takes a piece of a file from the
// disk as it goes.
import { type Answer, NoAnswer, type Send } from './store/tus.ts'

const patience = 30_000 // milliseconds without a sign of life

export const send: Send = (method, path, headers, body, { sent, signal } = {}) => {
  signal?.throwIfAborted()
  return body ? carry(method, path, headers, body, sent, signal) : ask(method, path, headers, signal)
}

/** Without the credentials of the browser: it would ask the person for a password when the server does not take ours. */
async function ask(method: string, path: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Answer> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), patience)
  const stop = () => late.abort()
  signal?.addEventListener('abort', stop)
  try {
    const r = await fetch(path, { method, headers, credentials: 'omit', cache: 'no-store', signal: late.signal })
    return { status: r.status, header: (n) => r.headers.get(n), body: await r.text() }
  } catch {
    signal?.throwIfAborted()
    throw new NoAnswer('no answer')
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

function carry(method: string, path: string, headers: Record<string, string>, body: Blob, sent?: (bytes: number) => void, signal?: AbortSignal): Promise<Answer> {
  return new Promise((ok, no) => {
    const x = new XMLHttpRequest()
    let timer = 0
    const alive = () => {
      clearTimeout(timer)
      timer = setTimeout(() => x.abort(), patience) as unknown as number
    }
    const stop = () => x.abort()
    x.open(method, path)
    for (const [name, value] of Object.entries(headers)) x.setRequestHeader(name, value)
    x.upload.onprogress = (e) => {
      alive()
      sent?.(e.loaded)
    }
    x.onload = () => ok({ status: x.status, header: (n) => x.getResponseHeader(n), body: x.responseText })
    x.onerror = x.onabort = () => no(signal?.aborted ? signal.reason : new NoAnswer('no answer'))
    x.onloadend = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
    }
    signal?.addEventListener('abort', stop)
    alive()
    x.send(body)
  })
}
