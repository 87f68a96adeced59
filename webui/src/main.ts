// Wiring: the world is handed to the chat, the chat to the page.
import './style/tokens.css'
import './style/base.css'
import { computed, effect } from '@preact/signals'
import { h, render } from 'preact'
import { tongue, useClock } from './i18n/format.ts'
import { choose, speak } from './i18n/languages.ts'
import { Client } from './mqtt/client.ts'
import * as platform from './platform.ts'
import { Chat } from './store/chat.ts'
import { randomWord } from './store/ids.ts'
import { Memory } from './store/memory.ts'
import { askName } from './store/namecheck.ts'
import { read, write } from './store/route.ts'
import { Preferences } from './store/settings.ts'
import { indexedShelf, plainShelf } from './store/shelf.ts'
import { App } from './view/app.tsx'
import { loadRest } from './view/lazy.tsx'

const lasting = platform.storage('localStorage')
const memory = new Memory(lasting, platform.storage('sessionStorage'))
const fill = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes)

const settings = new Preferences(lasting, platform.watchStorage)
const client = memory.takeClientId() ?? randomWord(16, fill)

const chat = new Chat({
  wire: (o) => new Client({ url: platform.socketAddress(), keepalive: 60, ...o }),
  check: (name) => askName(fetch.bind(window), name),
  shelf: async () => (await indexedShelf(platform.indexedDBFactory())) ?? plainShelf(lasting),
  memory, settings, fill, client,
  now: () => Date.now(),
  later: platform.later,
  frame: platform.frame,
  label: platform.label(),
  build: platform.build(),
})

const patience = 2000 // milliseconds for the words of a language, before the page is shown in English

const follow = () => {
  const place = read(location.hash)
  if (place) chat.go(place)
}
const door = location.pathname === '/qr' // the invitation, and nobody who talks
if (!door) follow()
if (!door) addEventListener('hashchange', follow)
effect(() => { // a place that was gone to in another way stands in the address, too
  if (door) return
  const hash = write(chat.places.place.value)
  if (location.hash !== hash) history.replaceState(history.state, '', hash)
})
platform.watchPresence((visible, focused) => chat.setHere(visible, focused))
for (const kind of ['pointerdown', 'keydown']) addEventListener(kind, () => chat.activity.touched(), { passive: true })
addEventListener('pagehide', () => memory.keepClientId(chat.client))
addEventListener('pageshow', () => memory.takeClientId()) // perhaps out of the browser's cache, where it had gone
setInterval(() => chat.tick(), 1000)
setInterval(() => chat.tend(), 4000)

effect(() => {
  const { theme, density } = settings.all.value
  platform.dress({ theme, density, ...tongue() })
})
effect(() => useClock(settings.all.value.clock))
const language = computed(() => settings.all.value.language)
const say = () => speak(choose(language.value, platform.preferredLanguages()))
let spoken = Promise.resolve()
effect(() => { spoken = say() })
addEventListener('languagechange', () => void say())

if (!door) chat.begin()
const root = document.getElementById('root') ?? document.body
const show = async () => render(door ? h((await import('./view/door.tsx')).Door, {}) : h(App, { chat }), root)
void Promise.race([spoken, new Promise<void>((go) => platform.later(patience, go))]).then(show) // not first in another language
if (!door) addEventListener('load', () => platform.idle(loadRest))
