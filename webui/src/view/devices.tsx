import './devices.css'
import { useComputed } from '@preact/signals'
import { clock, compare, number, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { hour, iconOf } from '../store/devices.ts'
import { aboutOf, beyond, reading } from '../store/gauge.ts'
import { devicesLink, write } from '../store/route.ts'
import { range } from '../store/spark.ts'
import { type Thing, things } from '../store/things.ts'
import { Icon, IconButton } from './icon.tsx'
import { Orders } from './orders.tsx'
import { Age, Line, shownValue, switches, Tile, Values } from './tile.tsx'
import { Toggle } from './toggle.tsx'

/** All devices of my rooms; the one that the address names is large. */
export function Devices({ chat, name, onRooms }: { chat: Chat, name: string, onRooms: () => void }) {
  const all = useComputed(() => things(chat.places.rooms.value.joined.flatMap((r) => chat.places.find(`room/${r}`) ?? []), compare)).value
  const sure = chat.string.value === 'taut'
  const here = sure ? all.filter((x) => x.member).length : 0
  const open = all.find((x) => x.name === name)
  return (
    <main class="main" id="devices">
      <header class="bar">
        <IconButton class="bar__menu" name="menu" label={t('nav.open')} onClick={onRooms} />
        <div class="bar__words">
          <h1 class="cut">{t('panel.devices')}</h1>
          <p class="cut">{t('device.count', { here, offline: all.length - here })}</p>
        </div>
      </header>
      <div class="scroll devices">
        {sure && <Alarms all={all} />}
        {name !== '' && !open && <p class="devices__none">{t('device.unknownName', { name })}</p>}
        {open && <Large chat={chat} thing={open} sure={sure} />}
        {all.length > 0 && <div class="tiles">{all.filter((x) => x !== open).map((x) => <Tile key={x.name} chat={chat} thing={x} sure={sure} />)}</div>}
        {name === '' && <p class="devices__none">{t('panel.noDevices')}</p>}
      </div>
    </main>
  )
}

/** Which devices are beyond their limits. */
function Alarms({ all }: { all: readonly Thing[] }) {
  return <>{all.flatMap(({ name, device, member }) => {
    const r = device && member ? reading(device) : null
    const g = r?.is === 'gauges' ? r.of.find((x) => beyond(x)) : undefined
    return g ? [<p class="devices__alarm" key={name}><Icon name="warn" />{t('device.beyond', { name, key: g.label || t('device.value'), value: shownValue(g), unit: g.unit })}</p>] : []
  })}</>
}

/** One device with all its values, each with its hour, and what can be told it. */
function Large({ chat, thing, sure }: { chat: Chat, thing: Thing, sure: boolean }) {
  const { name, device, member, rooms } = thing
  const about = aboutOf(device)
  const r = device ? reading(device) : { is: 'nothing' as const }
  const here = sure && member !== undefined
  const facts = [...rooms.map((room) => `chat/room/${room}/state/${name}`), ...(member && member.since > 0 ? [t('device.hereSince', { time: clock(member.since) })] : [])]
  return (
    <section class={`large ${here ? '' : 'tile--stale'}`} aria-labelledby="large-title">
      <div class="large__head">
        <Icon name={device ? iconOf(device) : 'chip'} />
        <h2 id="large-title" class="cut"><bdi>{about.title || name}</bdi></h2>
        <Age chat={chat} thing={thing} here={here} />
        <a class="icon-button" href={devicesLink()} aria-label={t('device.all')} title={t('device.all')}><Icon name="x" /></a>
      </div>
      <p class="large__facts"><bdi>{facts.join(' · ')}</bdi></p>
      {r.is !== 'gauges' ? <Values chat={chat} name={name} sure={here} r={r} most={1} /> : r.of.map((g) => {
        const trail = device?.trails.get(g.id) ?? []
        const { low, high } = trail.length > 1 ? range(trail, g) : { low: 0, high: 0 }
        return (
          <div class="large__one" key={g.id}>
            <p><span>{g.label || t('device.value')}</span> {!switches(g) && <b class="tile__value"><bdi>{shownValue(g)}</bdi>{g.unit !== '' && <small>{g.unit}</small>}</b>}</p>
            {switches(g) && <Toggle chat={chat} name={name} gauge={g} sure={here} />}
            <Line class="spark--large" trail={trail} gauge={g} />
            {trail.length > 1 && (
              <p class="large__axis" aria-hidden="true">
                <span>{clock(trail[0].at)}</span>
                <span>{trail[trail.length - 1].at - trail[0].at < hour / 2 ? t('device.since') : t('device.hour')}{typeof g.value === 'number' && ` · ${number(low)} – ${number(high)} ${g.unit}`}</span>
                <span>{clock(trail[trail.length - 1].at)}</span>
              </p>
            )}
          </div>
        )
      })}
      <div class="large__orders">
        <h3>{t('device.commands')}</h3>
        <p class="large__facts">{t('device.commandsHint')} <a href={write({ at: 'user', user: name })}>{t('device.said')}</a></p>
        <Orders chat={chat} name={name} orders={about.orders} field />
      </div>
    </section>
  )
}
