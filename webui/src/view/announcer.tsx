import { effect, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import { pause, type Saying, silence, spoken, wanted } from '../store/announce.ts'
import type { Chat } from '../store/chat.ts'
import { plain } from '../store/text.ts'

const longest = 200 // characters of a message
const kept = 5 // sentences; a new one is a new element, so that the same words are said again

/** Tells a screen reader what is new, politely: it speaks instead of the log, so that old pages and my own messages are never read. */
export function Announcer({ chat }: { chat: Chat }) {
  const texts = useSignal<readonly { key: number, text: string }[]>([])
  const speech = useRef(silence)
  const timer = useRef(0)
  const line = useRef('none')

  const speak = () => {
    timer.current = 0
    const { say, speech: next, until } = spoken(speech.current, Date.now(), (n, room) => t('say.many', { n, room }))
    speech.current = next
    const last = texts.peek().at(-1)?.key ?? 0
    if (say.length > 0) texts.value = [...texts.peek(), ...say.map((text, i) => ({ key: last + 1 + i, text }))].slice(-kept)
    if (until !== null) timer.current = setTimeout(speak, until - Date.now()) as unknown as number
  }
  const hear = (more: Saying[]) => {
    if (more.length === 0) return
    speech.current = { ...speech.current, waiting: [...speech.current.waiting, ...more] }
    if (timer.current !== 0 && !more.some((s) => s.mine)) return
    clearTimeout(timer.current)
    timer.current = setTimeout(speak, pause) as unknown as number
  }
  useEffect(() => chat.arrivals.heard.subscribe((heard) => { // at each change: useSignalEffect waits for a drawing and would miss some; and at no other
    const open = chat.places.current.peek()
    const way = chat.settings.all.peek().announce
    if (document.visibilityState === 'hidden') return
    hear(heard.flatMap((h): Saying[] => {
      const to = h.conversation.to
      const here = h.conversation === open
      const mine = h.mention || 'user' in to
      if (!(mine || here) || !wanted(way, mine)) return []
      const values = { who: h.message.from, text: plain(h.message.text.slice(0, longest)) || h.message.file?.name || '' }
      const key = here ? 'say.message' : 'user' in to ? 'say.direct' : 'say.mention'
      const where = 'user' in to ? to.user : chat.places.called(to.room)
      return [{ text: t(key, { ...values, room: where }), where, at: Date.now(), mine }]
    }))
  }), [])
  useEffect(() => effect(() => {
    const strip = chat.strip.value
    if (strip === line.current) return
    const before = line.current
    line.current = strip
    const say = (key: 'say.offline' | 'say.back') => hear([{ text: t(key), where: '', at: Date.now(), mine: true }])
    if (strip === 'offline' || (strip === 'unreachable' && before !== 'offline')) say('say.offline')
    if (strip === 'back') say('say.back')
  }), [])
  useEffect(() => () => clearTimeout(timer.current), [])
  return <div class="unseen" role="status" aria-live="polite" aria-atomic={false}>{texts.value.map((x) => <p key={x.key}>{x.text}</p>)}</div>
}
