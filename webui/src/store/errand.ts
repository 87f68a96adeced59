// What a link brings somebody for, beside a place: to become a host (/#/host/…), or to use a name on this device, too (/#/code/…).
import type { Chat } from './chat.ts'
import { knock } from './knock.ts'
import { to } from '../mqtt/topics.ts'

/** An errand and how it goes; `tip` is none, but that my name may be kept for good. `no` is why not, as view/refusal.ts reads it. */
export type Errand = { is: 'tip', state: 'waits' | 'done' } | { is: 'host' | 'code', word: string, state: 'waits' | 'done' } | { is: 'host' | 'code', word: string, state: 'no', no: unknown }

/** The errand of a fragment; null when it has none. */
export function readErrand(hash: string): Errand | null {
  const [, is, word] = /^#\/(host|code)\/([\w-]{4,40})$/.exec(hash) ?? []
  return is === 'host' || is === 'code' ? { is, word, state: 'waits' } : null
}

/** Brings a code of another device of mine: goes on under its name. */
export async function bringCode(chat: Chat, word: string): Promise<Errand> {
  const errand = { is: 'code', word } as const
  try {
    const r = await knock('/api/code', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code: word }) })
    const v = await r.json() as { name?: unknown, secret?: unknown, door?: unknown, text?: unknown, error?: unknown }
    if (!r.ok || typeof v.name !== 'string' || typeof v.secret !== 'string') return { ...errand, state: 'no', no: { text: v.text, user: { reason: v.error } } }
    if (typeof v.door === 'string') chat.person.bringDoor(v.door)
    await chat.person.become({ name: v.name, secret: v.secret, chosen: true })
    return { ...errand, state: 'done' }
  } catch (no) {
    return { ...errand, state: 'no', no }
  }
}

/** Becomes a host by the word of a link; the line must be there. */
export async function becomeHost(chat: Chat, word: string): Promise<Errand> {
  const errand = { is: 'host', word } as const
  try {
    await chat.ask(to.account, { do: 'accept', token: word })
    return { ...errand, state: 'done' }
  } catch (no) {
    return { ...errand, state: 'no', no }
  }
}

/** Begins the errand of a fragment. */
export function begin(chat: Chat, hash: string): void {
  const e = readErrand(hash)
  chat.errand.value = e
  if (e?.is === 'code') void bringCode(chat, e.word).then((then) => { chat.errand.value = then })
}
