import './poster.css'
import { t } from '../i18n/format.ts'
import { typed } from '../store/invite.ts'
import { QrCode } from './code.tsx'

/** The invitation on a sheet of paper; it is there in print alone. */
export function Poster({ title, link }: { title: string, link: string }) {
  return (
    <div class="poster" aria-hidden="true">
      <h1><bdi>{title}</bdi></h1>
      <QrCode link={link} />
      <b dir="ltr">{typed(link)}</b>
      <ol>
        <li>{t('poster.wifi')}</li>
        <li>{t('poster.scan')}</li>
        <li>{t('poster.name')}</li>
      </ol>
      <p>{t('welcome.foot')}</p>
    </div>
  )
}
