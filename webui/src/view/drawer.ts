import { useLayoutEffect } from 'preact/hooks'

/**
 * While a drawer is open the focus is in it, and afterwards where it was, if nothing else has taken it. A window that grows until there
 * are no drawers closes it. What lies under it is inert meanwhile.
 */
export function useDrawer(open: boolean, close: () => void): void {
  useLayoutEffect(() => {
    const drawer = open ? document.querySelector<HTMLElement>('.drawer--open') : null
    if (!drawer) return
    const before = document.activeElement
    const under = [...document.querySelectorAll<HTMLElement>('main, .skip')]
    for (const el of under) el.inert = true
    drawer.querySelector<HTMLElement>('button, a')?.focus()
    const grown = () => { if (getComputedStyle(drawer).position !== 'absolute') close() }
    addEventListener('resize', grown)
    return () => {
      removeEventListener('resize', grown)
      for (const el of under) el.inert = false
      const now = document.activeElement
      if (before instanceof HTMLElement && !now?.closest('main, dialog')) before.focus({ preventScroll: true })
    }
  }, [open])
}
