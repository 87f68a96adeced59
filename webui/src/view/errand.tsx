import { useEffect } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { becomeHost } from '../store/errand.ts'
import { Account } from './account.tsx'
import { Dialog } from './dialog.tsx'
import { told } from './refusal.ts'

/** How the errand goes that a link brought me for: first under which name, then that it is done, and what to do next. */
export function Errands({ chat }: { chat: Chat }) {
  const e = chat.errand.value
  const online = chat.line.value.is === 'online'
  const close = () => { chat.errand.value = null }
  useEffect(() => {
    if (online && e?.is === 'host' && e.state === 'waits') void becomeHost(chat, e.word).then((then) => { chat.errand.value = then })
  }, [online, e])
  if (!e || (e.is === 'code' && e.state === 'done')) return null
  const name = chat.me.value
  if (e.is === 'tip') {
    if (e.state === 'done') return <Dialog id="errand" title={t('settings.you')} onClose={close}><div class="card"><Account chat={chat} /></div></Dialog>
    return (
      <p class="toast account__tip" role="status">
        {t('account.tip', { name })} <button type="button" class="link" onClick={() => { chat.errand.value = { is: 'tip', state: 'done' } }}>{t('account.keep')}</button> <button type="button" class="link" onClick={close}>{t('notice.no')}</button>
      </p>
    )
  }
  if (e.state === 'waits') return chat.person.screen.value === 'welcome' && e.is === 'host' ? <p class="toast" role="status">{t('account.hostJoin')}</p> : null
  if (e.state === 'no') {
    return (
      <Dialog id="errand" title={t(e.is === 'host' ? 'account.hostTitle' : 'account.codeTitle')} onClose={close}>
        <p>{told(e.no)}</p>
        <div class="account__acts"><button type="button" class="button button--go" onClick={close}>{t('dialog.close')}</button></div>
      </Dialog>
    )
  }
  return (
    <Dialog id="errand" title={t('account.hostDone', { name })} onClose={close}>
      <p>{t('account.hostText')}</p>
      <div class="card"><Account chat={chat} /></div>
    </Dialog>
  )
}
