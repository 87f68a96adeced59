// Who may do what in a room, as far as it has to be asked for: only what I may do is offered.
import { signal, useComputed } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { askHost } from './ordering.ts'

const askEvery = 60_000 // milliseconds; hosts seldom change

const hosted = signal(true) // whether the server has hosts; until that is known it is taken to
let asked = -Infinity

/** Asks whether I am a host of the server, and whether it has any; not again soon. */
function askHosts(chat: Chat): void {
  const now = performance.now()
  if (now - asked < askEvery) return
  asked = now
  askHost(chat)
  chat.order('hosts').then((a) => { hosted.value = Array.isArray(a.hosts) && a.hosts.length > 0 }, () => { asked = -Infinity })
}

/** What I may do in a room besides talking: run it; and pin and call on others, which everybody may where nobody runs it. */
export function useRights(chat: Chat, c: Conversation): { runs: boolean, tends: boolean } {
  const online = useComputed(() => chat.line.value.is === 'online').value
  useEffect(() => { if (online) askHosts(chat) }, [c.key, online])
  if (!('room' in c.to)) return { runs: false, tends: false }
  const runs = chat.runs(c.to.room)
  const a = c.about.value
  return { runs, tends: runs || (!a?.owner && !a?.hosts.length && (a?.hidden === true || !hosted.value)) }
}
