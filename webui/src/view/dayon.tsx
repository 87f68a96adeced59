import './dayon.css'
import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'
import { day } from '../i18n/format.ts'
import type { MessageRow } from '../store/rows.ts'

const stays = 1500 // milliseconds after the last scrolling
const near = 64 // pixels from the end within which the day is known
const room = 48 // pixels of the top within which a day of the log itself says it

/** The day of the topmost message, over the log while it is scrolled. The log says it to a screen reader. */
export function DayOn({ box, rowOf }: { box: RefObject<HTMLElement | null>, rowOf: (el: Element) => MessageRow | null }) {
  const time = useSignal(0)
  useEffect(() => {
    const log = box.current
    if (!log) return
    let timer = 0
    const look = () => {
      clearTimeout(timer)
      timer = setTimeout(() => { time.value = 0 }, stays) as unknown as number
      time.value = log.scrollHeight - log.scrollTop - log.clientHeight < near ? 0 : topmost(log, rowOf)
    }
    log.addEventListener('scroll', look, { passive: true })
    look()
    return () => {
      clearTimeout(timer)
      log.removeEventListener('scroll', look)
    }
  }, [])
  return time.value === 0 ? null : <div class="dayon" aria-hidden="true">{day(time.value, Date.now())}</div>
}

/** When the topmost message was written; 0: its day stands above it in sight. */
function topmost(log: HTMLElement, rowOf: (el: Element) => MessageRow | null): number {
  const { left, top, width } = log.getBoundingClientRect()
  const at = (y: number) => document.elementsFromPoint(left + width / 2, top + y).find((el) => log.contains(el))
  for (let y = 0; y < room; y += 12) if (at(y)?.closest('.day')) return 0
  for (let y = 1; y < log.clientHeight; y += 24) {
    const row = rowOf(at(y) ?? log)
    if (row) return row.is === 'message' ? row.m.time : row.entry.at
  }
  return 0
}
