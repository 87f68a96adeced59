import './app.css'
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { t, tongue } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { lobby } from '../store/rooms.ts'
import { type Place, read, readView, write } from '../store/route.ts'
import { Bar } from './bar.tsx'
import { Composer } from './composer.tsx'
import { aside, lazy } from './lazy.tsx'
import { Log } from './log.tsx'

const Welcome = lazy(() => import('./welcome.tsx'), 'Welcome')
const Side = lazy(() => import('./later.ts'), 'Side')
const Announcer = lazy(() => import('./later.ts'), 'Announcer')
const Board = aside(() => import('./board.tsx'), 'Board')
const Asker = aside(() => import('./asker.tsx'), 'Asker')
const Panel = lazy(() => import('./later.ts'), 'Panel')
const Keyboard = lazy(() => import('./later.ts'), 'Keyboard')
const Notice = lazy(() => import('./later.ts'), 'Notice')
const Switcher = aside(() => import('./switcher.tsx'), 'Switcher')
const Devices = aside(() => import('./devices.tsx'), 'Devices')
const Search = aside(() => import('./search.tsx'), 'Search')
const Wall = aside(() => import('./wall.tsx'), 'Wall')
const NewRoom = aside(() => import('./newroom.tsx'), 'NewRoom')
const Care = aside(() => import('./care.tsx'), 'Care')
const Admin = aside(() => import('./admin.tsx'), 'Admin')
const RoomMenu = aside(() => import('./roommenu.tsx'), 'RoomMenu')
const Share = aside(() => import('./share.tsx'), 'Share')
const Errands = aside(() => import('./errand.tsx'), 'Errands')
const Scrim = lazy(() => import('./hands.ts'), 'Scrim')
const Settings = lazy(() => import('./rest.ts'), 'Settings')
const Keys = lazy(() => import('./rest.ts'), 'Keys')

const wander = () => import('./hands.ts')

/** What lies over the page. */
export type Over = 'none' | 'side' | 'panel' | 'switcher' | 'settings' | 'keys' | 'share' | 'newroom' | 'menu' | 'care' | 'admin'

/** The page: the first visit, or the room with what lies over it. */
export function App({ chat }: { chat: Chat }) {
  const view = chat.view.value
  if (view.is === 'wall') return <Wall chat={chat} room={view.room} />
  return <>{chat.person.screen.value === 'welcome' ? <Welcome chat={chat} /> : <Shell chat={chat} />}{chat.errand.value && <Errands chat={chat} />}</>
}

function Shell({ chat }: { chat: Chat }) {
  const over = useSignal<Over>('none')
  const cared = useSignal('') // the room whose menu or settings are open
  const c = chat.places.current.value
  const view = chat.view.value
  const direct = view.is === 'devices' || ('user' in c.to && view.is === 'talk') // without a panel

  const going = useRef(false) // back in the history, which takes a moment: what is opened meanwhile has its entry after that
  const open = (what: Over) => {
    if (over.value === 'none' && !going.current) history.pushState({ over: what }, '')
    over.value = what
  }
  const close = () => {
    if (over.value === 'none') return
    over.value = 'none'
    if (!history.state?.over || going.current) return
    going.current = true
    history.back()
  }
  const openFor = (what: 'menu' | 'care') => (room: string) => {
    cared.value = room
    open(what)
  }
  /** Closes one thing: that a dialog has closed is told when another may be open. */
  const shut = (what: Over) => () => { if (over.value === what) close() }
  /** Goes to a place from something that lies over the page: its entry in the history becomes the place's. */
  const leave = (place: Place) => {
    over.value = 'none'
    if (!history.state?.over) location.hash = write(place)
    else {
      history.replaceState(null, '', write(place))
      chat.go(place)
    }
  }
  /** Shows a view by its fragment, likewise. */
  const look = (hash: string) => {
    over.value = 'none'
    if (!history.state?.over) location.hash = hash
    else {
      history.replaceState(null, '', hash)
      chat.view.value = readView(hash)
    }
  }
  const followed = (e: MouseEvent) => {
    const place = over.value === 'none' ? null : read((e.target as Element).closest('a')?.hash ?? '')
    if (!place || e.ctrlKey || e.metaKey || e.shiftKey) return
    e.preventDefault()
    leave(place)
  }
  useEffect(() => {
    const back = () => {
      if (!going.current) over.value = 'none'
      else if (over.value !== 'none') history.pushState({ over: over.value }, '')
      going.current = false
    }
    addEventListener('popstate', back)
    return () => removeEventListener('popstate', back)
  }, [])
  useEffect(() => {
    let end = () => {}
    const first = (e: TouchEvent) => void wander().then((w) => {
      end = w.swipes(e, { open: () => (over.value === 'side' || over.value === 'panel' ? over.value : null), show: (what) => { if (over.value === 'none') open(what) }, close })
    }, () => {})
    addEventListener('touchstart', first, { once: true, passive: true })
    return () => {
      removeEventListener('touchstart', first)
      end()
    }
  }, [])
  useLayoutEffect(() => { over.value = 'none' }, [c.key, view]) // with the drawing: a key right after it may open something

  const drawer = (what: 'side' | 'panel') => `drawer drawer--${what} ${over.value === what ? 'drawer--open' : ''}`
  return (
    <div class={`app ${direct ? 'app--direct' : ''}`}>
      {view.is === 'talk' && (
        <>
          <a class="skip" href="#write" onClick={(e) => { e.preventDefault(); document.getElementById('write')?.focus() }}>{t('nav.skipWrite')}</a>
          <a class="skip" href="#log" onClick={(e) => { e.preventDefault(); document.querySelector<HTMLElement>('.message[tabindex="0"]')?.focus() }}>{t('nav.skipLog')}</a>
        </>
      )}
      <div class={drawer('side')} onClick={followed}><Side chat={chat} onJump={() => open('switcher')} onShare={() => open('share')} onSettings={() => open('settings')} onNew={() => open('newroom')} onMenu={openFor('menu')} /></div>
      {view.is === 'search' ? <Search chat={chat} of={view.of} q={view.q} /> : view.is === 'devices' ? <Devices chat={chat} name={view.name} onRooms={() => open('side')} /> : (
        <main class="main">
          <Bar chat={chat} onRooms={() => open('side')} onPeople={() => open('panel')} />
          {c.stands && <Board key={c.key} chat={chat} c={c} onPeople={() => open('panel')} />}
          <Log key={`${c.key} ${tongue().language}`} chat={chat} c={c} />
          <Composer chat={chat} />
        </main>
      )}
      {!direct && view.is === 'talk' && <div class={drawer('panel')} onClick={followed}><Panel chat={chat} c={c} /></div>}
      {(over.value === 'side' || over.value === 'panel') && <Scrim of={over.value} onClose={close} />}
      {over.value === 'switcher' && <Switcher chat={chat} onClose={shut('switcher')} onGo={leave} onOpen={open} />}
      {over.value === 'settings' && <Settings chat={chat} onClose={shut('settings')} onKeys={() => open('keys')} onAdmin={() => open('admin')} />}
      {over.value === 'keys' && <Keys chat={chat} onClose={shut('keys')} />}
      {over.value === 'share' && <Share chat={chat} room={'room' in c.to ? c.to.room : lobby} onClose={shut('share')} />}
      {chat.asking.value !== null && <Asker chat={chat} />}
      {over.value === 'newroom' && <NewRoom chat={chat} onClose={shut('newroom')} onGo={leave} />}
      {over.value === 'menu' && <RoomMenu chat={chat} room={cared.value} onClose={shut('menu')} onCare={openFor('care')} />}
      {over.value === 'care' && <Care key={cared.value} chat={chat} room={cared.value} onClose={shut('care')} />}
      {over.value === 'admin' && <Admin chat={chat} onClose={shut('admin')} onRoom={openFor('care')} />}
      <Announcer chat={chat} />
      <Notice chat={chat} />
      <Keyboard chat={chat} over={over} open={open} close={close} look={look} />
    </div>
  )
}
