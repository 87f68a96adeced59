// Wiring: the world is handed to the chat, the chat to the page.
import './style/tokens.css'
import './style/base.css'
import { computed, effect } from '@preact/signals'
import { h, render } from 'preact'
import { tongue, useClock, useHabit } from './i18n/format.ts'
import { choose, speak } from './i18n/languages.ts'
import type * as Live from './live.ts'
import * as platform from './platform.ts'
import { Chat } from './store/chat.ts'
import { randomWord } from './store/ids.ts'
import { indexedShelf } from './store/indexed.ts'
import { Leader } from './store/leader.ts'
import { Memory } from './store/memory.ts'
import { openDoor } from './store/knock.ts'
import { invitation, read, readView, write } from './store/route.ts'
import { Preferences } from './store/settings.ts'
import { Tabs } from './store/tabs.ts'
import { App } from './view/app.tsx'
import { loadRest, touched } from './view/lazy.tsx'

const restAfter = 15_000 // milliseconds until what nothing has asked for yet is loaded, so that it is there without a connection
const patience = 2000 // milliseconds for the words of a language, before the page is shown in English

const lasting = platform.storage('localStorage')
const memory = new Memory(lasting, platform.storage('sessionStorage'))
const settings = new Preferences(lasting, platform.watchStorage)
const tabs = new Tabs(platform.channel(), platform.later)
const fill = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes)
const now = () => Date.now()

effect(() => {
  const { theme, density } = settings.all.value
  platform.dress({ theme, density, ...tongue() })
})
effect(() => useClock(settings.all.value.clock))
useHabit(memory.habit())
const language = computed(() => settings.all.value.language)
const say = () => speak(choose(language.value, platform.preferredLanguages()))
let spoken = Promise.resolve()
effect(() => { spoken = say() })
addEventListener('languagechange', () => void say())

/** The client id that this tab had before a reload, unless it was copied with the tab and the other one still uses it. */
async function client(): Promise<string> {
  const kept = memory.takeClientId()
  return kept !== null && !(await tabs.taken(kept)) ? kept : randomWord(16, fill)
}

/** The place in the address. What an invitation brought is taken out of it, so that it is not passed on with the address. */
function place() {
  const brought = invitation(location.hash)
  if (brought) memory.setInvitation({ ...brought, door: brought.door || memory.invitation().door }) // a code alone closes no door
  openDoor(memory.invitation().door)
  const p = read(location.hash)
  if (brought && p) history.replaceState(history.state, '', write(p))
  return p
}

/**
 * A file that the page cannot go on without. If it does not come, it is asked for again when the server answers; if it does not come then,
 * either, the page is loaded anew: the file may be that of another build, and Firefox never asks for it a second time.
 */
function sure<T>(load: () => Promise<T>, tries = 2, wait = patience): Promise<T> {
  return load().catch(async () => {
    do await new Promise<void>((go) => platform.later(wait, go))
    while (!(await fetch('').catch(() => null))?.ok)
    if (tries === 1) location.reload()
    return sure(load, tries - 1, Math.min(2 * wait, 60_000))
  })
}

const root = document.getElementById('root') ?? document.body
const worded = () => Promise.race([spoken, new Promise<void>((go) => platform.later(patience, go))]) // not first in another language

/** The invitation, and nobody who talks. */
async function door(): Promise<void> {
  place()
  const { Door } = await sure(() => import('./view/door.tsx'))
  await worded()
  render(h(Door, { code: memory.invitation().code }), root)
}

/** What was written into the glimpse of the room (see glimpse.ts) is the draft. Tells whether Enter was pressed there, to send it. */
function takeOver(chat: Chat): boolean {
  const field = document.getElementById('write') as HTMLTextAreaElement | null
  if (!field || field.value === field.defaultValue) return false
  const { key } = chat.places.current.value
  const sends = settings.all.value.enter === 'sends' && !platform.coarse() && field.value.endsWith('\n')
  chat.drafts.set(key, { ...chat.drafts.of(key), text: sends ? field.value.trimEnd() : field.value, caret: field.selectionStart })
  return sends
}

async function room(): Promise<void> {
  const speaking = sure(() => import('./live.ts')) // the page shows what it has before it can speak with the server
  let live: typeof Live
  const [id, indexed] = await Promise.all([client(), indexedShelf(platform.indexedDBFactory(), platform.later)])
  const chat = new Chat({
    wire: (o) => new live.Client({ url: platform.socketAddress(), keepalive: 60, ...o }),
    intake: (needs) => new live.Intake(needs),
    opened: openDoor,
    shelf: indexed ?? (await sure(() => import('./store/plain.ts'))).plainShelf(lasting),
    leader: new Leader({ lock: platform.lock(), store: lasting, now }, randomWord(16, fill)),
    memory, settings, tabs, fill, now,
    client: id,
    later: platform.later,
    frame: platform.frame,
    label: platform.label(),
    build: platform.build(),
  })
  platform.watchPresence((visible, focused) => chat.setHere(visible, focused))
  const errand = () => {
    const { hash } = location
    if (!/^#\/(host|code)\//.test(hash)) return
    history.replaceState(history.state, '', location.pathname) // it works once
    void import('./store/errand.ts').then((m) => m.begin(chat, hash))
  }
  await chat.open(place())
  errand()
  chat.view.value = readView(location.hash)
  addEventListener('hashchange', () => {
    errand()
    const p = place()
    if (p) chat.go(p)
    else chat.view.value = readView(location.hash)
  })
  effect(() => { // a place that was gone to in another way stands in the address, too
    if (chat.view.value.is !== 'talk') return
    const hash = write(chat.places.place.value)
    if (location.hash !== hash) history.replaceState(history.state, '', hash)
  })
  let fresh = true
  const touch = () => {
    if (!fresh) return
    fresh = false
    touched.value = true
    // Somebody has begun with something: the page is not loaded anew for this.
    void sure(() => import('./view/hands.ts'), Infinity).then((h) => h.begin(chat, platform.build(), root))
  }
  effect(() => { // when the line comes back, what did not come without it is asked for again
    if (touched.value && chat.line.value.is !== 'offline') platform.idle(loadRest)
  })
  platform.later(restAfter, touch)
  for (const kind of ['pointerdown', 'pointermove', 'keydown', 'dragenter']) addEventListener(kind, touch, { once: true, capture: true })
  for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, () => chat.activity.touched(), { passive: true })
  addEventListener('pagehide', () => chat.leave())
  addEventListener('pageshow', (e) => { if (e.persisted) chat.back() })
  addEventListener('beforeunload', (e) => { if (chat.wouldLose()) e.preventDefault() })
  setInterval(() => chat.tick(), 1000)
  setInterval(() => chat.tend(), 4000)

  if (chat.person.screen.value === 'welcome') live = await speaking // who joins must not come before it
  await worded()
  const sends = takeOver(chat)
  render(h(App, { chat }), root)
  if (sends) document.querySelector('form')?.requestSubmit()
  live = await speaking
  chat.person.start()
}

void (location.pathname === '/qr' ? door() : room())
