import './orders.css'
import { useComputed, useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import type { Message } from '../mqtt/parse.ts'
import type { Chat } from '../store/chat.ts'
import type { Order } from '../store/gauge.ts'
import { Icon } from './icon.tsx'
import { told } from './refusal.ts'

const patience = 10_000 // milliseconds for a device's answer

/** What became of the last command. */
interface Sent {
  label: string
  seq: number // of the command in what we two said; 0: not there yet
  at: number
  failed: string | null
}

/** The buttons that a device declares; field: and one for a command of one's own. They are sent as direct messages, and it answers so. */
export function Orders({ chat, name, orders, field }: { chat: Chat, name: string, orders: readonly Order[], field?: boolean }) {
  const sent = useSignal<Sent | null>(null)
  const sure = useSignal('') // label of the command that was asked about
  const text = useRef<HTMLInputElement>(null)
  const state = useComputed(() => outcome(chat, name, sent.value)).value
  const offline = chat.line.value.is !== 'online'

  const send = async (label: string, payload: string) => {
    if (offline || state.is === 'sending') return
    const mine: Sent = { label, seq: 0, at: chat.now.peek(), failed: null }
    sent.value = mine
    try {
      const ack = await chat.command(name, payload)
      sent.value = ack.code < 0x80 ? { ...mine, seq: Number(ack.user.seq ?? 0), at: chat.now.peek() } : { ...mine, failed: told(ack) }
    } catch {
      sent.value = { ...mine, failed: t('device.noLine') }
    }
  }
  const press = (o: Order) => {
    if (o.confirm && sure.value !== o.label) {
      sure.value = o.label
      return
    }
    sure.value = ''
    void send(o.label, o.payload)
  }
  const submit = (e: Event) => {
    e.preventDefault()
    const value = text.current?.value.trim() ?? ''
    if (value === '' || offline) return
    void send(value, value)
    if (text.current) text.current.value = ''
  }
  return (
    <div class="orders">
      {orders.map((o) => (
        <button type="button" class="button" key={o.label} aria-disabled={offline || state.is === 'sending'} onClick={() => press(o)} onBlur={() => { sure.value = '' }}>
          {sure.value === o.label ? t('device.sure', { label: o.label }) : o.label}
        </button>
      ))}
      {field && (
        <form class="orders__field" onSubmit={submit}>
          <input ref={text} aria-label={t('device.command')} placeholder={t('device.command')} autocomplete="off" spellcheck={false} dir="auto" maxLength={4000} />
          <button class="button" aria-disabled={offline || state.is === 'sending'}>{t('room.send')}</button>
        </form>
      )}
      <p class={`${state.is === 'none' ? 'unseen' : 'orders__said'} ${state.is === 'failed' ? 'orders__said--bad' : ''}`} role="status">
        {state.is !== 'none' && <Icon name={state.is === 'done' ? 'ok' : state.is === 'failed' ? 'warn' : 'clock'} />}<span>{state.words}</span>
      </p>
    </div>
  )
}

/** Sending, then what the device answered, or that it did not within ten seconds. */
function outcome(chat: Chat, name: string, sent: Sent | null): { is: 'none' | 'sending' | 'waits' | 'done' | 'silent' | 'failed', words: string } {
  if (!sent) return { is: 'none', words: '' }
  if (sent.failed !== null) return { is: 'failed', words: t('send.failed', { text: sent.failed }) }
  if (sent.seq === 0) return { is: 'sending', words: t('send.sending') }
  const answer = chat.places.find(`user/${name}`)?.log.value.find((m) => m.seq > sent.seq && m.from === name)
  if (answer) return { is: 'done', words: t('device.answer', { label: sent.label, text: said(answer) }) }
  return chat.now.value - sent.at < patience ? { is: 'waits', words: t('device.waits', { label: sent.label }) } : { is: 'silent', words: t('device.silent', { label: sent.label }) }
}

function said(m: Message): string {
  return (m.text || (m.data ? JSON.stringify(m.data) : t('device.done'))).slice(0, 200)
}
