import { useEffect } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import type { Message } from '../mqtt/parse.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import type { Ref } from '../store/reply.ts'
import { plain } from '../store/text.ts'

const longest = 200 // characters

/** Above an answer: what it answers, and the way there. */
export function Quote({ chat, c, to }: { chat: Chat, c: Conversation, to: Ref }) {
  const m = useQuoted(chat, c, to)
  if (m?.deleted) return <div class="quote quote--gone">{t('room.deleted', { name: m.from })}</div>
  if (!m) return <div class="quote quote--gone">{t(m === null ? 'room.replyGone' : 'room.replyWaits')}</div>
  return (
    <button type="button" class="quote" tabIndex={-1} title={t('room.toOriginal')} onClick={() => void chat.places.show(c, m.seq)}>
      <span class="unseen">{t('room.reply', { who: m.from })}</span>
      <b aria-hidden="true"><bdi>{m.from}</bdi></b><bdi class="cut">{summary(m)}</bdi>
    </button>
  )
}

/** The message that is meant; it is fetched when the page does not hold it. */
export function useQuoted(chat: Chat, c: Conversation, to: Ref): Message | null | undefined {
  const m = c.quote(to)
  const online = chat.line.value.is === 'online'
  useEffect(() => { if (m === undefined && online) chat.places.quote(c, to.seq) }, [m === undefined, online, to.seq])
  return m
}

/** The beginning of a text in one line, without marks. */
export function summary(m: Message): string {
  return plain(m.text.slice(0, longest)).replace(/\s+/g, ' ') || m.file?.name || ''
}
