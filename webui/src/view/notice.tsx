import { effect, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import { place } from '../platform.ts'
import { popUp, popUps } from '../popup.ts'
import type { Heard } from '../store/arrivals.ts'
import type { Chat } from '../store/chat.ts'
import { audible, grace, worth } from '../store/notice.ts'
import { unread } from '../store/read.ts'
import { write } from '../store/route.ts'
import { isQuiet } from '../store/settings.ts'
import { aside } from './lazy.tsx'

const Allow = aside(async () => (await import('./allow.tsx')).Allow)
const bell = () => import('../bell.ts') // loaded with the first notice
const longest = 200 // characters of a message

/** Tells of what is for me: in the title, on the icon, by a sound, and by the system where it is allowed. */
export function Notice({ chat }: { chat: Chat }) {
  const ask = useSignal(false)
  const audio = useRef<AudioContext | null>(null)
  useEffect(() => { // from the first click or key on, browsers let a page be heard
    const wake = () => {
      stop()
      void (audio.current = new AudioContext()).resume()
    }
    const stop = () => { for (const kind of ['pointerdown', 'keydown']) removeEventListener(kind, wake, true) }
    for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, wake, true)
    return stop
  }, [])
  useEffect(() => effect(() => count(chat)), [])
  useEffect(() => {
    const up = new Map<string, { seq: number, close: () => void }>() // by conversation: one each
    let last = 0
    const tell = (h: Heard) => {
      const s = chat.settings.all.peek()
      const { key, to } = h.conversation
      if (!chat.leader.peek() || (chat.reading.marks.peek().get(key) ?? 0) >= h.message.seq) return
      const now = chat.now.peek()
      if (audible(s, now, last)) {
        last = now
        void bell().then(({ ring }) => ring(audio.current))
      }
      if (h.mention && popUps() === 'default' && !s.system && !s.asked) ask.value = true
      if (!s.system || isQuiet(s, now)) return
      const who = h.message.from
      const close = popUp('room' in to ? t('notice.title', { who, room: chat.places.called(to.room) }) : who, (h.message.text || h.message.file?.name || '').slice(0, longest), key, () => {
        location.hash = 'room' in to ? write({ at: 'room', room: to.room, seq: h.message.seq }) : write({ at: 'user', user: to.user })
      })
      up.set(key, { seq: h.message.seq, close })
    }
    const heard = effect(() => {
      const shows = chat.view.peek().is === 'talk' && chat.reading.here ? chat.places.current.peek() : null
      const s = chat.settings.all.peek()
      const news = chat.arrivals.heard.value.filter((h) => h.conversation !== shows && worth(h.conversation.to, h.mention, s))
      for (const h of new Map(news.map((h) => [h.conversation, h])).values()) setTimeout(() => tell(h), grace)
    })
    const read = effect(() => { // what was read, wherever, needs no notice any more
      const marks = chat.reading.marks.value
      for (const [key, { seq, close }] of up) {
        if ((marks.get(key) ?? 0) < seq) continue
        close()
        up.delete(key)
      }
    })
    return () => {
      heard()
      read()
      for (const { close } of up.values()) close()
      tag(0)
    }
  }, [])
  return ask.value ? <Allow chat={chat} onDone={() => { ask.value = false }} /> : null
}

/** The number of messages for me, and where I am, in the title; the number on the icon, too. */
function count(chat: Chat): void {
  const c = chat.places.current.value
  const rooms = chat.places.items.value.reduce((n, i) => n + i.mentions, 0)
  const direct = chat.places.mates.value.reduce((n, m) => n + unread(chat.reading.marks.value, `user/${m.name}`, chat.places.find(`user/${m.name}`)?.last.value ?? 0), 0)
  const n = rooms + direct
  const where = chat.view.value.is === 'devices' ? t('panel.devices') : 'room' in c.to ? `#${chat.places.called(c.to.room)}` : c.to.user
  document.title = `${n > 0 ? `(${n}) ` : ''}${where} · ${place()}`
  tag(n)
}

let tagged = 0

/** The number on the icon of the tab. */
function tag(n: number): void {
  if (n !== tagged) void bell().then(({ badge }) => badge(tagged))
  tagged = n
}
