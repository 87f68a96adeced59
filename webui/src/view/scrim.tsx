import { useLayoutEffect } from 'preact/hooks'

/**
 * What lies between an open drawer and the page, and closes it. Meanwhile the focus is in the drawer, and afterwards where it was, if
 * nothing else has taken it. A window that grows until there are no drawers closes it, too. What lies under it is inert.
 */
export function Scrim({ of, onClose }: { of: 'side' | 'panel', onClose: () => void }) {
  useLayoutEffect(() => {
    const drawer = document.querySelector<HTMLElement>('.drawer--open')
    if (!drawer) return
    const before = document.activeElement
    const under = [...document.querySelectorAll<HTMLElement>('main, .skip')]
    for (const el of under) el.inert = true
    drawer.querySelector<HTMLElement>('button, a')?.focus()
    const grown = () => { if (getComputedStyle(drawer).position !== 'absolute') onClose() }
    addEventListener('resize', grown)
    return () => {
      removeEventListener('resize', grown)
      for (const el of under) el.inert = false
      const now = document.activeElement
      if (before instanceof HTMLElement && !now?.closest('main, dialog')) before.focus({ preventScroll: true })
    }
  }, [])
  return <div class={`scrim scrim--${of}`} onClick={onClose} aria-hidden="true" />
}
