import './control.css'
import './toggle.css'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { Gauge } from '../store/gauge.ts'
import { told } from './refusal.ts'

const patience = 10_000 // milliseconds for the device to do it

/** A yes-or-no of a device that says how to change it. It shows what the device says, not what was wished: that is under way meanwhile. */
export function Toggle({ chat, name, gauge, sure }: { chat: Chat, name: string, gauge: Gauge, sure: boolean }) {
  const wish = useSignal<{ on: boolean, at: number } | null>(null)
  const failed = useSignal('')
  const on = gauge.value === true
  const can = sure && chat.line.value.is === 'online'
  const late = wish.value !== null && chat.now.value - wish.value.at > patience
  useEffect(() => { if (wish.value?.on === on) wish.value = null }, [on])
  useEffect(() => {
    if (!late) return
    wish.value = null
    failed.value = t('device.silent', { label: gauge.label })
  }, [late])
  const turn = async (to: boolean) => {
    wish.value = { on: to, at: chat.now.peek() }
    failed.value = ''
    try {
      const ack = await chat.command(name, (to ? gauge.on : gauge.off) ?? '')
      if (ack.code < 0x80) return
      failed.value = t('send.failed', { text: told(ack) })
    } catch {
      failed.value = t('send.failed', { text: t('device.noLine') })
    }
    wish.value = null
  }
  return (
    <>
      <label class="toggle">
        <input
          class="switch" type="checkbox" role="switch" aria-label={gauge.label || t('device.value')} aria-busy={wish.value !== null} disabled={!can || wish.value !== null}
          checked={wish.value?.on ?? on} onChange={(e) => void turn(e.currentTarget.checked)}
        />
        <span>{wish.value ? t('send.sending') : t(on ? 'device.on' : 'device.off')}</span>
      </label>
      <small class={failed.value === '' ? 'unseen' : 'toggle__bad'} role="status">{failed.value}</small>
    </>
  )
}
