import './door.css'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import { place } from '../platform.ts'
import { addresses, askInvitation, type Invitation, link, typed } from '../store/invite.ts'
import { knock } from '../store/knock.ts'
import { read } from '../store/route.ts'
import { QrCode } from './code.tsx'
import { Icon } from './icon.tsx'
import { TinString } from './string.tsx'

const askEvery = 20_000 // milliseconds

/**
 * The invitation over the whole screen, for a projector or a door: /qr, or /qr#room, with the code of a private one. It asks again and
 * again, since addresses change.
 */
export function Door({ code }: { code: string }) {
  const told = useSignal<Invitation | null>(null)
  const lost = useSignal(false)
  useEffect(() => {
    const ask = () => void askInvitation(knock).then((i) => {
      lost.value = i === null
      if (i) told.value = i
    })
    ask()
    const timer = setInterval(ask, askEvery)
    addEventListener('online', ask)
    return () => {
      clearInterval(timer)
      removeEventListener('online', ask)
    }
  }, [])
  const info = told.value
  const [address] = addresses(location.origin, info?.addresses ?? [])
  const at = read(location.hash)
  const to = address === undefined ? location.origin : link(address, at?.at === 'room' ? at.room : '', code)
  const title = info?.title ?? place()
  return (
    <main class="door">
      <h1><bdi>{title}</bdi></h1>
      <p class="door__hint">{t('share.hint')}</p>
      <div class="door__card"><QrCode link={to} /></div>
      <p class="door__address" dir="ltr">{typed(to)}</p>
      {address === undefined && info && <p class="door__alone"><Icon name="warn" />{t('share.alone', { host: location.hostname })}</p>}
      <p class="door__foot" role="status">
        <TinString is={lost.value ? 'slack' : 'taut'} />
        {lost.value ? t('door.lost') : info ? t('line.here', { people: info.people, devices: info.devices }) : t('line.connecting')}
      </p>
    </main>
  )
}
