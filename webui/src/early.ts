// What runs first; it stands in index.html itself. It shows the room as it was last seen (see glimpse.ts), if that is kept of who is here and
// of what the address says, and begins the page.
import type { Glimpse, Twig } from './glimpse.ts'
import { glimpseKey, meKey } from './store/memory.ts'
import { lobby } from './store/rooms.ts'

const kept = (key: string) => JSON.parse(sessionStorage.getItem(key) ?? localStorage.getItem(key) ?? 'null')

/** Puts what a twig tells of at the end of an element. */
function grow(twig: Twig, into: Element): void {
  if (typeof twig === 'string') return into.append(twig)
  const [name, attributes, ...inside] = twig
  const el = document.createElementNS(name === 'svg' ? 'http://www.w3.org/2000/svg' : into.namespaceURI, name) as HTMLElement
  for (const key in attributes) key === 'style' ? el.style.cssText = attributes[key] : el.setAttribute(key, attributes[key])
  for (const t of inside) grow(t, el)
  into.append(el)
}

const begin = () => void import('./main.ts')

/** Shows it, and tells whether there was anything to show. */
function show(): boolean {
  const g: Glimpse = kept(glimpseKey)
  if (g.build !== document.querySelector<HTMLMetaElement>('meta[name=tincan-build]')?.content || g.name !== kept(meKey).name || g.hash !== (location.hash || `#/room/${lobby}`)) return false
  Object.assign(document.documentElement, g.dress)
  Object.assign(document.documentElement.dataset, g.data)
  grow(g.app, document.getElementById('root') ?? document.body)
  document.getElementById('log')?.scrollTo(0, 1e7)
  if (!matchMedia('(pointer: coarse)').matches) document.getElementById('write')?.focus()
  return true
}

let shown = false
try {
  shown = show()
} catch {
  // Nothing is kept, or it may not be read: the page comes soon.
}
if (shown) {
  requestAnimationFrame(() => setTimeout(begin)) // it is drawn first
  setTimeout(begin, 500) // a page that is hidden is not drawn
} else begin()
