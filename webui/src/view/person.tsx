import './care.css'
import { useSignal } from '@preact/signals'
import { span, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { Select } from './control.tsx'
import { Dialog } from './dialog.tsx'
import { IconButton } from './icon.tsx'
import { No } from './no.tsx'
import { spans, useOrders } from './ordering.ts'

/** The menu of hosts on somebody in a room. */
export function Hosting({ chat, room, name }: { chat: Chat, room: string, name: string }) {
  const open = useSignal(false)
  return (
    <>
      <IconButton name="more" label={t('person.more', { name })} onClick={() => { open.value = true }} />
      {open.value && <PersonCare chat={chat} room={room} name={name} onClose={() => { open.value = false }} />}
    </>
  )
}

/** What whoever runs a room does about somebody in it. The buttons say what will happen, and to whom. */
function PersonCare({ chat, room, name, onClose }: { chat: Chat, room: string, name: string, onClose: () => void }) {
  const long = useSignal<string>('10m')
  const reason = useSignal('')
  const { no, busy, order } = useOrders(chat)
  const hidden = chat.places.isHidden(room)
  const words = span(spans.find(([s]) => s === long.value)?.[1] ?? 0)
  const rule = (what: string, timed: boolean) => () => {
    if (busy.value) return
    void order(what, { room, name, reason: reason.value, ...(timed ? { for: long.value } : {}) }).then((done) => { if (done) onClose() })
  }
  return (
    <Dialog id="person" title={name} onClose={onClose}>
      <div class="care">
        <div class="card">
          <Select label={t('person.span')} value={long.value} onChange={(v) => { long.value = v }} all={spans.map(([s, ms]) => [s, span(ms)] as const)} />
          <label class="setting">
            <span class="setting__words"><span class="setting__label">{t('person.reason')}</span><span class="setting__hint">{t('person.reasonHint', { name })}</span></span>
            <input class="care__field" value={reason.value} maxLength={200} dir="auto" autocomplete="off" onInput={(e) => { reason.value = e.currentTarget.value }} />
          </label>
        </div>
        <No text={no.value} />
        <div class="care__acts">
          <button type="button" class="button" onClick={rule('mute', true)}>{t('person.mute', { name, span: words })}</button>
          <button type="button" class="button care__bad" onClick={rule('remove', !hidden)}>{hidden ? t('person.out', { name }) : t('person.remove', { name, span: words })}</button>
          <button type="button" class="button care__bad" onClick={rule('ban', false)}>{t('person.ban', { name })}</button>
        </div>
      </div>
    </Dialog>
  )
}
