import { signal } from '@preact/signals'
import { type ComponentType, h } from 'preact'
import { useMemo } from 'preact/hooks'
import { t } from '../i18n/format.ts'

const first = 1000 // milliseconds until a file that did not come is asked for again
const longest = 60_000

type Views<N extends string> = Record<N, ComponentType<never>>

const waiting = new Set<() => void>()

/** Whether somebody has touched a key, a mouse or the screen yet. What only then is of use is loaded then. */
export const touched = signal(false)

/** A view whose code is loaded when it is first shown, or when the page has nothing else to do: then it is there without a connection, too. */
export function lazy<N extends string, F extends Views<N>>(load: () => Promise<F>, name: N): F[N] {
  const { ask, view } = asking(load, name)
  waiting.add(ask)
  return view
}

/** A view whose code is loaded only when somebody opens it. */
export function aside<N extends string, F extends Views<N>>(load: () => Promise<F>, name: N): F[N] {
  return asking(load, name).view
}

/**
 * A file that does not come is asked for again when the view is shown anew, when the line is back, and by itself, ever more seldom. If it has
 * been replaced by that of a newer tincan, only loading the page again helps.
 */
function asking<N extends string, F extends Views<N>>(load: () => Promise<F>, name: N): { ask: () => void, view: F[N] } {
  const view = signal<F[N] | 'failed' | null>(null)
  let asked = false
  let wait = first
  let timer = 0
  const ask = () => {
    waiting.delete(ask)
    if (asked) return
    asked = true
    clearTimeout(timer)
    load().then((file) => { view.value = file[name] }, () => {
      view.value = 'failed'
      asked = false
      waiting.add(ask)
      timer = setTimeout(ask, wait) as unknown as number
      wait = Math.min(2 * wait, longest)
    })
  }
  function Lazy(props: never) {
    useMemo(ask, [])
    const v = view.value
    if (v === 'failed') return <p class="toast" role="alert">{t('lazy.failed')} <a href="">{t('strip.reload')}</a></p>
    return v && h(v, props)
  }
  return { ask, view: Lazy as F[N] }
}

/** Loads what has not been shown yet, and what did not come. */
export function loadRest(): void {
  for (const ask of [...waiting]) ask()
}
