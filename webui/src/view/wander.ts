// Ways about the page by keyboard.
import type { Chat } from '../store/chat.ts'
import { write } from '../store/route.ts'

/** The next or previous room of mine, or unread one. */
export function step(chat: Chat, by: number, unreadOnly: boolean): void {
  const c = chat.places.current.value
  const here = 'room' in c.to ? c.to.room : ''
  const all = chat.places.items.value.filter((i) => i.joined && (!unreadOnly || i.unread > 0 || i.room === here)).map((i) => i.room)
  const next = all[(all.indexOf(here) + by + all.length) % all.length]
  if (next !== undefined && next !== here) location.hash = write({ at: 'room', room: next, seq: 0 })
}

/** The nth room of mine. */
export function nth(chat: Chat, n: number): void {
  const room = chat.places.items.value.filter((i) => i.joined)[n - 1]?.room
  if (room !== undefined) location.hash = write({ at: 'room', room, seq: 0 })
}

/** The focus goes on to the next part of the page: side, log, composer, panel. */
export function part(by: number): void {
  const parts = ['.side', '.log', '.composer', '.panel'].map((s) => document.querySelector<HTMLElement>(s)).filter((el) => el?.offsetParent)
  const at = parts.findIndex((el) => el?.contains(document.activeElement))
  const el = parts[(at + by + parts.length) % parts.length]
  for (const what of ['.message[tabindex="0"]', 'textarea', '[aria-current=page]', '[aria-selected=true]', 'button']) {
    const target = el?.querySelector<HTMLElement>(what)
    if (target) return target.focus()
  }
}
