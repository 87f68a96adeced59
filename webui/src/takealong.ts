// What the server writes for me to keep. The browser downloads it by itself, so that it takes no memory of the page, however large it is.
import { t } from './i18n/format.ts'
import type { Chat } from './store/chat.ts'

const plainly: RequestInit = { credentials: 'omit', cache: 'no-store' }

/** Has the browser download what is at an address of the server; rejects with the server's sentence when there is nothing to have. */
export async function takeAlong(chat: Chat, path: string): Promise<void> {
  const me = btoa(String.fromCharCode(...new TextEncoder().encode(chat.credentials)))
  const asked = await fetch('/api/ticket', { ...plainly, headers: { Authorization: `Basic ${me}` } })
  const told = await asked.json() as { ticket?: unknown, text?: unknown }
  if (typeof told.ticket !== 'string') throw new Error(sentence(told))
  const at = `${path}${path.includes('?') ? '&' : '?'}t=${encodeURIComponent(told.ticket)}`
  const head = await fetch(at, { ...plainly, method: 'HEAD' }) // of a download nobody could tell why it is none
  if (!head.ok) throw new Error(await why(at))
  Object.assign(document.createElement('a'), { href: at, download: '' }).click()
}

async function why(at: string): Promise<string> {
  const no = await fetch(at, plainly)
  if (!no.ok) return sentence(await no.json())
  void no.body?.cancel() // it could be had in this moment
  return t('account.noAnswer')
}

function sentence({ text }: { text?: unknown }): string {
  return typeof text === 'string' && text !== '' ? text : t('account.noAnswer')
}
