import './hand.css'
import { useComputed, useSignal } from '@preact/signals'
import { t } from '../i18n/format.ts'
import { board, up } from '../store/board.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { IconButton } from './icon.tsx'
import { taken, told } from './refusal.ts'

/** The board of a conversation now: drawn again when it changes, not each second. */
export function useBoard(chat: Chat, c: Conversation) {
  const all = useComputed(() => board(c.board.value, c.posted.value)).value
  const minute = useComputed(() => Math.floor(chat.now.value / 60_000)).value
  return { pins: all.pins, hands: up(all, minute * 60_000) }
}

/** Does something to the board, and tells why not if it is refused. */
export function useAct(chat: Chat, c: Conversation) {
  const why = useSignal('')
  const act = (what: object) => {
    why.value = ''
    if (!('room' in c.to)) return
    chat.act(c.to.room, what).then(taken).catch((e) => { why.value = told(e) })
  }
  return { act, why: why.value === '' ? null : <p class="board__why" role="alert">{t('send.failed', { text: why.value })}</p> }
}

/** Raises and lowers my hand. */
export function Hand({ chat, c }: { chat: Chat, c: Conversation }) {
  const { hands } = useBoard(chat, c)
  const { act, why } = useAct(chat, c)
  const mine = hands.some((h) => h.name === chat.me.value)
  return (
    <>
      <IconButton class={`bar__hand ${mine ? 'bar__hand--up' : ''}`} name="hand" label={t(mine ? 'hand.lower' : 'hand.raise')} aria-pressed={mine} onClick={() => act({ kind: 'hand', ...(mine && { undo: true }) })} />
      {why && <div class="bar__why">{why}</div>}
    </>
  )
}
