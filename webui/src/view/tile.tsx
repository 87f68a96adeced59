import './tile.css'
import { number, span, t } from '../i18n/format.ts'
import type { Member } from '../mqtt/parse.ts'
import type { Chat } from '../store/chat.ts'
import { type Device, iconOf, lastAt, reading, spark } from '../store/devices.ts'
import { write } from '../store/route.ts'
import { Icon } from './icon.tsx'

/** A device with its last values. What is old never looks fresh. */
export function Tile({ chat, name, device, member }: { chat: Chat, name: string, device: Device | undefined, member: Member | undefined }) {
  const r = device ? reading(device) : { is: 'nothing' as const }
  const at = device ? lastAt(device) : 0
  const age = chat.now.value - at
  const offline = !member
  const first = r.is === 'numbers' ? r.of[0] : null
  const path = device && first ? spark(device.trail, first.unit) : ''
  return (
    <section class={`tile ${offline ? 'tile--stale' : ''}`} aria-label={name}>
      <div class="tile__top">
        <Icon name={device ? iconOf(device) : 'chip'} />
        <a class="cut" href={write({ at: 'user', user: name })} title={t('panel.write', { name })}><bdi>{name}</bdi></a>
        <span class={`tile__age ${offline ? 'tile__age--off' : ''}`}>
          {offline ? t('device.offline') : at === 0 ? (device ? t('device.last') : '') : age < 2000 ? t('device.now') : t('device.ago', { span: span(age) })}
        </span>
      </div>
      {r.is === 'numbers' && (
        <dl class="tile__values">
          {r.of.map((n) => (
            <div key={n.key}>
              {n.key !== '' && <dt class="cut"><bdi>{n.key}</bdi></dt>}
              <dd class="tile__value">{number(n.value)}{n.unit !== '' && <small>{n.unit}</small>}</dd>
            </div>
          ))}
        </dl>
      )}
      {r.is === 'text' && <p class="tile__value tile__value--text">{r.text.slice(0, 200)}</p>}
      {r.is === 'raw' && <div class="fence"><pre tabIndex={0}>{r.text.slice(0, 2000)}</pre></div>}
      {device && first && path !== '' && (
        <svg class="spark" viewBox="0 0 100 36" preserveAspectRatio="none" role="img" aria-label={sentence(device, first)}>
          <path class="spark__area" d={`${path}V36H0Z`} /><path class="spark__line" d={path} />
        </svg>
      )}
      <p class="tile__foot">
        {r.is === 'nothing' ? t('device.nothing') : r.is === 'raw' ? t('device.unknown') : offline ? (at === 0 ? t('device.last') : t('device.lastOld', { span: span(age) })) : path !== '' ? t('device.since') : ''}
      </p>
    </section>
  )
}

function sentence(d: Device, first: { key: string, value: number, unit: string }): string {
  const values = d.trail.map((p) => p.value)
  return t('device.spark', { key: first.key || t('device.value'), low: number(Math.min(...values)), high: number(Math.max(...values)), value: number(first.value), unit: first.unit })
}
