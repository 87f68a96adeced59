import { t } from '../i18n/format.ts'
import { askForPopUps } from '../popup.ts'
import type { Chat } from '../store/chat.ts'

/** Asks, once and for good, whether the system may tell of what is for me. */
export function Allow({ chat, onDone }: { chat: Chat, onDone: () => void }) {
  const answer = async (yes: boolean) => {
    onDone()
    chat.settings.set({ asked: true })
    if (yes && (await askForPopUps()) === 'granted') chat.settings.set({ system: true })
  }
  return (
    <p class="toast notice" role="status">
      {t('notice.ask')} <button type="button" class="link" onClick={() => void answer(true)}>{t('notice.yes')}</button> <button type="button" class="link" onClick={() => void answer(false)}>{t('notice.no')}</button>
    </p>
  )
}
