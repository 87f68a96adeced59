import type { Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Chat } from '../store/chat.ts'
import { intent } from '../store/keys.ts'
import { searchLink } from '../store/route.ts'
import type { Over } from './app.tsx'

const hands = () => import('./hands.ts')

/** What the page does on keys wherever the focus is. */
export function Keyboard({ chat, over, open, close, look }: { chat: Chat, over: Signal<Over>, open: (what: Over) => void, close: () => void, look: (hash: string) => void }) {
  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      const at = e.target as HTMLElement
      const i = intent(e, chat.settings.all.peek().single && !at.closest('input, textarea, select, [contenteditable]'))
      if (!i || e.defaultPrevented) return
      const here = chat.places.current.value
      switch (i.want) {
        case 'jump': open('switcher'); break
        case 'keys': open('keys'); break
        case 'search':
          if (!i.all && chat.view.peek().is === 'search') document.getElementById('search')?.focus()
          else look(searchLink(i.all || chat.view.peek().is !== 'talk' ? null : chat.places.place.peek()))
          break
        case 'step': void hands().then((w) => w.step(chat, i.by, i.unread)); break
        case 'nth': void hands().then((w) => w.nth(chat, i.n)); break
        case 'part': void hands().then((w) => w.part(i.by)); break
        case 'unread':
          void chat.places.toCut(here)
          break
        case 'close':
          if (over.value === 'side' || over.value === 'panel') close()
          else if (here.reply.value) here.reply.value = null
          else if (over.value === 'none' && chat.view.peek().is === 'talk') {
            here.cut.value = null
            chat.reading.unpin(here)
            void chat.places.toEnd(here)
            document.getElementById('write')?.focus({ preventScroll: true })
          }
          return // a dialog closes by the browser
      }
      e.preventDefault()
      e.stopPropagation()
    }
    addEventListener('keydown', key, true) // before the log, where a letter goes to the field
    return () => removeEventListener('keydown', key, true)
  }, [])
  return null
}
