import { effect, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { plain, t } from '../i18n/format.ts'
import { place } from '../platform.ts'
import type { Heard } from '../store/arrivals.ts'
import type { Chat } from '../store/chat.ts'
import { worth } from '../store/notice.ts'
import { unread } from '../store/read.ts'
import { aside } from './lazy.tsx'
import type { Teller } from './teller.ts'

const telling = () => import('./teller.ts') // loaded with the first notice
const Allow = aside(telling, 'Allow')
const grace = 1500 // milliseconds that another tab or device has to show a message before it is told of: what is read there needs no notice

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
    let teller: Teller | null = null
    let gone = false
    const tell = async (h: Heard) => {
      const { Teller } = await telling()
      if (gone) return
      teller ??= new Teller(chat, () => audio.current)
      if (teller.tell(h)) ask.value = true
    }
    const heard = effect(() => {
      const shows = chat.view.peek().is === 'talk' && chat.reading.here ? chat.places.current.peek() : null
      const s = chat.settings.all.peek()
      const news = chat.arrivals.heard.value.filter((h) => h.conversation !== shows && worth(h.conversation.to, h.mention, s))
      for (const h of new Map(news.map((h) => [h.conversation, h])).values()) setTimeout(() => void tell(h).catch(() => {}), grace)
    })
    return () => {
      gone = true
      heard()
      teller?.end()
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
  const where = chat.view.value.is === 'devices' ? t('panel.devices') : 'room' in c.to ? plain(`#${chat.places.called(c.to.room)}`) : c.to.user
  document.title = `${n > 0 ? `(${n}) ` : ''}${where} · ${place()}`
  tag(n)
}

let tagged = 0

/** The number on the icon of the tab. */
function tag(n: number): void {
  if (n !== tagged) void telling().then(({ badge }) => badge(tagged))
  tagged = n
}
