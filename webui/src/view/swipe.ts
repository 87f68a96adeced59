const outer = 24 // pixels from an edge in which a finger begins
const far = 48 // pixels that it moves, mostly sideways

/** What swipes open and close. */
export interface Drawers {
  open(): 'side' | 'panel' | null
  show(what: 'side' | 'panel'): void
  close(): void
}

/**
 * Lets a finger from an edge open the drawer of that side, and one that moves back close it; first is the touch that brought this here.
 * The answer ends it.
 */
export function swipes(first: TouchEvent, drawers: Drawers): () => void {
  let from: { x: number, y: number, edge: 'start' | 'end' | null } | null = null
  const onward = () => (document.documentElement.dir === 'rtl' ? -1 : 1)
  const start = (e: TouchEvent) => {
    const t = e.touches[0]
    from = null
    if (e.touches.length !== 1 || document.querySelector('dialog[open]')) return
    const left = t.clientX < outer
    const right = t.clientX > innerWidth - outer
    from = { x: t.clientX, y: t.clientY, edge: !left && !right ? null : left === (onward() > 0) ? 'start' : 'end' }
  }
  const move = (e: TouchEvent) => {
    if (!from || e.touches.length !== 1) return
    const { clientX, clientY } = e.touches[0]
    const x = (clientX - from.x) * onward()
    const y = Math.abs(clientY - from.y)
    if (y > far && y > Math.abs(x)) from = null // it scrolls
    else if (Math.abs(x) > far && Math.abs(x) > 2 * y) {
      const { edge } = from
      from = null
      const is = drawers.open()
      if (is) {
        if (is === (x < 0 ? 'side' : 'panel')) drawers.close()
      } else if (edge === 'start' && x > 0 && isDrawer('side')) drawers.show('side')
      else if (edge === 'end' && x < 0 && isDrawer('panel')) drawers.show('panel')
    }
  }
  const end = () => { from = null }
  const on = { touchstart: start, touchmove: move, touchend: end, touchcancel: end }
  for (const [kind, f] of Object.entries(on)) addEventListener(kind, f as EventListener, { passive: true })
  start(first)
  return () => { for (const [kind, f] of Object.entries(on)) removeEventListener(kind, f as EventListener) }
}

/** Whether a part of the page is a drawer in a window of this width. */
function isDrawer(what: 'side' | 'panel'): boolean {
  const el = document.querySelector(`.drawer--${what}`)
  return el !== null && getComputedStyle(el).display === 'none'
}
