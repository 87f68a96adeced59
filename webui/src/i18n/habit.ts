// How small numbers and times are written here, kept for the next visit: the log is drawn without Intl then.
import { effect } from '@preact/signals'
import { idle } from '../platform.ts'
import type { Memory } from '../store/memory.ts'
import { clockBy, clocks, type Habit, habitKey, numberBy, numbers, useHabit } from './format.ts'

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** What Intl makes of numbers and times in this language; null where it is not as simple as that. */
export function habit(): Habit | null {
  const time = (h: number, m: number) => new Date(2000, 0, 1, h, m).getTime()
  const digits = range(10).map((n) => numbers().format(n)).join('')
  const h = { key: habitKey(), digits, hours: range(24).map((h) => clocks().format(time(h, 47)).replace(numbers().format(47), '#')) }
  const counts = [0, 9, 10, 99, 100, 999].every((n) => numberBy(h, n) === numbers().format(n))
  const tells = range(24).every((hour) => [0, 9, 30, 59].every((m) => clockBy(h, time(hour, m)) === clocks().format(time(hour, m))))
  return digits.length === 10 && counts && tells ? h : null
}

/** From now on: when there is nothing else to do, keeps the habit of the language that is spoken. One that has changed counts at once. */
export function keepHabit(memory: Memory): void {
  effect(() => {
    const key = habitKey()
    idle(() => {
      const was = memory.habit()
      const now = habit()
      if (JSON.stringify(was) === JSON.stringify(now)) return
      memory.setHabit(now)
      if (was?.key === key) useHabit(now)
    })
  })
}
