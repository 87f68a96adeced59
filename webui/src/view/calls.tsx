import './calls.css'
import { t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'

/** The way to the next unread message that speaks to me. */
export function Calls({ chat, c }: { chat: Chat, c: Conversation }) {
  const all = c.mentions.value
  if (all.length === 0 || !('room' in c.to)) return null
  return <button type="button" class="jump jump--call" onClick={() => void chat.places.show(c, all[0])}><b aria-hidden="true">@</b>{t('mention.next', { n: all.length })}</button>
}
