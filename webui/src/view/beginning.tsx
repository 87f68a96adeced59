import { t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { aside } from './lazy.tsx'

const Kept = aside(() => import('./kept.tsx'), 'Kept')

/** Above the first message: that it is the first, and how much is kept where that is not all. */
export function Beginning({ chat, c }: { chat: Chat, c: Conversation }) {
  const told = [chat.server.keep.value, c.about.value?.keep]
  return (
    <p class="missing" data-key="beginning">
      {'room' in c.to ? t('room.beginning', { room: chat.places.called(c.to.room) }) : t('room.beginningDirect', { name: c.to.user })}
      {told.some(Boolean) && <Kept told={told} />}
    </p>
  )
}
