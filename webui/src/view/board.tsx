import './board.css'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { list, t } from '../i18n/format.ts'
import type { Message } from '../mqtt/parse.ts'
import { to as topics } from '../mqtt/topics.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { bySeq } from '../store/log.ts'
import { plain } from '../store/text.ts'
import { Dialog } from './dialog.tsx'
import { useAct, useBoard } from './hand.tsx'
import { Icon, IconButton } from './icon.tsx'
import { useRights } from './tend.ts'

/** Under the head of a room: what is pinned, and whose hands are up. */
export function Board({ chat, c, onPeople }: { chat: Chat, c: Conversation, onPeople: () => void }) {
  const { pins, hands } = useBoard(chat, c)
  const listed = useSignal(false)
  const pinned = usePinned(chat, c, pins.map((p) => p.seq))
  const newest = pinned.at(-1)
  if (pins.length === 0 && hands.length === 0 && !listed.value) return null
  return (
    <div class="board">
      {newest && (
        <div class="board__pin">
          <button type="button" class="board__jump" title={t('pin.show')} onClick={() => void chat.places.show(c, newest.seq)}>
            <Icon name="pin" /><b><bdi>{newest.from}</bdi></b><bdi class="cut">{short(newest)}</bdi>
          </button>
          <button type="button" class="link" onClick={() => { listed.value = true }}>{t('pin.all', { n: pinned.length })}</button>
        </div>
      )}
      {hands.length > 0 && (
        <button type="button" class="board__hands" onClick={onPeople}>
          <Icon name="hand" /><span class="cut">{t('hand.up', { names: list(hands.slice(0, 3).map((h) => h.name)), n: hands.length })}</span>
        </button>
      )}
      {listed.value && <Pinned chat={chat} c={c} messages={pinned} by={new Map(pins.map((p) => [p.seq, p.by]))} onClose={() => { listed.value = false }} />}
    </div>
  )
}

const short = (m: Message) => plain(m.text.slice(0, 200)) || (m.deleted ? '' : JSON.stringify(m.data ?? ''))

/** The pinned messages as they are now: from the log where it has them, else asked for once. */
function usePinned(chat: Chat, c: Conversation, seqs: readonly number[]): readonly Message[] {
  const fetched = useSignal<readonly Message[]>([])
  const log = c.log.value
  const known = seqs.map((seq) => bySeq(log, seq) ?? fetched.value.find((m) => m.seq === seq)).filter((m) => m !== undefined && !m.deleted) as Message[]
  const missing = seqs.some((seq) => !bySeq(log, seq) && !fetched.value.some((m) => m.seq === seq))
  useEffect(() => {
    const { to } = c
    if (missing && 'room' in to) chat.ask(topics.history(to.room), { pinned: true }).then((a) => { fetched.value = a.type === 'history' ? a.messages : [] }, () => {}) // asked again with the next pin
  }, [c.key, missing, seqs.length])
  return known.sort((a, b) => a.seq - b.seq)
}

/** All that is pinned in a room. */
function Pinned({ chat, c, messages, by, onClose }: { chat: Chat, c: Conversation, messages: readonly Message[], by: ReadonlyMap<number, string>, onClose: () => void }) {
  const { act, why } = useAct(chat, c)
  const { tends } = useRights(chat, c)
  return (
    <Dialog id="pinned" title={t('pin.title')} onClose={onClose}>
      {why}
      <ul class="pinned">
        {messages.toReversed().map((m) => (
          <li key={m.seq}>
            <button type="button" class="pinned__go" onClick={() => { onClose(); void chat.places.show(c, m.seq) }}>
              <b><bdi>{m.from}</bdi></b><bdi class="pinned__text">{short(m)}</bdi><small>{t('pin.by', { name: by.get(m.seq) ?? '' })}</small>
            </button>
            {tends && <IconButton name="x" label={t('pin.unpin')} onClick={() => act({ kind: 'pin', ref: m.seq, undo: true })} />}
          </li>
        ))}
      </ul>
    </Dialog>
  )
}

/** The raised hands in their order, in the panel. */
export function Queue({ chat, c }: { chat: Chat, c: Conversation }) {
  const { hands } = useBoard(chat, c)
  const { act, why } = useAct(chat, c)
  const { tends } = useRights(chat, c)
  if (hands.length === 0) return null
  const members = c.roster.value.members
  return (
    <section class="queue" aria-labelledby="queue-title">
      <h2 class="heading" id="queue-title">{t('hand.title')}{tends && <button type="button" class="link" onClick={() => act({ kind: 'hand', undo: true, who: '*' })}>{t('hand.clear')}</button>}</h2>
      {why}
      <ol>
        {hands.map((h, i) => (
          <li key={h.name} class={members.has(h.name) ? '' : 'queue__gone'}>
            <span class="queue__place">{i + 1}</span><b class="cut"><bdi>{h.name}</bdi></b>
            {h.name === chat.me.value
              ? <button type="button" class="link" onClick={() => act({ kind: 'hand', undo: true })}>{t('hand.lower')}</button>
              : tends && <IconButton name="ok" label={t('hand.call', { name: h.name })} onClick={() => act({ kind: 'hand', undo: true, who: h.name })} />}
          </li>
        ))}
      </ol>
    </section>
  )
}

/** What is pinned and whose hands are up, on a wall. */
export function WallBoard({ chat, c }: { chat: Chat, c: Conversation }) {
  const { pins, hands } = useBoard(chat, c)
  const newest = usePinned(chat, c, pins.map((p) => p.seq)).at(-1)
  if (!newest && hands.length === 0) return null
  return (
    <div class="board board--wall">
      {newest && <p class="board__jump"><Icon name="pin" /><b><bdi>{newest.from}</bdi></b><bdi class="cut">{short(newest)}</bdi></p>}
      {hands.length > 0 && <p class="board__hands"><Icon name="hand" /><span class="cut">{t('hand.up', { names: list(hands.slice(0, 5).map((h) => h.name)), n: hands.length })}</span></p>}
    </div>
  )
}
