import './care.css'
import { useSignal } from '@preact/signals'
import { t } from '../i18n/format.ts'
import { roomSlug } from '../mqtt/topics.ts'
import type { Chat } from '../store/chat.ts'
import type { Place } from '../store/route.ts'
import { Segment } from './control.tsx'
import { Dialog } from './dialog.tsx'
import { No } from './no.tsx'
import { useOrders } from './ordering.ts'

/** Makes a room: for everyone, or for those who are invited. */
export function NewRoom({ chat, onClose, onGo }: { chat: Chat, onClose: () => void, onGo: (p: Place) => void }) {
  const name = useSignal('')
  const topic = useSignal('')
  const who = useSignal<'open' | 'private'>('open')
  const { no, busy, order } = useOrders(chat)
  const slug = roomSlug(name.value)
  const hidden = who.value === 'private'
  const ready = (hidden ? name.value.trim() !== '' : slug !== undefined) && !busy.value
  const make = async (e: Event) => {
    e.preventDefault()
    if (!ready) return
    // The slug of a private room is made by the server, so that nobody guesses it.
    const done = await order('room', hidden ? { private: true, title: name.value, topic: topic.value } : { room: slug, topic: topic.value })
    if (done && typeof done.room === 'string') onGo({ at: 'room', room: done.room, seq: 0 })
  }
  return (
    <Dialog id="newroom" title={t('newroom.title')} onClose={onClose}>
      <form class="care" onSubmit={(e) => void make(e)}>
        <div class="card">
          <Segment label={t('newroom.who')} hint={hidden ? t('newroom.privateHint') : undefined} value={who.value} onChange={(v) => { who.value = v }} all={[['open', t('newroom.open')], ['private', t('newroom.private')]]} />
          <label class="setting">
            <span class="setting__label">{t('newroom.name')}</span>
            <input class="care__field" value={name.value} maxLength={48} dir="auto" autocomplete="off" required ref={(el) => { if (el && name.value === '') el.focus() }} onInput={(e) => { name.value = e.currentTarget.value }} />
          </label>
          <label class="setting">
            <span class="setting__label">{t('newroom.about')}</span>
            <input class="care__field" value={topic.value} maxLength={200} dir="auto" autocomplete="off" onInput={(e) => { topic.value = e.currentTarget.value }} />
          </label>
        </div>
        <No text={no.value} />
        <button type="submit" class="button button--go" aria-disabled={!ready}>{t('newroom.make')}</button>
      </form>
    </Dialog>
  )
}
