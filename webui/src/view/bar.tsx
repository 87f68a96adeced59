import './bar.css'
import { useComputed } from '@preact/signals'
import { span, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { searchLink } from '../store/route.ts'
import { Who } from './can.tsx'
import { Icon, IconButton } from './icon.tsx'
import { aside, touched } from './lazy.tsx'
import { whereabouts } from './words.ts'

const Hand = aside(() => import('./hands.ts'), 'Hand')

/** The head of the open room or conversation. */
export function Bar({ chat, onRooms, onPeople }: { chat: Chat, onRooms: () => void, onPeople: () => void }) {
  const c = chat.places.current.value
  const place = chat.places.place.value
  return (
    <header class="bar">
      <IconButton class="bar__menu" name="menu" label={t('nav.open')} onClick={onRooms} aria-describedby="tagged" />
      {'room' in c.to ? (
        <div class="bar__words">
          <h1 class="cut"><bdi>{t('room.title', { room: chat.places.called(c.to.room) })}</bdi></h1>
          <Topic text={chat.places.rooms.value.open.get(c.to.room)?.topic ?? ''} name={chat.places.called(c.to.room)} />
        </div>
      ) : <Mate chat={chat} c={c} name={c.to.user} />}
      {'room' in c.to && (touched.value ? <Hand chat={chat} c={c} /> : <span class="icon-button" />)}
      <a class="icon-button" href={searchLink(place)} aria-label={t('search.open')} title={t('search.open')}><Icon name="search" /></a>
      {'room' in c.to && <IconButton class="bar__people" name="people" label={t('room.people')} onClick={onPeople} />}
    </header>
  )
}

function Topic({ text, name }: { text: string, name: string }) {
  return text === '' || text === name ? null : <p class="cut"><bdi>{text}</bdi></p>
}

function Mate({ chat, c, name }: { chat: Chat, c: Conversation, name: string }) {
  const member = chat.places.find('room/lobby')?.roster.value.members.get(name)
  const known = chat.string.value === 'taut' ? c.presence.value?.state : undefined // without a line nobody knows who is here
  const state = known ?? 'offline'
  const device = member?.kind === 'device'
  const gone = useComputed(() => { // a text, so that it is drawn when it changes and not each second
    const { state: is, since = 0 } = c.presence.value ?? {}
    return is === 'offline' && since > 0 ? t('direct.goneSince', { span: span(Math.max(60_000, chat.now.value - since)) }) : t('direct.gone')
  }).value
  const where = whereabouts(member?.sessions ?? [])
  const words = !known ? t('direct.unknown') : state === 'offline' ? gone : device ? t('direct.device') : state === 'away' ? t('direct.away') : where === '' ? t('direct.hereNow') : t('direct.here', { where })
  return (
    <>
      <Who name={name} state={state} device={device} />
      <div class="bar__words"><h1 class="cut"><bdi>{name}</bdi></h1><p class="cut">{words}</p></div>
    </>
  )
}
