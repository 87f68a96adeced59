import './code.css'
import { useMemo } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import { path, qr, size } from '../store/qr.ts'

/** A link as a QR code: dark on white in both themes, since not every reader takes it the other way round. */
export function QrCode({ link }: { link: string }) {
  const code = useMemo(() => qr(link), [link])
  if (!code) return null
  return (
    <svg class="code" viewBox={`0 0 ${size(code)} ${size(code)}`} shape-rendering="crispEdges" role="img" aria-label={t('share.code', { link })}>
      <path d={path(code)} />
    </svg>
  )
}
