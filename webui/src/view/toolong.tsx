import { t } from '../i18n/format.ts'
import { bytes, size } from '../i18n/size.ts'
import { longest } from '../store/outbox.ts'

/** What is written is too long for a message: by how much, and what else can become of it. */
export function TooLong({ over, onFile }: { over: number, onFile: (file: File) => void }) {
  const file = () => new File([document.querySelector<HTMLTextAreaElement>('#write')?.value ?? ''], 'message.txt', { type: 'text/plain' })
  return (
    <p class="composer__error" role="alert">
      {t('send.tooLong', { size: size(longest), over: bytes(over) })} <button type="button" class="link" onClick={() => onFile(file())}>{t('send.asFile')}</button>
    </p>
  )
}
