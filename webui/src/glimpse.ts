// The room as it was last seen here, kept for the next visit: early.ts shows it before the page itself has been read, let alone its
// database, and the page takes its elements over.
import { idle } from './platform.ts'
import type { Chat } from './store/chat.ts'
import { write } from './store/route.ts'

/** An element as it is kept: what it is, its attributes, what is in it. A string is text. */
export type Twig = string | readonly [name: string, attributes: Readonly<Record<string, string>>, ...inside: Twig[]]

export interface Glimpse {
  build: string // another page has other elements
  name: string // whose it is
  hash: string
  dress: { lang: string, dir: string }
  data: { theme?: string, density?: string }
  app: Twig
}

const pace = 10_000 // milliseconds between two of one visit
const usual = 36 // pixels of a row: as many rows as the log begins with, so that each element stays what it is

/** What is not there when the page begins: it would go, and come again. */
const apart = '.drawer > *, .app > :not(.drawer, .main, .skip), .composer > :not(.composer__box, .typing), .composer__box > :not(.composer__row), .jump, .calls, .note, .message__state, .bar__why'

/** What comes with a sheet of its own, after the page: its place is kept. */
const blank = '.board, .bar__hand, .fence, .poll, .reactions > *, .file > *'

/** What does nothing before the page is there cannot be pressed. */
const still = '.skip, .main > :not(.composer), .composer button'

/** An element as it is kept, with no more than the last rows of the log. What pictures show is not kept: its address may not be good then. */
function twig(el: HTMLElement, rows: number): Twig {
  if (el.matches(blank)) return [el.localName === 'button' ? 'span' : 'div', { style: `block-size:${el.offsetHeight}px;inline-size:${el.offsetWidth}px` }]
  const attributes = Object.fromEntries([...el.attributes].filter((a) => a.name !== 'src').map((a) => [a.name, a.value]))
  if (el.matches(still)) attributes.inert = ''
  if (el instanceof HTMLTextAreaElement) return [el.localName, attributes, el.value]
  const inside = [...el.childNodes].filter((n) => !(n instanceof Element && n.matches(apart)))
  if (el.matches('.log__rows')) inside.splice(0, inside.length - rows)
  return [el.localName, attributes, ...inside.map((n) => n instanceof Element ? twig(n as HTMLElement, rows) : n.textContent ?? '')]
}

/** Keeps what is seen, from now on: when the page goes, and once in a while since a phone may end it without a word. */
export function watch(chat: Chat, build: string, root: Element): void {
  let seen: unknown
  let next = 0
  const take = () => {
    const { current: { value: c }, place: { value: place } } = chat.places
    const log = document.getElementById('log')
    if (c.editing.value) return // what stands in the field is no draft
    if (!log || !root.firstElementChild || c.anchor !== Infinity || chat.me.value === '' || chat.view.value.is !== 'talk' || !chat.memory.remembers()) return
    seen = c.log.value
    next = Date.now() + pace
    const { lang, dir, dataset: { theme, density } } = document.documentElement
    chat.memory.setGlimpse({
      build, name: chat.me.value, hash: write('seq' in place ? { ...place, seq: 0 } : place), dress: { lang, dir }, data: { theme, density },
      app: twig(root.firstElementChild as HTMLElement, Math.ceil(innerHeight / usual) + 2),
    } satisfies Glimpse)
  }
  setInterval(() => { if (chat.places.current.value.log.value !== seen && Date.now() > next) idle(take) }, 1000)
  addEventListener('pagehide', take)
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') take() })
}
