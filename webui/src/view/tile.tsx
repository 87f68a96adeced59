import './tile.css'
import { useComputed } from '@preact/signals'
import { clock, number, span, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { isOld, lastAt } from '../store/age.ts'
import { type Device, iconOf, type Point } from '../store/devices.ts'
import { aboutOf, beyond, type Gauge, type Reading, reading } from '../store/gauge.ts'
import { devicesLink } from '../store/route.ts'
import { box, type Spark, spark, trend } from '../store/spark.ts'
import type { Thing } from '../store/things.ts'
import { Icon } from './icon.tsx'
import { Orders } from './orders.tsx'
import { Toggle } from './toggle.tsx'

const shown = 2 // values on a tile; the rest is a click away

/** A device with its last values. What is old never looks fresh. sure: whether there is a line, so that it is known who is here. */
export function Tile({ chat, thing, sure }: { chat: Chat, thing: Thing, sure: boolean }) {
  const { name, device } = thing
  const here = sure && thing.member !== undefined
  const r: Reading = device ? reading(device) : { is: 'nothing' }
  const about = aboutOf(device)
  const old = useComputed(() => {
    const now = chat.now.value // at each second, since a prop alone does not make it anew
    return device !== undefined && isOld(device, now)
  }).value
  const stale = !here || old
  const alarm = !stale && r.is === 'gauges' ? r.of.find((g) => beyond(g)) : undefined
  const first = r.is === 'gauges' ? r.of[0] : undefined
  return (
    <section class={`tile ${stale ? 'tile--stale' : ''} ${alarm ? 'tile--alarm' : ''}`} aria-label={name}>
      <div class="tile__top">
        <Icon name={device ? iconOf(device) : 'chip'} />
        <a class="cut" href={devicesLink(name)} title={name}><bdi>{about.title || name}</bdi></a>
        <Age chat={chat} thing={thing} here={here} />
      </div>
      <Values chat={chat} name={name} sure={here} r={r} most={shown} />
      {device && first && <Line trail={device.trails.get(first.id) ?? []} gauge={first} />}
      <p class="tile__foot"><Foot chat={chat} device={device} r={r} here={here} old={old} alarm={alarm} /></p>
      {about.orders.length > 0 && <Orders chat={chat} name={name} orders={about.orders.slice(0, shown)} />}
    </section>
  )
}

/** When it last spoke, or since when it is gone. */
export function Age({ chat, thing, here }: { chat: Chat, thing: Thing, here: boolean }) {
  const { device, left } = thing
  const age = chat.now.value - (device ? lastAt(device) : 0)
  const words = () => {
    if (!here) return left > 0 ? t('device.offlineSince', { time: clock(left) }) : t('device.offline')
    if (!device) return ''
    return lastAt(device) === 0 ? t('device.last') : age < 2000 ? t('device.now') : t('device.ago', { span: span(age) })
  }
  return <span class={`tile__age ${here ? '' : 'tile__age--off'}`}>{words()}</span>
}

/** The values of a reading; the rest is told by its number. */
export function Values({ chat, name, sure, r, most }: { chat: Chat, name: string, sure: boolean, r: Reading, most: number }) {
  if (r.is === 'text') return <p class="tile__value tile__value--text">{r.text.slice(0, 200)}</p>
  if (r.is === 'raw') return <pre class="tile__raw" dir="ltr" tabIndex={0}>{r.text.slice(0, 2000)}</pre>
  if (r.is === 'nothing') return null
  return (
    <dl class="tile__values">
      {r.of.slice(0, most).map((g) => (
        <div key={g.id}>
          <dt class="cut"><bdi>{g.label || t('device.value')}</bdi></dt>
          <dd class="tile__value">{switches(g) ? <Toggle chat={chat} name={name} gauge={g} sure={sure} /> : <><bdi>{shownValue(g)}</bdi>{g.unit !== '' && <small>{g.unit}</small>}</>}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Whether a value is a switch: a yes-or-no whose device says how to change it. */
export function switches(g: Gauge): boolean {
  return typeof g.value === 'boolean' && g.on !== undefined && g.off !== undefined
}

export function shownValue(g: Gauge): string {
  return typeof g.value === 'number' ? number(g.value) : t(g.value ? 'device.on' : 'device.off')
}

function Foot({ chat, device, r, here, old, alarm }: { chat: Chat, device: Device | undefined, r: Reading, here: boolean, old: boolean, alarm: Gauge | undefined }) {
  const at = device ? lastAt(device) : 0
  const age = span(chat.now.value - at)
  if (r.is === 'nothing') return <>{t('device.nothing')}</>
  if (!here || old) return <>{at === 0 ? t('device.last') : t('device.lastOld', { span: age })}</>
  if (alarm) return <b>{t(beyond(alarm) === 'low' ? 'device.below' : 'device.above', { key: alarm.label || t('device.value'), limit: number((beyond(alarm) === 'low' ? alarm.low : alarm.high) ?? 0), unit: alarm.unit })}</b>
  if (r.is === 'raw') return <>{t('device.unknown')}</>
  const more = r.is === 'gauges' ? r.of.length - shown : 0
  const drawn = r.is === 'gauges' && (device?.trails.get(r.of[0].id)?.length ?? 0) > 1
  return <>{more > 0 ? t('device.more', { n: more }) : drawn ? t('device.since') : ''}</>
}

/** The trail of a value as a line, which says its sentence to those who do not see it. */
export function Line({ trail, gauge, class: cls = '' }: { trail: readonly Point[], gauge: Gauge, class?: string }) {
  const s: Spark | null = spark(trail, gauge)
  if (!s) return null
  const way = trend(trail, gauge)
  const words = t(({ rising: 'device.rising', falling: 'device.falling', steady: 'device.steady' } as const)[way], { key: gauge.label || t('device.value'), from: number(trail[0].value), to: number(trail[trail.length - 1].value), unit: gauge.unit })
  return (
    <svg class={`spark ${cls}`} viewBox={`0 0 ${box.width} ${box.height}`} preserveAspectRatio="none" role="img" aria-label={words}>
      <path class="spark__area" d={s.area} /><path class="spark__line" d={s.line} />
      {s.limits.map((y) => <path class="spark__limit" key={y} d={`M0 ${y}H${box.width}`} />)}
    </svg>
  )
}
