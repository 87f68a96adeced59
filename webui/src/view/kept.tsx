import { t } from '../i18n/format.ts'
import { size } from '../i18n/size.ts'
import { kept } from '../store/kept.ts'

/** How much of a conversation is kept at most. */
export function Kept({ told }: { told: readonly unknown[] }) {
  const { days, messages, bytes } = kept(...told)
  const said = [days > 0 ? t('kept.days', { n: days }) : '', messages > 0 ? t('kept.messages', { n: messages }) : '', bytes > 0 ? t('kept.bytes', { size: size(bytes) }) : '']
  return <> {said.filter((s) => s !== '').join(' ')}</>
}
