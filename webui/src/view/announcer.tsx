import { effect, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import { gathered, type Saying } from '../store/announce.ts'
import type { Chat } from '../store/chat.ts'

const gatherFor = 700 // milliseconds
const longest = 200 // characters of a message

/** Tells a screen reader what is new, politely: it speaks instead of the log, so that old pages and my own messages are never read. */
export function Announcer({ chat }: { chat: Chat }) {
  const text = useSignal('')
  const waiting = useRef<Saying[]>([])
  const timer = useRef(0)
  const line = useRef('none')

  const say = (more: Saying[]) => {
    waiting.current.push(...more)
    if (timer.current !== 0 || waiting.current.length === 0) return
    timer.current = setTimeout(() => {
      timer.current = 0
      text.value = gathered(waiting.current.splice(0), (n, room) => t('say.many', { n, room })).join('\n')
    }, gatherFor) as unknown as number
  }
  useEffect(() => effect(() => { // at each change: useSignalEffect waits for a drawing and would miss some
    const heard = chat.arrivals.heard.value
    const open = chat.places.current.peek()
    if (document.visibilityState === 'hidden') return
    say(heard.filter((h) => h.mention || h.conversation === open).map((h): Saying => {
      const values = { who: h.message.from, text: h.message.text.slice(0, longest) }
      const to = h.conversation.to
      if ('user' in to) return { text: t('say.direct', values), where: to.user, at: h.message.time }
      const here = h.conversation === open
      return { text: here ? t('say.message', values) : t('say.mention', { ...values, room: to.room }), where: to.room, at: h.message.time }
    }))
  }), [])
  useEffect(() => effect(() => {
    const strip = chat.strip.value
    if (strip === line.current) return
    const before = line.current
    line.current = strip
    if (strip === 'offline' || (strip === 'unreachable' && before !== 'offline')) say([{ text: t('say.offline'), where: '', at: 0 }])
    if (strip === 'back') say([{ text: t('say.back'), where: '', at: 0 }])
  }), [])
  return <div class="unseen" aria-live="polite" role="status">{text.value}</div>
}
