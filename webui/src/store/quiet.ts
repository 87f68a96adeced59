// When a notice may be heard.
import type { Settings } from './settings.ts'

const soundEvery = 3000 // milliseconds

/** Whether a notice may be heard now; last: when one was heard. */
export function audible(s: Settings, now: number, last: number): boolean {
  return s.sound && !isQuiet(s, now) && now - last >= soundEvery
}

/** Whether it is to be quiet at a time. */
export function isQuiet(s: Settings, time: number): boolean {
  if (!s.quiet) return false
  const d = new Date(time)
  const at = d.getHours() * 60 + d.getMinutes()
  const { from, to } = s.quiet
  return from < to ? at >= from && at < to : at >= from || at < to
}
