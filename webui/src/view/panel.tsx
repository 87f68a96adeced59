import './panel.css'
import { useComputed, useSignal } from '@preact/signals'
import { clock, compare, span, t } from '../i18n/format.ts'
import type { Member } from '../mqtt/parse.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { groups } from '../store/groups.ts'
import { write } from '../store/route.ts'
import { writing } from '../store/typing.ts'
import { Who } from './can.tsx'
import { aside } from './lazy.tsx'
import { Tabs } from './tabs.tsx'
import { whereabouts } from './words.ts'

const Files = aside(() => import('./files.tsx'), 'Files')
const Queue = aside(() => import('./board.tsx'), 'Queue')
const Hosting = aside(() => import('./person.tsx'), 'Hosting')
const Tiles = aside(() => import('./tiles.tsx'), 'Tiles')

/** Who and what is in the room. */
export function Panel({ chat, c }: { chat: Chat, c: Conversation }) {
  const tab = useSignal<'people' | 'devices' | 'files'>('people')
  const roster = c.roster.value
  const sure = chat.string.value === 'taut' // without a line nobody knows who is here
  const g = groups(roster, compare)
  const people = roster.partial ? roster.count - g.devices.length : g.here.length + g.away.length
  return (
    <aside class="panel" aria-label={t('room.in')}>
      <Tabs
        id="panel" label={t('room.in')} chosen={tab.value} onChoose={(k) => { tab.value = k }}
        all={[{ key: 'people', words: t('panel.people'), count: people }, { key: 'devices', words: t('panel.devices'), count: g.devices.length }, { key: 'files', words: t('panel.files') }]}
      />
      <div class="scroll" id="panel-in" role="tabpanel" aria-labelledby={`panel-${tab.value}`} tabIndex={-1}>
        {tab.value === 'people' ? <People chat={chat} c={c} here={g.here} away={g.away} sure={sure} /> : tab.value === 'files' ? <Files chat={chat} c={c} /> : <Tiles chat={chat} c={c} sure={sure} />}
      </div>
    </aside>
  )
}

function People({ chat, c, here, away, sure }: { chat: Chat, c: Conversation, here: Member[], away: Member[], sure: boolean }) {
  const room = 'room' in c.to && chat.runs(c.to.room) ? c.to.room : '' // where I may do something about people
  const minute = useComputed(() => Math.ceil(chat.now.value / 60_000)).value
  const typing = useComputed(() => writing(c.typing.value, chat.now.value).join('\n')).value.split('\n') // drawn when it changes, not each second
  const members = c.roster.value.members
  const left = new Map(c.came.value.filter((x) => x.way === 'leave' && !x.device && !members.has(x.name)).map((x) => [x.name, x.at]))
  const rest = c.roster.value.count - members.size
  const words = (m: Member): string => {
    if (m.name === chat.me.value) return t('panel.you')
    if (typing.includes(m.name)) return t('panel.writes')
    if (m.state === 'away' && m.since > 0) return span(minute * 60_000 - m.since)
    return whereabouts(m.sessions)
  }
  return (
    <div class="panel__list">
      {c.stands && <Queue chat={chat} c={c} />}
      <h2 class="heading">{t(sure ? 'panel.now' : 'panel.last')}</h2>
      <ul>{here.map((m) => <Person key={m.name} chat={chat} name={m.name} state={sure ? 'online' : 'offline'} words={words(m)} room={room} />)}</ul>
      {rest > 0 && <p class="panel__hint">{t('panel.partial', { n: rest })}</p>}
      {away.length > 0 && <h2 class="heading">{t('panel.away')}</h2>}
      <ul>{away.map((m) => <Person key={m.name} chat={chat} name={m.name} state={sure ? 'away' : 'offline'} words={words(m)} room={room} />)}</ul>
      {left.size > 0 && <h2 class="heading">{t('panel.was')}</h2>}
      <ul>{[...left].map(([name, at]) => <Person key={name} chat={chat} name={name} state="offline" words={t('panel.left', { time: clock(at) })} />)}</ul>
    </div>
  )
}

function Person({ chat, name, state, words, room }: { chat: Chat, name: string, state: 'online' | 'away' | 'offline', words: string, room?: string }) {
  const inside = (
    <>
      <Who name={name} state={state} />
      <span class="person__words"><b class="cut"><bdi>{name}</bdi></b>{words !== '' && <small class="cut">{words}</small>}</span>
    </>
  )
  const cls = `person ${state === 'offline' ? 'person--gone' : ''}`
  if (name === chat.me.value) return <li class={cls}>{inside}</li>
  return (
    <li class="person__row">
      <a class={cls} href={write({ at: 'user', user: name })} title={t('panel.write', { name })}>{inside}</a>
      {room && <Hosting chat={chat} room={room} name={name} />}
    </li>
  )
}
