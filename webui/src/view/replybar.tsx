import './replybar.css'
import { parts, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import type { Ref } from '../store/reply.ts'
import { Icon, IconButton } from './icon.tsx'
import { summary, useQuoted } from './quote.tsx'

/** Above the field: that a message which was sent is in it. */
export function EditBar({ onEnd }: { onEnd: () => void }) {
  return (
    <div class="replybar">
      <Icon name="pen" />
      <span class="cut">{t('room.editing')}</span>
      <IconButton name="x" label={t('room.editEnd')} onClick={onEnd} />
    </div>
  )
}

/** Above the field: what is answered there. */
export function ReplyBar({ chat, c, to, onEnd }: { chat: Chat, c: Conversation, to: Ref, onEnd: () => void }) {
  const m = useQuoted(chat, c, to)
  const who = m ? parts('room.replyTo', { who: m.from }).map((p) => typeof p === 'string' ? p : <bdi>{p.value}</bdi>) : t(m === null ? 'room.replyGone' : 'room.replyWaits')
  return (
    <div class="replybar">
      <Icon name="reply" />
      <span class="cut">{who}{m && <>: <bdi>{summary(m)}</bdi></>}</span>
      <IconButton name="x" label={t('room.replyEnd')} onClick={onEnd} />
    </div>
  )
}
