import './poll.css'
import { useComputed, useSignal } from '@preact/signals'
import { clock, list, t } from '../i18n/format.ts'
import type { Message } from '../mqtt/parse.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import type { Entry } from '../store/outbox.ts'
import { taken, told } from './refusal.ts'
import { useRights } from './tend.ts'

interface Props {
  chat: Chat
  c: Conversation
  m: Message | null // null: it is on its way
  entry?: Entry | null
  changes?: readonly Entry[]
  still?: boolean // it is shown, and nobody can vote here
}

/** What can be chosen in a poll, how many did, and what I chose; mine at once, also before the server has it. */
export function Poll({ chat, c, m, entry, changes = [], still }: Props) {
  const me = chat.me.value
  const { runs } = useRights(chat, c)
  const names = useSignal(false)
  const why = useSignal('')
  const options = m?.options ?? entry?.poll?.options ?? []
  const multiple = m?.multiple ?? entry?.poll?.multiple ?? false
  const minutes = m?.closes ?? entry?.poll?.closes ?? 0
  const ends = minutes > 0 ? (m?.time ?? entry?.at ?? 0) + minutes * 60_000 : Infinity
  const over = useComputed(() => chat.now.value >= ends).value
  const closed = m?.closed !== undefined || over
  const under = changes.findLast((e) => e.about?.kind === 'vote' && e.state !== 'failed')?.about
  const before = m?.votes ?? []
  const votes = under ? [...before.filter((v) => v.from !== me), ...(under.undo ? [] : [{ from: me, choice: under.choice ?? [] }])] : before
  const mine = votes.find((v) => v.from === me)?.choice ?? []
  const whoChose = (i: number) => votes.filter((v) => v.choice.includes(i)).map((v) => v.from)
  const most = Math.max(...options.map((_, i) => whoChose(i).length))
  const fixed = closed || still || !m

  const vote = (i: number) => {
    if (!m) return
    const next = multiple ? (mine.includes(i) ? mine.filter((x) => x !== i) : [...mine, i].sort((a, b) => a - b)) : mine.includes(i) ? [] : [i]
    chat.change(c, { kind: 'vote', seq: m.seq, id: m.id, ...(next.length > 0 ? { choice: next } : { undo: true }) })
  }
  const close = async () => {
    if (!m || !('room' in c.to)) return
    await chat.act(c.to.room, { kind: 'close', ref: m.seq }).then(taken).catch((e) => { why.value = t('send.failed', { text: told(e) }) })
  }
  return (
    <div class={`poll ${closed ? 'poll--closed' : ''}`}>
      <ul class="poll__options" aria-label={m?.text ?? entry?.text}>
        {options.map((option, i) => {
          const who = whoChose(i)
          const part = votes.length === 0 ? 0 : who.length / votes.length
          const inside = (
            <>
              <i class="poll__bar" style={{ inlineSize: `${part * 100}%` }} />
              <span class={`poll__mark ${multiple ? 'poll__mark--many' : ''}`} aria-hidden="true" />
              <bdi class="poll__words">{option}</bdi>
              <span class="poll__count" data-n={who.length || ''} />
            </>
          )
          const says = `${option}: ${t('poll.votes', { n: who.length })}${who.length > 0 ? ` (${list(who)})` : ''}`
          const cls = `poll__option ${closed && who.length === most && most > 0 ? 'poll__option--most' : ''} ${mine.includes(i) ? 'poll__option--mine' : ''}`
          return (
            <li key={option}>
              {fixed
                ? <div class={cls} role="img" aria-label={says}>{inside}</div>
                : <button type="button" class={cls} aria-pressed={mine.includes(i)} aria-label={says} title={who.length > 0 ? list(who) : undefined} onClick={() => vote(i)}>{inside}</button>}
              {names.value && who.length > 0 && <p class="poll__who"><bdi>{list(who)}</bdi></p>}
            </li>
          )
        })}
      </ul>
      <p class="poll__foot">
        <span>{t('poll.votes', { n: votes.length })}</span>
        {multiple && !closed && <span>{t('poll.several')}</span>}
        {closed ? <span>{m?.closedby ? t('poll.closedBy', { name: m.closedby }) : t('poll.closed')}</span> : ends < Infinity && <span>{t('poll.until', { time: clock(ends) })}</span>}
        {!still && votes.length > 0 && <button type="button" class="link" aria-expanded={names.value} onClick={() => { names.value = !names.value }}>{t('poll.who')}</button>}
        {!fixed && (m.from === me || runs) && 'room' in c.to && <button type="button" class="link" onClick={() => void close()}>{t('poll.close')}</button>}
      </p>
      {why.value !== '' && <p class="poll__foot poll__foot--bad" role="alert">{why.value}</p>}
    </div>
  )
}
