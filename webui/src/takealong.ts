// What the server writes for me to keep. The browser downloads it by itself, so that it takes no memory of the page, however large it is.
import { Unanswered } from './store/asks.ts'
import type { Chat } from './store/chat.ts'

const plainly: RequestInit = { credentials: 'omit', cache: 'no-store' }

/** Has the browser download what is at an address of the server; rejects with why not when there is nothing to have. */
export async function takeAlong(chat: Chat, path: string): Promise<void> {
  const me = btoa(String.fromCharCode(...new TextEncoder().encode(chat.person.credentials)))
  const asked = await fetch('/api/ticket', { ...plainly, headers: { Authorization: `Basic ${me}` } })
  const a = await asked.json() as No & { ticket?: unknown }
  if (typeof a.ticket !== 'string') throw refused(a)
  const at = `${path}${path.includes('?') ? '&' : '?'}t=${encodeURIComponent(a.ticket)}`
  const head = await fetch(at, { ...plainly, method: 'HEAD' }) // of a download nobody could tell why it is none
  if (!head.ok) throw await why(at)
  Object.assign(document.createElement('a'), { href: at, download: '' }).click()
}

async function why(at: string): Promise<Unanswered> {
  const no = await fetch(at, plainly)
  if (!no.ok) return refused(await no.json())
  void no.body?.cancel() // it could be had in this moment
  return new Unanswered()
}

/** What an answer by HTTP says. */
interface No { text?: string, error?: string, with?: Record<string, string> }

function refused({ text, error = '', with: values }: No): Unanswered {
  return new Unanswered(text, 0, { ...values, reason: error })
}
