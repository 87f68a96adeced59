import './share.css'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import { place } from '../platform.ts'
import type { Chat } from '../store/chat.ts'
import { addresses, askInvitation, type Invitation, link, mqttHost, typed } from '../store/invite.ts'
import { knock } from '../store/knock.ts'
import { snippet, type Way, ways } from '../store/snippets.ts'
import { QrCode } from './code.tsx'
import { CopyButton } from './copy.tsx'
import { Icon, IconButton } from './icon.tsx'
import { useModal } from './modal.ts'
import { No } from './no.tsx'
import { useOrders } from './ordering.ts'
import { Poster } from './poster.tsx'
import { Tabs } from './tabs.tsx'

/** How to bring others: a code to scan, an address to type, and the lines for devices. */
export function Share({ chat, room, onClose }: { chat: Chat, room: string, onClose: () => void }) {
  const dialog = useModal()
  const told = useSignal<Invitation | 'asking' | null>('asking')
  const chosen = useSignal('')
  const about = chat.places.find(`room/${room}`)?.about.value
  const code = useSignal('')
  const { no, order } = useOrders(chat)
  const learn = (what: string) => void order(what, { room }).then((a) => { if (typeof a?.code === 'string') code.value = a.code })
  useEffect(() => {
    void askInvitation(knock).then((i) => { told.value = i })
    if (about?.code && chat.runs(room)) learn('card')
  }, [])
  const leads = !about?.hidden || code.value !== '' // the address alone lets nobody into a private room
  const info = told.value === 'asking' ? null : told.value
  const all = addresses(location.origin, info?.addresses ?? [])
  const address = all.includes(chosen.value) ? chosen.value : all[0] ?? ''
  const alone = address === '' && info !== null
  return (
    <>
      <dialog class="share" ref={dialog} aria-labelledby="share-title" onClose={onClose} onClick={(e) => e.target === dialog.current && dialog.current?.close()}>
        <div class="share__in">
          <div class="share__head">
            <h2 id="share-title">{room === 'lobby' ? t('share.title') : t('share.titleRoom', { room: chat.places.called(room) })}</h2>
            <IconButton name="x" label={t('share.close')} onClick={() => dialog.current?.close()} />
          </div>
          {address !== '' && leads && <People link={link(address, room, code.value)} code={code.value} room={room} all={all} address={address} onChoose={(a) => { chosen.value = a }} />}
          {!leads && <p class="share__alone"><Icon name="warn" />{t('newroom.privateHint')}</p>}
          {!leads && chat.runs(room) && <div class="share__row"><button type="button" class="button" onClick={() => learn('code')}>{t('care.codeNew')}</button>{t('care.codeHint')}</div>}
          <No text={no.value} />
          {alone && <p class="share__alone"><Icon name="warn" />{t('share.alone', { host: location.hostname })}</p>}
          {told.value === null && all.length === 0 && <p class="share__alone"><Icon name="warn" />{t('share.unknown')}</p>}
          {info && <Things host={mqttHost(info.mqtt.host, location.hostname)} port={info.mqtt.port} room={room} />}
        </div>
      </dialog>
      {address !== '' && leads && <Poster title={place()} link={link(address, room, code.value)} />}
    </>
  )
}

function People({ link: to, room, code, all, address, onChoose }: { link: string, room: string, code: string, all: string[], address: string, onChoose: (address: string) => void }) {
  const shown = useRef<HTMLElement>(null)
  return (
    <>
      <p class="share__hint">{t('share.hint')}</p>
      <div class="share__card">
        <QrCode link={to} />
        <b class="share__address" ref={shown} dir="ltr">{typed(to)}</b>
      </div>
      <div class="share__row">
        <CopyButton class="button--go share__copy" text={to} label={t('share.copy')} shows={shown} />
        <button type="button" class="button" onClick={() => print()}>{t('share.print')}</button>
        <a class="button" href={room === 'lobby' ? '/qr' : `/qr${link('', room, code).slice(1)}`} target="_blank">{t('share.full')}</a>
      </div>
      {all.length > 1 && (
        <fieldset class="share__all">
          <legend>{t('share.addresses')}</legend>
          {all.map((a) => (
            <label key={a}>
              <input type="radio" name="address" checked={a === address} onChange={() => onChoose(a)} />
              <bdi dir="ltr">{typed(a)}</bdi>{/\.local(:\d+)?$/.test(a) && <small>{t('share.local')}</small>}
            </label>
          ))}
        </fieldset>
      )}
    </>
  )
}

function Things({ host, port, room }: { host: string, port: number, room: string }) {
  const way = useSignal<Way>('shell')
  const shown = useRef<HTMLElement>(null)
  const lines = snippet(way.value, { host, port, room })
  return (
    <section class="share__things">
      <h3><Icon name="chip" />{t('share.devices')}</h3>
      <p class="share__hint">{t('share.mqtt', { host, port: String(port), topic: `chat/room/${room}/say` })}</p>
      <Tabs id="share" label={t('share.devices')} all={ways.map((key) => ({ key, words: t(`share.${key}`) }))} chosen={way.value} onChoose={(w) => { way.value = w }} />
      <div id="share-in" role="tabpanel" aria-labelledby={`share-${way.value}`}>
        <pre class="share__lines" dir="ltr" tabIndex={0}><code ref={shown}>{lines}</code></pre>
        <CopyButton text={lines} label={t('share.copyLines')} shows={shown} />
      </div>
    </section>
  )
}
