import './search.css'
import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { clock, day, t } from '../i18n/format.ts'
import { moment } from '../i18n/moment.ts'
import * as platform from '../platform.ts'
import type { Chat } from '../store/chat.ts'
import { iconOf } from '../store/devices.ts'
import type { Hit } from '../store/hits.ts'
import { type Place, searchLink, write } from '../store/route.ts'
import { placeOf, Search as Searching } from '../store/search.ts'
import { excerpt, pieces, wordsOf } from '../store/sought.ts'
import { Around } from './around.tsx'
import { Box, Can } from './can.tsx'
import { Icon, IconButton } from './icon.tsx'
import { Narrow } from './narrow.tsx'
import { told } from './refusal.ts'

const searches = new WeakMap<Chat, Searching>() // what was found is there when somebody comes back to it

function searchOf(chat: Chat): Searching {
  const s = searches.get(chat) ?? new Searching({ ask: (topic, body) => chat.ask(topic, body), online: () => chat.line.peek().is === 'online', later: platform.later })
  searches.set(chat, s)
  return s
}

/** What was said, found by its words: in one place, or everywhere. */
export function Search({ chat, of, q }: { chat: Chat, of: Place | null, q: string }) {
  const s = searchOf(chat)
  const field = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const typed = useSignal(q)
  const online = useComputed(() => chat.line.value.is === 'online').value
  const links = () => [...list.current?.querySelectorAll<HTMLElement>('.hit') ?? []]

  const seek = (text: string, byKey: boolean, where = of) => {
    typed.value = text
    history.replaceState(history.state, '', searchLink(where, text))
    s.seek(where, text, byKey)
  }
  const narrow = (text: string) => {
    seek(text, false)
    field.current?.focus()
  }
  const scope = (where: Place | null) => {
    seek(typed.value, false, where)
    chat.view.value = { is: 'search', of: where, q: typed.value }
    field.current?.focus()
  }
  const leave = () => {
    if (history.length > 1) history.back()
    else location.hash = write(chat.places.place.value)
  }
  useEffect(() => {
    typed.value = q
    s.seek(of, q, false)
    const back = s.jumped ? links()[s.chosen.value] : undefined
    s.jumped = false
    if (list.current && back) list.current.scrollTop = s.scroll
    ;(back ?? field.current)?.focus({ preventScroll: true })
  }, [of, q])
  useEffect(() => { if (online) s.online() }, [online])
  useEffect(() => () => { s.scroll = list.current?.scrollTop ?? s.scroll }, [])

  const pressed = (e: KeyboardEvent) => {
    if (e.isComposing || e.ctrlKey || e.metaKey || e.altKey || (e.target as Element).closest('select')) return
    const all = links()
    const at = all.indexOf(document.activeElement as HTMLElement)
    if (e.key === 'ArrowDown' || (e.key === 'ArrowUp' && at >= 0)) {
      e.preventDefault()
      const next = e.key === 'ArrowDown' ? all[Math.min(at + 1, all.length - 1)] : at === 0 ? field.current : all[at - 1]
      next?.focus({ preventScroll: true })
      next?.scrollIntoView({ block: 'nearest' })
    } else if (e.key === 'Enter' && e.target === field.current) {
      e.preventDefault()
      if (s.is.value === 'there') all[s.chosen.value]?.click()
    } else if (e.key === 'Escape') {
      e.preventDefault()
      if (document.activeElement !== field.current || typed.value === '') leave()
      else seek('', false)
    }
  }
  const scrolled = () => {
    const box = list.current
    if (box && box.scrollHeight - box.scrollTop - box.clientHeight < box.clientHeight) void s.older()
  }
  const label = of === null ? t('search.everywhere') : of.at === 'room' ? t('search.inRoom', { room: chat.places.called(of.room) }) : t('search.withName', { name: of.user })
  const hits = s.hits.value
  const chosen = hits[Math.min(s.chosen.value, hits.length - 1)]
  return (
    <>
      <main class="main search" onKeyDown={pressed}>
        <h1 class="unseen">{label}</h1>
        <header class="search__head">
          <IconButton class="search__back" name="back" label={t('search.back')} onClick={leave} />
          <div class="search__field" role="search">
            <Icon name="search" />
            <input
              id="search" ref={field} type="search" aria-label={label} placeholder={label} value={typed.value} autocomplete="off" spellcheck={false}
              maxLength={200} dir="auto" enterkeyhint="search" onInput={(e) => seek(e.currentTarget.value, true)}
            />
            {typed.value !== '' && <IconButton name="x" label={t('search.clear')} onClick={() => { seek('', false); field.current?.focus() }} />}
          </div>
        </header>
        <Narrow chat={chat} of={of} text={typed.value} onScope={scope} onText={narrow} />
        <div class="scroll search__list" ref={list} onScroll={scrolled}>
          <Told s={s} of={of} onEverywhere={() => scope(null)} />
          <ul aria-busy={s.is.value === 'seeking'}>
            {hits.map((h, i) => <li key={`${write(placeOf(h.message, chat.me.value))} ${h.message.seq}`}><Found chat={chat} s={s} hit={h} index={i} /></li>)}
          </ul>
          {s.more.value && s.is.value === 'there' && <button type="button" class="button search__more" aria-disabled={s.adding.value} onClick={() => void s.older()}>{t(s.adding.value ? 'search.asking' : 'search.more')}</button>}
        </div>
      </main>
      {chosen && <Around chat={chat} s={s} hit={chosen} />}
    </>
  )
}

/** What there is to say about the search as a whole. */
function Told({ s, of, onEverywhere }: { s: Searching, of: Place | null, onEverywhere: () => void }) {
  const n = s.hits.value.length
  switch (s.is.value) {
    case 'idle':
      return (
        <div class="search__told">
          <p>{t('search.hint')}</p>
          <p><bdi><code>"hot glue"</code></bdi> <bdi><code>noz*</code></bdi> <bdi><code>from:ada</code></bdi> <bdi><code>in:lobby</code></bdi> <bdi><code>has:link</code></bdi> <bdi><code>before:2026-05-01</code></bdi></p>
        </div>
      )
    case 'offline': return <p class="search__told" role="status">{t('search.offline')}</p>
    case 'failed':
      return (
        <p class="search__told" role="alert">
          {t('search.failed')} {s.why.value && <bdi>{told(s.why.value)}</bdi>} <button type="button" class="link" onClick={() => s.again()}>{t('room.tryAgain')}</button>
        </p>
      )
    case 'seeking': return <p class="search__told" role="status">{n === 0 ? t('search.asking') : t('search.some', { n })}</p>
    default:
      if (n > 0) return <p class="search__told" role="status">{t(s.more.value ? 'search.some' : 'search.count', { n })}</p>
      return (
        <div class="search__told" role="status">
          <b>{t('search.none', { q: wordsOf(s.q) || s.q })}</b>
          <p>{t('search.noneHint')}</p>
          {of !== null && <button type="button" class="button" onClick={onEverywhere}>{t('search.everywhere')}</button>}
        </div>
      )
  }
}

/** One message that was found: who, where, when, and the words in it. It leads to its place. */
function Found({ chat, s, hit: { message: m, ranges }, index }: { chat: Chat, s: Searching, hit: Hit, index: number }) {
  const p = placeOf(m, chat.me.value)
  const c = chat.places.find(p.at === 'room' ? `room/${p.room}` : `user/${p.user}`)
  const device = c?.devicesKnown.value.has(m.from) === true
  const part = excerpt(m.text, ranges)
  const now = chat.now.peek()
  const when = new Date(now).toDateString() === new Date(m.time).toDateString() ? `${day(m.time, now)} ${clock(m.time)}` : day(m.time, now)
  const go = (e: MouseEvent) => {
    s.jumped = true
    s.chosen.value = index
    if (p.at === 'room' || e.ctrlKey || e.metaKey || e.shiftKey) return // the link itself leads there
    e.preventDefault() // a conversation with a member has no address for each message
    history.pushState(null, '', write(p))
    chat.view.value = { is: 'talk' }
    void chat.places.go(p).then(() => chat.places.show(chat.places.conversation({ user: p.user }), m.seq))
  }
  return (
    <a class="hit" href={write(p)} aria-current={s.chosen.value === index ? 'true' : undefined} onClick={go} onFocus={() => { s.chosen.value = index }} onPointerMove={() => { s.chosen.value = index }}>
      {device ? <Box icon={iconOf(c?.devices.peek().get(m.from) ?? { name: m.from, values: new Map() })} /> : <Can name={m.from} />}
      <span class="hit__body">
        <span class="hit__by"><b><bdi>{m.from}</bdi></b> <small><bdi>{p.at === 'room' ? t('room.title', { room: chat.places.called(p.room) }) : t('search.direct')}</bdi> · <time dateTime={new Date(m.time).toISOString()} title={moment(m.time)}>{when}</time></small></span>
        <span class="hit__text" dir="auto">{part.before && '…'}<Marked text={part.text} ranges={part.ranges} />{part.after && '…'}</span>
        {m.file && <small class="hit__file"><Icon name="save" /><bdi class="cut">{m.file.name}</bdi></small>}
      </span>
      <span class="hit__jump" aria-hidden="true">{t('search.jump')}</span>
    </a>
  )
}

/** A text with what was sought marked. */
export function Marked({ text, ranges }: { text: string, ranges: readonly (readonly [number, number])[] }) {
  return <>{pieces(text, ranges).map((p, i) => (p.marked ? <mark key={i}>{p.text}</mark> : p.text))}</>
}
