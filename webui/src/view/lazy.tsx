import { signal } from '@preact/signals'
import { type ComponentType, h } from 'preact'
import { useMemo } from 'preact/hooks'
import { t } from '../i18n/format.ts'

const first = 1000 // milliseconds until a file that did not come is asked for again
const longest = 60_000

const waiting = new Set<() => void>()

/** Whether somebody has touched a key, a mouse or the screen yet. What only then is of use is loaded then. */
export const touched = signal(false)

/** A view whose code is loaded when it is first shown, or when the page has nothing else to do: then it is there without a connection, too. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const { ask, view } = asking(load)
  waiting.add(ask)
  return view
}

/** A view whose code is loaded only when somebody opens it. */
export function aside<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  return asking(load).view
}

/**
 * A file that does not come is asked for again when the view is shown anew, when the line is back, and by itself, ever more seldom. If it has
 * been replaced by that of a newer tincan, only loading the page again helps.
 */
function asking<P extends object>(load: () => Promise<ComponentType<P>>): { ask: () => void, view: ComponentType<P> } {
  const view = signal<ComponentType<P> | 'failed' | null>(null)
  let asked = false
  let wait = first
  let timer = 0
  const ask = () => {
    waiting.delete(ask)
    if (asked) return
    asked = true
    clearTimeout(timer)
    load().then((v) => { view.value = v }, () => {
      view.value = 'failed'
      asked = false
      waiting.add(ask)
      timer = setTimeout(ask, wait) as unknown as number
      wait = Math.min(2 * wait, longest)
    })
  }
  function Lazy(props: P) {
    useMemo(ask, [])
    const v = view.value
    if (v === 'failed') return <p class="toast" role="alert">{t('lazy.failed')} <a href="">{t('strip.reload')}</a></p>
    return v && h(v, props)
  }
  return { ask, view: Lazy }
}

/** Loads what has not been shown yet, and what did not come. */
export function loadRest(): void {
  for (const ask of [...waiting]) ask()
}
