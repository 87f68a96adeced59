import './side.css'
import { useComputed } from '@preact/signals'
import { t } from '../i18n/format.ts'
import { apple, place } from '../platform.ts'
import type { Chat } from '../store/chat.ts'
import { nobody } from '../store/conversation.ts'
import { muted } from '../store/notice.ts'
import { unread } from '../store/read.ts'
import type { Item } from '../store/rooms.ts'
import { devicesLink, write } from '../store/route.ts'
import { Who } from './can.tsx'
import { Icon, IconButton } from './icon.tsx'
import { TinString } from './string.tsx'

/** The rooms, the people I write with, the line, and me. */
export function Side({ chat, onJump, onShare, onSettings, onNew, onMenu }: {
  chat: Chat, onJump: () => void, onShare: () => void, onSettings: () => void, onNew: () => void, onMenu: (room: string) => void,
}) {
  const items = chat.places.items.value
  const mine = items.filter((i) => i.joined)
  const others = items.filter((i) => !i.joined)
  const string = chat.string.value
  return (
    <nav class="side" aria-label={t('nav.rooms')}>
      <div class="side__line">
        <TinString is={string} />
        <div class="side__where">
          <p class="side__place cut"><bdi>{place()}</bdi></p>
          <p class="side__count cut">{string === 'taut' ? <Count chat={chat} /> : t(string === 'waving' ? 'line.connecting' : 'line.none')}</p>
          <IconButton name="qr" label={t('share.open')} onClick={onShare} />
        </div>
      </div>
      <button type="button" class="side__jump" onClick={onJump}><Icon name="search" /><span>{t('nav.jump')}</span><kbd>{apple() ? '⌘K' : `${t('keys.ctrl')} K`}</kbd></button>
      <div class="scroll side__lists">
        <h2 class="heading">{t('nav.rooms')}<IconButton name="plus" label={t('newroom.title')} onClick={onNew} /></h2>
        <ul>{mine.map((i) => <RoomItem key={i.room} chat={chat} item={i} onMore={() => onMenu(i.room)} />)}</ul>
        {others.length > 0 && <h2 class="heading">{t('nav.others')}</h2>}
        <ul>{others.map((i) => <RoomItem key={i.room} chat={chat} item={i} />)}</ul>
        {chat.places.mates.value.length > 0 && <h2 class="heading">{t('nav.direct')}</h2>}
        <ul>{chat.places.mates.value.map((m) => <MateItem key={m.name} chat={chat} name={m.name} />)}</ul>
        <h2 class="heading">{t('panel.devices')}</h2>
        <ul><li><DevicesItem chat={chat} /></li></ul>
      </div>
      <div class="side__me">
        <Who name={chat.me.value} state={string === 'slack' ? 'offline' : 'online'} />
        <b class="cut"><bdi>{chat.me.value}</bdi></b>
        <IconButton name="gear" label={t('nav.settings')} onClick={onSettings} />
        <IconButton name="door" label={t('nav.signOut')} onClick={() => void chat.person.signOut()} />
      </div>
    </nav>
  )
}

/** How many are in the open room, or in the lobby when a person is open. */
function Count({ chat }: { chat: Chat }) {
  const open = chat.places.current.value
  const roster = ('room' in open.to ? open : chat.places.find('room/lobby'))?.roster.value ?? nobody
  const devices = [...roster.members.values()].filter((m) => m.kind === 'device').length
  if (roster.rev < 0) return <>{t('line.connected')}</>
  return <>{t('line.here', { people: roster.count - devices, devices })}</>
}

function RoomItem({ chat, item, onMore }: { chat: Chat, item: Item, onMore?: () => void }) {
  const c = chat.places.current.value
  const current = chat.view.value.is === 'talk' && 'room' in c.to && c.to.room === item.room
  const draft = !current && chat.drafts.all.value.has(`room/${item.room}`)
  return (
    <li class="item__row" onContextMenu={onMore && ((e) => { e.preventDefault(); onMore() })}>
      <a
        class={`item ${muted(chat.settings.all.value, item.room) ? 'item--muted' : ''} ${item.mentions > 0 && !current ? 'item--new' : ''} ${item.joined ? '' : 'item--other'}`} aria-current={current ? 'page' : undefined}
        href={write({ at: 'room', room: item.room, seq: 0 })} title={item.topic || undefined}
      >
        <Icon name={chat.places.isHidden(item.room) ? 'people' : 'hash'} /><bdi class="cut">{chat.places.called(item.room)}</bdi>
        {draft && <><Icon name="pen" /><span class="unseen">{t('nav.draft')}</span></>}
        {!current && <Pill unread={item.unread} mentions={item.mentions} />}
        {muted(chat.settings.all.value, item.room) && <span class="unseen">{t('nav.muted')}</span>}
      </a>
      {onMore && <IconButton class={`item__more ${current ? 'item__more--here' : ''}`} name="more" label={t('nav.more', { room: chat.places.called(item.room) })} onClick={onMore} />}
    </li>
  )
}

function MateItem({ chat, name }: { chat: Chat, name: string }) {
  const c = chat.places.find(`user/${name}`)
  const current = chat.view.value.is === 'talk' && chat.places.current.value === c
  const waiting = current ? 0 : unread(chat.reading.marks.value, `user/${name}`, c?.last.value ?? 0)
  return (
    <li>
      <a class={`item ${waiting > 0 ? 'item--new' : ''}`} aria-current={current ? 'page' : undefined} href={write({ at: 'user', user: name })}>
        <Who name={name} state={(chat.string.value === 'taut' && c?.presence.value?.state) || 'offline'} size="s" /><bdi class="cut">{name}</bdi>
        <Pill unread={waiting} mentions={waiting} />
      </a>
    </li>
  )
}

function DevicesItem({ chat }: { chat: Chat }) {
  const count = useComputed(() => new Set(chat.places.rooms.value.joined.flatMap((r) => [...chat.places.find(`room/${r}`)?.devicesKnown.value ?? []])).size).value
  return (
    <a class="item" aria-current={chat.view.value.is === 'devices' ? 'page' : undefined} href={devicesLink()}>
      <Icon name="chip" /><bdi class="cut">{t('device.all')}</bdi>{count > 0 && <small>{count}</small>}
    </a>
  )
}

/** Filled is for me, outlined is other unread. */
function Pill({ unread: n, mentions }: { unread: number, mentions: number }) {
  const count = mentions || n
  if (count === 0) return null
  return <span class={`pill ${mentions > 0 ? '' : 'pill--quiet'}`}><span class="unseen">{t(mentions > 0 ? 'nav.mentions' : 'nav.unread')}: </span>{count > 99 ? '99+' : count}</span>
}
