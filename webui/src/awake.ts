// What only a screen on a wall wants of the browser.

/** Keeps the screen on as long as the page is seen, and tells whether this browser can; on http none does. The answer ends it. */
export function keepAwake(tell: (can: boolean) => void): () => void {
  let lock: Promise<WakeLockSentinel | null> = Promise.resolve(null)
  const ask = () => {
    if (document.visibilityState === 'hidden') return
    lock = 'wakeLock' in navigator ? navigator.wakeLock.request('screen').catch(() => null) : Promise.resolve(null)
    void lock.then((l) => tell(l !== null))
  }
  ask()
  document.addEventListener('visibilitychange', ask) // a browser lets go of it when the page is hidden
  return () => {
    document.removeEventListener('visibilitychange', ask)
    void lock.then((l) => l?.release())
  }
}

/** The page fills the screen, or not any more; out of a click. */
export function fullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen()
  else void document.documentElement.requestFullscreen?.().catch(() => {})
}
