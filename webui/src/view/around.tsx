import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { clock, day, t } from '../i18n/format.ts'
import type { Message } from '../mqtt/parse.ts'
import * as platform from '../platform.ts'
import type { Chat } from '../store/chat.ts'
import type { Hit } from '../store/hits.ts'
import { shownKind } from '../store/rows.ts'
import { placeOf, type Search } from '../store/search.ts'
import { Can } from './can.tsx'
import { Marked } from './search.tsx'

const pause = 120 // milliseconds that a hit is looked at before its place is fetched

/** What stands around a hit, beside the list where there is room for it. */
export function Around({ chat, s, hit }: { chat: Chat, s: Search, hit: Hit }) {
  const m = hit.message
  const p = placeOf(m, chat.me.value)
  const messages = useSignal<readonly Message[] | 'failed' | null>(null)
  const here = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (getComputedStyle(document.querySelector('.around') ?? document.body).display === 'none') return undefined // nobody sees it
    let wanted = true
    messages.value = null
    const cancel = platform.later(pause, () => s.around(hit, chat.me.peek()).then(
      (all) => { if (wanted) messages.value = all.filter((x) => shownKind(x) && !x.deleted) },
      () => { if (wanted) messages.value = 'failed' },
    ))
    return () => {
      wanted = false
      cancel()
    }
  }, [hit])
  useEffect(() => here.current?.scrollIntoView({ block: 'center' }), [messages.value])
  const shown = messages.value
  const all = Array.isArray(shown) ? shown as Message[] : [m]
  return (
    <aside class="panel around" aria-label={t('search.place')}>
      <header class="around__head">
        <b class="cut"><bdi>{p.at === 'room' ? t('room.title', { room: chat.places.called(p.room) }) : p.user}</bdi></b>
        <p class="cut">{day(m.time, chat.now.peek())} {clock(m.time)}</p>
      </header>
      <div class="scroll">
        {shown === 'failed' && <p class="search__told">{t('search.placeFailed')}</p>}
        <ol class="around__list">
          {all.map((x, i) => {
            const joins = all[i - 1]?.from === x.from && x.time - all[i - 1].time < 300_000
            return (
              <li key={x.seq} ref={x.seq === m.seq ? here : null} class={x.seq === m.seq ? 'around__hit' : ''} aria-current={x.seq === m.seq ? 'true' : undefined}>
                {joins ? <span /> : <Can name={x.from} size="m" />}
                <div>
                  {!joins && <p class="around__by"><b><bdi>{x.from}</bdi></b> <small>{clock(x.time)}</small></p>}
                  <p class="around__text" dir="auto">{x.seq === m.seq ? <Marked text={m.text} ranges={hit.ranges} /> : x.text || x.file?.name}</p>
                </div>
              </li>
            )
          })}
        </ol>
      </div>
    </aside>
  )
}
