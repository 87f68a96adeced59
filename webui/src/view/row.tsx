import './row.css'
import { useComputed, useSignal } from '@preact/signals'
import { Component, type ComponentChild } from 'preact'
import { clock, commas, day, list, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { iconOf } from '../store/devices.ts'
import type { Entry } from '../store/outbox.ts'
import { write } from '../store/route.ts'
import type { Note, Row } from '../store/rows.ts'
import { answered } from '../store/reply.ts'
import { plain } from '../store/text.ts'
import { Box, Can } from './can.tsx'
import { Icon } from './icon.tsx'
import { aside, lazy } from './lazy.tsx'
import { Quote } from './quote.tsx'
import { Fence, Text } from './text.tsx'

const Beginning = lazy(() => import('./later.ts'), 'Beginning')
const FileOf = aside(() => import('./file.tsx'), 'FileOf')
const Stuck = lazy(() => import('./hands.ts'), 'Stuck')
const Sending = aside(() => import('./file.tsx'), 'Sending')
const Reactions = aside(() => import('./reactions.tsx'), 'Reactions')
const Poll = aside(() => import('./poll.tsx'), 'Poll')

interface Props {
  row: Row
  chat: Chat
  c: Conversation
}

/** One line of the log. It is drawn again only when what it shows has changed. */
export class Line extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    const a: object = this.props.row
    const b: object = next.row
    return next.c !== this.props.c || Object.keys(b).some((k) => a[k as never] !== b[k as never]) || Object.keys(a).length !== Object.keys(b).length
  }

  override render({ row, chat, c }: Props): ComponentChild {
    switch (row.is) {
      case 'message': case 'mine': return <Message row={row} chat={chat} c={c} />
      case 'day': return <div class="day" data-key={row.key}><h2>{day(row.time, Date.now())}</h2></div>
      case 'cut': return <div class="cutline" data-key={row.key} role="separator" aria-label={t('room.new', { n: row.count })}><span>{t('room.new', { n: row.count })}</span></div>
      case 'note': return <Came chat={chat} note={row.note} id={row.key} />
      case 'gap': return <Missing chat={chat} c={c} row={row} />
      case 'older': return <Older chat={chat} c={c} />
      case 'beginning': return <Beginning chat={chat} c={c} />
    }
  }
}

/**
 * A message of the room, or one of mine that is on its way: the same element before and after it arrives. Its parts are functions that it
 * calls: as components they would cost a flood of messages as much again as the messages.
 */
function Message({ row, chat, c }: { row: Extract<Row, { is: 'message' | 'mine' }>, chat: Chat, c: Conversation }) {
  const me = chat.me.value
  const m = row.is === 'message' ? row.m : null
  const entry = row.is === 'mine' ? row.entry : null
  const from = m?.from ?? entry?.from ?? ''
  const changes = m ? c.changing.value.get(m.seq) ?? [] : []
  const text = changes.findLast((e) => e.about?.kind === 'edit')?.text ?? m?.text ?? entry?.text ?? ''
  const time = m?.time ?? entry?.at ?? 0
  const device = c.devicesKnown.value.has(from)
  const mention = from !== me && 'room' in c.to && c.calls(text)
  const waits = (entry !== null && entry.state !== 'kept' && entry.state !== 'failed') || changes.some((e) => (e.about?.kind === 'edit' || e.about?.kind === 'delete') && e.state !== 'failed')
  const at = stamp(c, m?.seq ?? 0, time)
  const names = { ...c.names.peek(), rooms: chat.places.rooms.peek().open }
  const re = m ? answered(m) : entry?.re
  const file = m?.file ?? entry?.file
  return (
    <article
      class={`message ${row.joins ? '' : 'message--first'} ${mention ? 'message--mention' : ''} ${waits ? 'message--waits' : ''}`}
      data-key={row.key} data-seq={m?.seq} tabIndex={-1} aria-label={`${t('say.message', { who: from, text: m?.deleted ? t('room.deleted', { name: from }) : plain(text.slice(0, 300)) || file?.name || '' })} ${clock(time)}`}
    >
      {row.joins ? at : device ? <Thing c={c} name={from} /> : Can({ name: from })}
      <div class="message__body">
        {!row.joins && (
          <div class="message__by"><b><bdi>{from}</bdi></b>{device && <span class="tag">{t('room.device')}</span>}{at}</div>
        )}
        {re && <Quote chat={chat} c={c} to={re} />}
        {m?.deleted && <p class="message__deleted">{t('room.deleted', { name: from })}</p>}
        {(file || (m?.kind === 'file' && !m.deleted)) && <div class="file" style={file && file.width > 0 ? { inlineSize: `${Math.min(352, file.width, 264 * file.width / file.height)}px`, aspectRatio: `${file.width} / ${file.height}` } : undefined}><FileOf chat={chat} c={c} m={m} entry={entry} /></div>}
        {text !== '' && Text({ text, names })}
        {(m?.options ?? entry?.poll) && <Poll chat={chat} c={c} m={m} entry={entry} changes={changes} />}
        {m?.edited && <span class="message__edited">{t('room.edited')}</span>}
        {m && text === '' && m.data && !file && !m.deleted && <Fence text={JSON.stringify(m.data, null, 1)} />}
        {m && (m.reactions || changes.some((e) => e.about?.kind === 'react')) && <div class="reactions"><Reactions chat={chat} c={c} m={m} changes={changes} /></div>}
        {row.is === 'mine' ? <State chat={chat} entry={row.entry} /> : from === me && <Arrived chat={chat} c={c} id={row.key} />}
        {changes.map((e) => e.state !== 'kept' && <State key={e.id} chat={chat} entry={e} />)}
      </div>
    </article>
  )
}

/** A device; what it says of itself may come after its message. */
export function Thing({ c, name }: { c: Conversation, name: string }) {
  const icon = useComputed(() => iconOf(c.devices.value.get(name) ?? { name, values: new Map() }))
  return <Box icon={icon.value} />
}

function stamp(c: Conversation, seq: number, time: number) {
  if (time === 0) return <span class="message__time" />
  const at = <time dateTime={new Date(time).toISOString()}>{clock(time)}</time>
  if (seq === 0 || !('room' in c.to)) return <span class="message__time">{at}</span>
  return <a class="message__time" tabIndex={-1} href={write({ at: 'room', room: c.to.room, seq })}>{at}</a>
}

/** What has become of a message of mine, or of what I did to one. */
function State({ chat, entry }: { chat: Chat, entry: Entry }) {
  if (entry.state === 'failed' || (entry.code !== 0 && entry.state !== 'kept')) return <Stuck chat={chat} entry={entry} />
  if (entry.file?.upload === '') return <Sending chat={chat} entry={entry} />
  if (entry.state === 'kept') return <div class="message__state"><Icon name="ok" />{t('send.arrived')}</div>
  if (chat.line.value.is !== 'online') return <div class="message__state"><Icon name="clock" />{t('send.waits')}</div>
  return chat.now.value - entry.at < 400 ? null : <div class="message__state"><Icon name="clock" />{t('send.sending')}</div>
}

/** The tick on my newest message, for three seconds. */
function Arrived({ chat, c, id }: { chat: Chat, c: Conversation, id: string }) {
  const a = c.arrived.value
  if (a?.key !== id || chat.now.value - a.at > 3000) return null
  return <div class="message__state"><Icon name="ok" />{t('send.arrived')}</div>
}

const shownNames = 3

/** Who came and went between two messages, in one line; all names when it is opened. */
function Came({ chat, note, id }: { chat: Chat, note: Note, id: string }) {
  const open = useSignal(false)
  const all = [...note.joined, ...note.left, ...note.devicesJoined, ...note.devicesLeft]
  const sentence = (names: string[], way: 'joined' | 'left') => {
    if (open.value || names.length <= shownNames) return t(way === 'joined' ? 'note.joined' : 'note.left', { names: list(names) })
    return t(way === 'joined' ? 'note.joinedMore' : 'note.leftMore', { names: commas(names.slice(0, shownNames - 1)), n: names.length - shownNames + 1 })
  }
  const both = (joined: string[], left: string[]) => [joined.length > 0 && sentence(joined, 'joined'), left.length > 0 && sentence(left, 'left')].filter((s) => s !== false).join(' · ')
  const people = both(note.joined, note.left)
  const devices = both(note.devicesJoined, note.devicesLeft)
  const text = [people, devices && t('note.devices', { text: devices })].filter(Boolean).join(' · ')
  const folds = [note.joined, note.left, note.devicesJoined, note.devicesLeft].some((n) => n.length > shownNames)
  if (!chat.settings.all.value.joins) return null
  return (
    <p class="note" data-key={id} title={list(all)}>
      {text}{folds && <> <button type="button" class="note__more" aria-expanded={open.value} onClick={() => { open.value = !open.value }}>{t('note.all')}</button></>}
    </p>
  )
}

function Missing({ chat, c, row }: { chat: Chat, c: Conversation, row: Extract<Row, { is: 'gap' }> }) {
  const n = row.before - row.after - 1
  const failed = c.failed.value.has(row.key)
  const again = () => chat.places.fill(c, row.after, row.before, 'above')
  return (
    <p class="missing" data-key={row.key} data-after={row.after} data-before={row.before}>
      {t(failed || c.barred.value !== 0 ? 'room.failedGap' : chat.line.value.is === 'online' ? 'room.missed' : 'room.waits', { n })}
      {failed && <button type="button" class="link" onClick={again}>{t('room.tryAgain')}</button>}
    </p>
  )
}

function Older({ chat, c }: { chat: Chat, c: Conversation }) {
  const failed = c.failed.value.has('older')
  return (
    <p class="missing" data-key="older">
      {failed ? t('room.failed') : c.busy.value.has('older') ? t('room.loading') : ''}
      {failed && <button type="button" class="link" onClick={() => chat.places.older(c)}>{t('room.tryAgain')}</button>}
    </p>
  )
}
