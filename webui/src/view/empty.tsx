import './empty.css'
import { t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { TinString } from './string.tsx'

/** A conversation in which nothing was said yet. */
export function Empty({ chat, c }: { chat: Chat, c: Conversation }) {
  const to = c.to
  if (c.barred.value !== 0) return null // who is not let in does not know whether anything was said
  return (
    <div class="empty">
      <TinString is="taut" />
      <b>{'room' in to ? t('room.empty', { room: chat.places.called(to.room) }) : t('room.emptyDirect')}</b>
      <p>{'room' in to ? t('room.emptyHint') : t('room.emptyDirectHint', { name: to.user })}</p>
    </div>
  )
}
