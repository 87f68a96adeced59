import './care.css'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { clock, span, t } from '../i18n/format.ts'
import { size } from '../i18n/size.ts'
import type { Chat } from '../store/chat.ts'
import { type Deed, deeds, type OpenRoom, openRooms, type Session, sessions } from '../store/ruled.ts'
import { Sanctions } from './care.tsx'
import { Box, Can } from './can.tsx'
import { Setting, Switch } from './control.tsx'
import { Dialog } from './dialog.tsx'
import { Limits } from './limits.tsx'
import { Names } from './names.tsx'
import { No } from './no.tsx'
import { askHost, useOrders } from './ordering.ts'
import { TakeRoom } from './take.tsx'
import { Tabs } from './tabs.tsx'

type Tab = 'sessions' | 'rooms' | 'names' | 'bans' | 'log'

const anew = 3000 // milliseconds after which sessions are asked for again: they come and go

/** What hosts see and decide about the server. */
export function Admin({ chat, onClose, onRoom }: { chat: Chat, onClose: () => void, onRoom: (room: string) => void }) {
  const tab = useSignal<Tab>('sessions')
  return (
    <Dialog id="admin" title={t('admin.title')} onClose={onClose}>
      <div class="care">
        <Tabs
          id="admin" label={t('admin.title')} chosen={tab.value} onChoose={(k) => { tab.value = k }}
          all={[{ key: 'sessions', words: t('admin.sessions') }, { key: 'rooms', words: t('admin.rooms') }, { key: 'names', words: t('admin.names') }, { key: 'bans', words: t('admin.bans') }, { key: 'log', words: t('admin.log') }]}
        />
        <div class="care" id="admin-in" role="tabpanel" aria-labelledby={`admin-${tab.value}`} tabIndex={-1}>
          {tab.value === 'sessions' && <Sessions chat={chat} />}
          {tab.value === 'rooms' && <Rooms chat={chat} onRoom={onRoom} />}
          {tab.value === 'names' && <Names chat={chat} />}
          {tab.value === 'bans' && <Bans chat={chat} />}
          {tab.value === 'log' && <Log chat={chat} />}
        </div>
      </div>
    </Dialog>
  )
}

/** Where I am signed in; for a host, the way to run the place. */
export function Mine({ chat, onAdmin }: { chat: Chat, onAdmin: () => void }) {
  useEffect(() => askHost(chat), [])
  return (
    <>
      <Sessions chat={chat} mine />
      {chat.server.host.value && <div class="card"><Setting label={t('admin.title')} hint={t('admin.hint')}><button type="button" class="button" onClick={onAdmin}>{t('settings.show')}</button></Setting></div>}
    </>
  )
}

/** Every session, with the way to end it; or, with mine, my own. */
function Sessions({ chat, mine }: { chat: Chat, mine?: boolean }) {
  const all = useSignal<Session[]>([])
  const sought = useSignal('')
  const { no, order } = useOrders(chat)
  const wanted = mine ? { name: 'me' } : { text: sought.value }
  const look = () => void order('sessions', wanted).then((a) => { if (a) all.value = sessions(a.sessions) })
  useEffect(() => {
    let here = true
    const again = () => {
      if (document.visibilityState === 'visible' && chat.line.peek().is === 'online') chat.order('sessions', wanted).then((a) => { if (here) all.value = sessions(a.sessions) }, () => {})
    }
    look()
    const timer = setInterval(again, anew)
    return () => {
      here = false
      clearInterval(timer)
    }
  }, [sought.value])
  const end = (s: Session) => void order('end', { session: s.id }).then((done) => { if (done) look() })
  const says = (s: Session) => [
    s.label, s.address, s.speaks, t('settings.since', { time: clock(s.since) }), ...(mine ? [] : [size(s.bytes)]),
  ].filter((x) => x !== '').join(' · ')
  return (
    <section class="care__group">
      {mine && <h3>{t('admin.mine')}</h3>}
      {!mine && <input class="care__field" type="search" aria-label={t('admin.find')} placeholder={t('admin.find')} value={sought.value} dir="auto" onInput={(e) => { sought.value = e.currentTarget.value }} />}
      <No text={no.value} />
      <div class="card">
        {all.value.map((s) => (
          <div class="care__line" key={s.id}>
            {s.device ? <Box icon="chip" size="s" /> : <Can name={s.name} size="s" />}
            <span class="care__words"><bdi class="cut">{s.name}</bdi><small>{says(s)}</small></span>
            {s.mine ? <small>{t('admin.this')}</small> : <button type="button" class="button care__bad" onClick={() => end(s)}>{t(mine ? 'nav.signOut' : 'admin.end')}</button>}
          </div>
        ))}
      </div>
    </section>
  )
}

/** The open rooms, and what is decided about all of them. */
function Rooms({ chat, onRoom }: { chat: Chat, onRoom: (room: string) => void }) {
  const rooms = useSignal<OpenRoom[]>([])
  const taken = useSignal('') // the room that is exported
  const hidden = useSignal(0)
  const readonly = useSignal(false)
  const allowed = useSignal<Record<string, unknown>>({})
  const said = useSignal(standing(chat)?.text ?? '')
  const { no, order } = useOrders(chat)
  const limits = (v: unknown) => {
    const f = (v ?? {}) as Record<string, unknown>
    readonly.value = f.readonly === true
    allowed.value = f
  }
  useEffect(() => void order('rooms').then((a) => {
    if (!a) return
    rooms.value = openRooms(a.rooms)
    hidden.value = Number((a.private as Record<string, unknown> | undefined)?.rooms ?? 0)
    limits(a.limits)
  }), [])
  const set = (what: string, how: object) => void order(what, how).then((a) => { if (a) limits(a.limits) })
  const notice = (e: Event, text: string) => {
    e.preventDefault()
    void order('notice', { text }).then((a) => { if (a) said.value = text })
  }
  const shown = standing(chat)
  return (
    <>
      <No text={no.value} />
      <div class="card">
        <Switch label={t('admin.readonly')} hint={t('admin.readonlyHint')} on={readonly.value} onChange={(on) => set('readonly', { on })} />
        <Switch label={t('admin.fixed')} on={allowed.value.fixed === true} onChange={(on) => set('limits', { on })} />
        <Limits is={allowed.value} onChange={(what, n) => set('limits', { [what]: n })} />
        <form class="setting" onSubmit={(e) => notice(e, said.value)}>
          <span class="setting__words"><span class="setting__label">{t('admin.notice')}</span><span class="setting__hint">{t('admin.noticeHint')}</span></span>
          <input class="care__field" value={said.value} maxLength={300} dir="auto" autocomplete="off" aria-label={t('admin.notice')} onInput={(e) => { said.value = e.currentTarget.value }} />
          <button type="submit" class="button" aria-disabled={said.value.trim() === ''}>{t('admin.say')}</button>
          {shown && <button type="button" class="button" onClick={(e) => notice(e, '')}>{t('care.takeBack')}</button>}
        </form>
      </div>
      <div class="card">
        {rooms.value.map((r) => (
          <div class="care__line" key={r.room}>
            <span class="care__words">
              <bdi class="cut">#{r.room}</bdi>
              <small>{[t('admin.inside', { n: r.people }), r.owner === '' ? '' : t('care.ownedBy', { name: r.owner }), r.closed ? t('care.closed') : ''].filter((s) => s !== '').join(' · ')}</small>
            </span>
            <span class="care__acts">
              <button type="button" class="button" aria-expanded={taken.value === r.room} onClick={() => { taken.value = taken.value === r.room ? '' : r.room }}>{t('take.title')}</button>
              <button type="button" class="button" onClick={() => onRoom(r.room)}>{t('admin.care')}</button>
            </span>
            {taken.value === r.room && <div class="care__more"><TakeRoom chat={chat} room={r.room} /></div>}
          </div>
        ))}
        {hidden.value > 0 && <p class="care__none">{t('admin.hidden', { n: hidden.value })}</p>}
      </div>
    </>
  )
}

/** What everyone is told now. */
function standing(chat: Chat) {
  return chat.server.acts.value.find((a) => a.what === 'notice')
}

/** Who is kept out of the server. */
function Bans({ chat }: { chat: Chat }) {
  const whom = useSignal('')
  const reason = useSignal('')
  const times = useSignal(0) // bans made here: the list is asked for anew
  const { no, order } = useOrders(chat)
  const ban = (e: Event) => {
    e.preventDefault()
    const x = whom.value.trim()
    if (x === '') return
    const place = /^[\d.:a-f]+(\/\d+)?$/i.test(x) && /[.:]/.test(x) ? { address: x } : { name: x }
    void order('ban', { ...place, reason: reason.value }).then((done) => { if (done) { whom.value = ''; times.value++ } })
  }
  return (
    <>
      <form class="card care__form" onSubmit={ban}>
        <input class="care__field" value={whom.value} maxLength={64} dir="auto" autocomplete="off" aria-label={t('admin.find')} placeholder={t('admin.find')} onInput={(e) => { whom.value = e.currentTarget.value }} />
        <input class="care__field" value={reason.value} maxLength={200} dir="auto" autocomplete="off" aria-label={t('person.reason')} placeholder={t('person.reason')} onInput={(e) => { reason.value = e.currentTarget.value }} />
        <button type="submit" class="button care__bad" aria-disabled={whom.value.trim() === ''}>{t('admin.ban')}</button>
      </form>
      <No text={no.value} />
      <Sanctions key={times.value} chat={chat} />
    </>
  )
}

/** What hosts have done, newest first. */
function Log({ chat }: { chat: Chat }) {
  const all = useSignal<Deed[]>([])
  const more = useSignal(false)
  const { no, order } = useOrders(chat)
  const look = () => void order('log', all.value.length > 0 ? { before: all.value[all.value.length - 1].seq } : {}).then((a) => {
    if (!a) return
    all.value = [...all.value, ...deeds(a.entries)]
    more.value = a.more === true
  })
  useEffect(look, [])
  return (
    <>
      <No text={no.value} />
      <div class="card">
        {all.value.length === 0 && <p class="care__none">{t('admin.nothing')}</p>}
        {all.value.map((d) => (
          <div class="care__line" key={d.seq}>
            <span class="care__words"><span><bdi>{d.by}</bdi> <code>{d.what}</code></span><small><bdi>{d.about}</bdi></small></span>
            <small><time dateTime={new Date(d.time).toISOString()}>{t('admin.ago', { span: span(Math.max(1000, chat.now.value - d.time)) })}</time></small>
          </div>
        ))}
      </div>
      {more.value && <button type="button" class="button" onClick={look}>{t('admin.older')}</button>}
    </>
  )
}
