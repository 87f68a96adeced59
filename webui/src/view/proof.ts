import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { send } from '../sender.ts'
import { base64 } from '../store/tus.ts'

const fresh = 30 * 60_000 // milliseconds after which another ticket is asked for
const again = 5000 // milliseconds after which it is asked for anew when none came

/** What shows the server that a reader of what only some may read asks for a file: a browser sends no password for a picture. */
const ticket = signal<{ of: string, text: string, at: number } | null>(null)
let asked = 0

/** What is to be put behind the address of a file of a conversation; null: not known yet. */
export function useProof(chat: Chat, c: Conversation): string | null {
  const open = 'room' in c.to && !chat.places.isHidden(c.to.room)
  const t = ticket.value
  const mine = t !== null && t.of === chat.person.credentials
  useEffect(() => {
    if (!open && chat.line.value.is === 'online' && (!mine || Date.now() - t.at > fresh) && Date.now() - asked > again) void ask(chat)
  }, [open, mine, chat.line.value.is === 'online'])
  return open ? '' : mine ? `?t=${encodeURIComponent(t.text)}` : null
}

async function ask(chat: Chat): Promise<void> {
  asked = Date.now()
  const of = chat.person.credentials
  try {
    const a = await send('GET', '/api/ticket', { Authorization: `Basic ${base64(of)}` })
    const text: unknown = JSON.parse(a.body).ticket
    if (a.status === 200 && typeof text === 'string') ticket.value = { of, text, at: Date.now() }
  } catch {
    // It is asked for again when a file is shown again.
  }
}
