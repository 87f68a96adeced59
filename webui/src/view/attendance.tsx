import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { clock, list, plain, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { type Present, presents, today } from '../store/ruled.ts'
import { No } from './no.tsx'
import { useOrders } from './ordering.ts'

const hour = 3_600_000
const wide = 720 // of the drawing, in its own units
const left = 140
const row = 28
const top = 22

/** Who was in a room on a day: a picture, the same as a list, and a table to save. */
export function Attendance({ chat, room }: { chat: Chat, room: string }) {
  const day = useSignal(today(chat.now.peek()))
  const who = useSignal<Present[] | null>(null)
  const csv = useSignal('')
  const { no, order } = useOrders(chat)
  useEffect(() => {
    let here = true
    who.value = null
    void order('attendance', { room, day: day.value }).then((a) => {
      if (!here || !a) return
      who.value = presents(a.present)
      csv.value = typeof a.csv === 'string' ? a.csv : ''
    })
    return () => { here = false }
  }, [room, day.value])
  return (
    <section class="care__group">
      <h3>{t('care.attendance')}</h3>
      <div class="card">
        <div class="care__line">
          <label class="care__words"><span>{t('care.day')}</span></label>
          <input class="time" type="date" aria-label={t('care.day')} value={day.value} max={today(chat.now.value)} onChange={(e) => { if (e.currentTarget.value) day.value = e.currentTarget.value }} />
          {csv.value !== '' && <a class="button" href={`data:text/csv;charset=utf-8,${encodeURIComponent(csv.value)}`} download={`${plain(`#${chat.places.called(room)}`)}-${day.value}.csv`}>{t('care.csv')}</a>}
        </div>
        {who.value?.length === 0 && <p class="care__none">{t('care.nobody')}</p>}
        {who.value && who.value.length > 0 && <Timeline who={who.value} day={day.value} now={chat.now.peek()} />}
      </div>
      <No text={no.value} />
      <ul class="unseen">{who.value?.map((p) => <li key={p.name}>{p.name}: {list(p.stays.map((s) => `${clock(s.from)}–${s.to ? clock(s.to) : ''}`))}</li>)}</ul>
    </section>
  )
}

/** The hours in which anybody was there, and a bar for each stay. */
function Timeline({ who, day, now }: { who: Present[], day: string, now: number }) {
  const midnight = new Date(`${day}T00:00`).getTime()
  const ends = who.flatMap((p) => p.stays.map((s) => s.to || now))
  const from = Math.floor((Math.min(...who.flatMap((p) => p.stays.map((s) => s.from))) - midnight) / hour) * hour + midnight
  const to = Math.max(Math.ceil((Math.max(...ends) - midnight) / hour) * hour + midnight, from + hour)
  const x = (at: number) => left + ((at - from) / (to - from)) * (wide - left - 8)
  const step = Math.ceil((to - from) / hour / 8) * hour
  const hours = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step)
  return (
    <svg class="days" viewBox={`0 0 ${wide} ${top + who.length * row + 6}`} role="img" aria-label={t('care.attendance')} direction="ltr">
      {hours.map((at) => (
        <g key={at}>
          <line class="days__rule" x1={x(at)} x2={x(at)} y1={top - 4} y2={top + who.length * row} />
          <text class="days__axis" x={x(at)} y={12} text-anchor={at === to ? 'end' : 'middle'}>{clock(at)}</text>
        </g>
      ))}
      {who.map((p, i) => (
        <g key={`${p.name} ${i}`}>
          <text class="days__name" x={left - 10} y={top + i * row + 18} text-anchor="end" unicode-bidi="plaintext">{shortened(p.name)}</text>
          {p.stays.map((s) => (
            <rect key={s.from} class={`days__bar ${p.device ? 'days__bar--device' : ''}`} x={x(s.from)} y={top + i * row + 7} width={Math.max(2, x(s.to || now) - x(s.from))} height={14} rx={3}>
              <title>{`${p.name} ${clock(s.from)}–${s.to ? clock(s.to) : ''}`}</title>
            </rect>
          ))}
        </g>
      ))}
    </svg>
  )
}

const most = 18

function shortened(name: string): string {
  const letters = [...name]
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : name
}
