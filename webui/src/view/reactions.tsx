import './reactions.css'
import { list } from '../i18n/format.ts'
import type { Message } from '../mqtt/parse.ts'
import { reacted } from '../store/change.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import type { Entry } from '../store/outbox.ts'

/** Who reacted, and how; mine at once, also before the server has it. */
export function Reactions({ chat, c, m, changes }: { chat: Chat, c: Conversation, m: Message, changes: readonly Entry[] }) {
  const me = chat.me.value
  const under = changes.filter((e) => e.about?.kind === 'react' && e.state !== 'failed')
  const all = under.reduce((r, e) => reacted(r, e.text, me, e.about?.undo === true), m.reactions ?? [])
  return (
    <>
      {all.map((r) => (
        <button
          key={r.text} type="button" class="reaction" tabIndex={-1} aria-pressed={r.from.includes(me)} title={list([...r.from])}
          aria-label={`${r.text} ${r.from.length}: ${list([...r.from])}`} onClick={() => chat.react(c, { ...m, reactions: all }, r.text)}
        ><span aria-hidden="true">{r.text}</span>{r.from.length}</button>
      ))}
    </>
  )
}
