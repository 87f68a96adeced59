import { useSignal } from '@preact/signals'
import { to } from '../mqtt/topics.ts'
import type { Chat } from '../store/chat.ts'
import { told } from './refusal.ts'

/** What a dialog orders, and why the server says no. */
export function useOrders(chat: Chat) {
  const no = useSignal('')
  const busy = useSignal(false)
  /** Orders something; null when the server says no, which no has then. */
  const order = async (what: string, body: object = {}): Promise<Record<string, unknown> | null> => {
    no.value = ''
    busy.value = true
    try {
      return await chat.order(what, body)
    } catch (e) {
      no.value = told(e)
      return null
    } finally {
      busy.value = false
    }
  }
  return { no, busy, order }
}

/** How long something may be imposed, in the words of the server and in milliseconds. */
export const spans = [['1m', 60_000], ['10m', 600_000], ['1h', 3_600_000], ['8h', 28_800_000], ['7d', 604_800_000]] as const

/** Learns whether I am a host of the server. */
export function askHost(chat: Chat): void {
  chat.order('show', {}, to.account).then((a) => { chat.server.host.value = a.host === true }, () => {})
}
