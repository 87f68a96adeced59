import type { Log } from './log.tsx'

/** ↑ ↓ Home End go from message to message of the log; what can be typed goes to the field. */
export function walk(e: KeyboardEvent, log: Log): void {
  if (e.isComposing || e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey) return
  const { messages: all, oldest, ends } = log.drawn
  const at = all.findIndex((el) => el === document.activeElement)
  const from = at < 0 ? lastShown(all, log.box.current) : at
  const to = { ArrowUp: at < 0 ? from : from - 1, ArrowDown: at < 0 ? from : from + 1, Home: 0, End: all.length - 1 }[e.key]
  if (to !== undefined) {
    e.preventDefault()
    if (e.key === 'End' && !ends) log.end()
    else if (e.key === 'Home' && oldest > 0) log.props.c.wish.value = { way: 'message', seq: oldest }
    else {
      const el = all[Math.max(0, Math.min(to, all.length - 1))]
      el?.focus({ preventScroll: true })
      el?.scrollIntoView({ block: 'nearest' })
    }
    return
  }
  const typing = [...e.key].length === 1 && e.key !== ' ' && !(e.target as HTMLElement).closest('button, a, input, textarea')
  if (typing) document.getElementById('write')?.focus()
}

/** The last message that is wholly in sight. */
function lastShown(all: readonly HTMLElement[], box: HTMLElement | null): number {
  const bottom = box ? box.scrollTop + box.clientHeight : 0
  return all.findLastIndex((el) => el.offsetTop + el.offsetHeight <= bottom)
}
