import { span, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { Entry } from '../store/outbox.ts'
import { Icon } from './icon.tsx'
import { told } from './refusal.ts'

/** A message of mine that the server does not take: not now, or not at all, and then what can be done. */
export function Stuck({ chat, entry }: { chat: Chat, entry: Entry }) {
  if (entry.state !== 'failed') {
    const words = entry.code === 0x97 ? t('send.full') : t('send.rateIn', { span: span(Math.max(1000, entry.again - chat.now.value)) })
    return <div class="message__state"><Icon name="clock" />{words}</div>
  }
  return (
    <div class="message__state message__state--bad" role="alert">
      <Icon name="warn" /><span>{entry.why === '' ? t('send.failedPlain') : t('send.failed', { text: told({ ...entry, text: entry.why }) })}</span>
      {!entry.about && !entry.file && <button type="button" class="link" onClick={() => chat.edit(entry.id)}>{t('send.edit')}</button>}
      <button type="button" class="link" onClick={() => chat.again(entry.id)}>{t('send.again')}</button>
      <button type="button" class="link" onClick={() => void chat.post.discard(entry.id)}>{t('send.discard')}</button>
    </div>
  )
}
