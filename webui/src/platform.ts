// What browsers have or withhold. Pages on http://<address> are no secure context: what is missing there is asked for by feature, here,
// in clipboard.ts and popup.ts alone, and has something in its place.
import { passing, type Store } from './store/memory.ts'
import type { Channel } from './store/tabs.ts'

/** localStorage or sessionStorage; a passing memory where the browser forbids them. */
export function storage(kind: 'localStorage' | 'sessionStorage'): Store {
  try {
    const s = window[kind]
    s.setItem('tincan.try', '1')
    s.removeItem('tincan.try')
    return s
  } catch {
    return passing()
  }
}

/** Calls f when another tab has written a key of localStorage, or cleared it. */
export function watchStorage(key: string, f: () => void): void {
  addEventListener('storage', (e) => {
    if (e.key === key || e.key === null) f()
  })
}

export function indexedDBFactory(): IDBFactory | undefined {
  try {
    return globalThis.indexedDB
  } catch {
    return undefined
  }
}

/** A way to the other tabs of this browser: BroadcastChannel, else the events that localStorage raises in the others. */
export function channel(): Channel {
  if ('BroadcastChannel' in globalThis) {
    const c = new BroadcastChannel('tincan')
    return { post: (v) => c.postMessage(v), hear: (f) => c.addEventListener('message', (e) => f(e.data)) }
  }
  const key = 'tincan.said'
  const store = storage('localStorage')
  return {
    post: (v) => {
      try {
        store.setItem(key, JSON.stringify(v)) // the same twice raises no event, so it does not stay
        store.removeItem(key)
      } catch {
        // Full: the other tabs find out later.
      }
    },
    hear: (f) => addEventListener('storage', (e) => {
      if (e.key !== key || e.newValue === null) return
      try {
        f(JSON.parse(e.newValue))
      } catch {
        // Not ours.
      }
    }),
  }
}

/** The locks of the browser, which only a secure context has; null without. See LeaderNeeds. */
export function lock(): ((name: string, held: () => void) => () => void) | null {
  const locks = navigator.locks as LockManager | undefined
  if (!locks) return null
  return (name, held) => {
    const waiting = new AbortController()
    let release = () => {}
    locks.request(name, { signal: waiting.signal }, () => new Promise<void>((done) => {
      release = done
      held()
    })).catch(() => {}) // taken back before it was had
    return () => {
      waiting.abort()
      release()
    }
  }
}

/** Runs f after the next drawing, in a task of its own; a hidden page is not drawn, so it runs soon. f is told whether something is drawn. */
export function frame(f: (drawn: boolean) => void): void {
  if (document.visibilityState === 'hidden') setTimeout(f, 50, false)
  else requestAnimationFrame(() => setTimeout(f, 0, true))
}

export function later(ms: number, f: () => void): () => void {
  const t = setTimeout(f, ms)
  return () => clearTimeout(t)
}

/** Adds a sheet to the document. An adopted sheet is nothing inline, so the content security policy allows it. */
export function adopt(css: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
  return sheet
}

/** Runs f when there is nothing else to do, at the latest after some seconds. */
export function idle(f: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(f, { timeout: 5000 })
  else setTimeout(f, 2000)
}

/** The languages that the reader prefers, best first. */
export function preferredLanguages(): readonly string[] {
  return navigator.languages ?? [navigator.language]
}

/** Whether the first pointer is a finger. */
export function coarse(): boolean {
  return matchMedia('(pointer: coarse)').matches
}

/** What kind of machine this is, in a word for the others. */
export function label(): string {
  if (location.hash.startsWith('#/wall')) return 'wall'
  const short = Math.min(screen.width, screen.height)
  if (!coarse()) return 'laptop'
  return short < 600 ? 'phone' : 'tablet'
}

/** Calls f with whether the page is visible and has the focus, now and whenever that changes. */
export function watchPresence(f: (visible: boolean, focused: boolean) => void): void {
  const tell = () => f(document.visibilityState === 'visible', document.hasFocus())
  document.addEventListener('visibilitychange', tell)
  addEventListener('focus', tell)
  addEventListener('blur', tell)
  addEventListener('pagehide', tell)
  tell()
}

/** Dresses the page: the theme and the space between things, the language and its direction. */
export function dress({ theme, density, language, dir }: { theme: string, density: string, language: string, dir: string }): void {
  const root = document.documentElement
  Object.assign(root.dataset, { theme, density })
  root.lang = language
  root.dir = dir
  for (const m of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')) {
    const dark = theme === 'system' ? m.media.includes('dark') : theme === 'dark'
    m.content = dark ? '#0e1413' : '#eef2f1' // --bg-side
  }
}

/** The address of the websocket beside this page. */
export function socketAddress(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/mqtt`
}

/** The build of this page, as the server wrote it into index.html; empty when it did not. */
export function build(): string {
  return written('tincan-build')
}

/** What the one who runs tincan calls this place; the address when the server did not say. */
export function place(): string {
  return written('tincan-place') || location.host
}

/** What the server wrote into a field of index.html; empty when it did not. */
function written(name: string): string {
  const said = document.querySelector<HTMLMetaElement>(`meta[name=${name}]`)?.content ?? ''
  return /^\{\w+\}$/.test(said) ? '' : said
}

/** Whether the keys are those of Apple. */
export function apple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform)
}
