// What a screen reader is told: single messages, and a count when they come fast.
import type { Settings } from './settings.ts'

/** Something to be said of a conversation. */
export interface Saying {
  text: string
  where: string
  at: number // milliseconds when it came
  mine: boolean // it is for me, or about the line: it is never counted away
}

/** What waits to be said, and when single sayings were said last. */
export interface Speech {
  waiting: readonly Saying[]
  said: readonly number[]
}

export const silence: Speech = { waiting: [], said: [] }

/** More than this many within the time become one sentence. */
export const burst = { count: 3, within: 4000 }

/** Sayings that come within this time are said together. */
export const pause = 700

/** Whether the reader wants to be told of a message in the open conversation, or of one for me. */
export function wanted(way: Settings['announce'], mine: boolean): boolean {
  return way === 'everything' || (way === 'mentions' && mine)
}

/** What is to be said now, what waits on, and until when; null: nothing waits. */
export function spoken(s: Speech, now: number, count: (n: number, where: string) => string): { say: string[], speech: Speech, until: number | null } {
  const said = s.said.filter((at) => at > now - burst.within)
  const loud = s.waiting.filter((w) => w.mine)
  const others = s.waiting.filter((w) => !w.mine)
  const texts = loud.map((w) => w.text)
  if (said.length + others.length <= burst.count) {
    return { say: [...texts, ...others.map((w) => w.text)], speech: { waiting: [], said: [...said, ...others.map(() => now)] }, until: null }
  }
  const until = others[0].at + burst.within
  if (now < until) return { say: texts, speech: { waiting: others, said }, until }
  const places = [...new Set(others.map((w) => w.where))]
  const counted = places.map((where) => {
    const there = others.filter((w) => w.where === where)
    return there.length === 1 ? there[0].text : count(there.length, where)
  })
  return { say: [...texts, ...counted], speech: { waiting: [], said: [...said, now] }, until: null }
}
