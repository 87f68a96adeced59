import './care.css'
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { span, t } from '../i18n/format.ts'
import type { About } from '../mqtt/parse.ts'
import { roomSlug } from '../mqtt/topics.ts'
import type { Chat } from '../store/chat.ts'
import { link } from '../store/invite.ts'
import { kept } from '../store/kept.ts'
import { lobby } from '../store/rooms.ts'
import { write } from '../store/route.ts'
import { type Sanction, sanctions } from '../store/ruled.ts'
import { Attendance } from './attendance.tsx'
import { Can } from './can.tsx'
import { Select, Setting, Switch } from './control.tsx'
import { CopyButton } from './copy.tsx'
import { Dialog } from './dialog.tsx'
import { No } from './no.tsx'
import { askHost, useOrders } from './ordering.ts'
import { Hosting } from './person.tsx'
import { useReach } from './reach.ts'
import { end } from './refusal.ts'
import { TakeRoom } from './take.tsx'

const unknown: Omit<About, 'room'> = { title: '', topic: '', owner: '', hosts: [], hidden: false, members: [], code: false, handout: false, slow: 0, closed: false, cleared: 0, undo: false, keep: null }

/** What a room is, who is in it and who runs it; for those who do, what they decide. */
export function Care({ chat, room, onClose }: { chat: Chat, room: string, onClose: () => void }) {
  const a = chat.places.find(`room/${room}`)?.about.value ?? { room, ...unknown }
  const runs = chat.runs(room)
  const owns = a.owner === chat.me.value || (!a.hidden && chat.server.host.value)
  const { no, order } = useOrders(chat)
  const rule = (what: string, body: object = {}) => order(what, { room, ...body })
  const title = useSignal(a.title)
  const topic = useSignal(a.topic)
  useEffect(() => askHost(chat), [])
  const described = (e: Event) => {
    e.preventDefault()
    void rule('describe', { title: title.value, topic: topic.value })
  }
  const { days } = kept(a.keep)
  const stands = room !== lobby
  const gone = (done: unknown) => {
    if (!done) return
    const home = { at: 'room', room: lobby, seq: 0 } as const
    history.replaceState(null, '', write(home)) // the way back does not lead to what is no more
    chat.go(home)
    chat.places.leave(room)
  }
  return (
    <Dialog id="care" title={t('care.title', { room: chat.places.called(room) })} onClose={onClose}>
      <div class="care">
        <No text={no.value} />
        {a.owner !== '' && <p>{t('care.ownedBy', { name: a.owner })}</p>}
        {runs && (
          <form class="card" onSubmit={described}>
            {a.hidden && <Field label={t('newroom.name')} value={title.value} most={48} onInput={(v) => { title.value = v }} />}
            <Field label={t('newroom.about')} value={topic.value} most={200} onInput={(v) => { topic.value = v }} />
            <div class="care__form"><button type="submit" class="button" aria-disabled={title.value === a.title && topic.value === a.topic}>{t('care.save')}</button></div>
          </form>
        )}
        {a.hidden && <Members chat={chat} a={a} runs={runs} owns={owns} rule={rule} />}
        {a.hidden && runs && <Code chat={chat} a={a} rule={rule} />}
        {runs && (
          <Group title={t('care.rules')}>
            <Switch label={t('care.handout')} hint={t('care.handoutHint')} on={a.handout} onChange={(on) => void rule('handout', { on })} />
            <Select
              label={t('care.slow')} hint={t('care.slowHint')} value={String(a.slow)} onChange={(s) => void rule('slow', { for: s === '0' ? '0' : `${s}s` })}
              all={[['0', t('care.off')], ...[...new Set([10, 30, 60, 300, 900, a.slow])].filter((n) => n > 0).sort((x, y) => x - y).map((n) => [String(n), span(n * 1000)] as const)]}
            />
            <Select
              label={t('care.keep')} value={String(days)} onChange={(days) => void rule('keep', { days: Number(days) })}
              all={[['0', t('care.forEver')], ...[...new Set([1, 7, 30, 90, 365, days])].filter((n) => n > 0).sort((x, y) => x - y).map((n) => [String(n), span(n * 86_400_000)] as const)]}
            />
          </Group>
        )}
        {runs && (
          <Group title={t('care.order')}>
            {stands && (a.closed
              ? <Setting note label={t('care.closed')} hint={t('care.closeHint')}><button type="button" class="button" onClick={() => void rule('open')}>{t('care.reopen')}</button></Setting>
              : <Setting label={t('care.close')} hint={t('care.closeHint')}><button type="button" class="button care__bad" onClick={() => void rule('close')}>{t('care.close')}</button></Setting>)}
            {a.undo
              ? <Setting note label={t('care.cleared')} hint={t('care.clearHint')}><button type="button" class="button" onClick={() => void rule('unclear')}>{t('care.undo')}</button></Setting>
              : <Setting label={t('care.clear')} hint={t('care.clearHint')}><button type="button" class="button care__bad" onClick={() => void rule('clear')}>{t('care.clear')}</button></Setting>}
            {stands && <Rename room={room} rule={rule} />}
          </Group>
        )}
        {runs && <Sanctions chat={chat} room={room} />}
        {runs && <Attendance chat={chat} room={room} />}
        {runs && <Group title={t('take.title')}><TakeRoom chat={chat} room={room} /></Group>}
        {(a.hidden || (owns && stands)) && (
          <Group title={t('care.end')}>
            {a.hidden && <Sure label={t('care.leave')} hint={t('care.leaveHint')} sure={t('care.leave')} onSure={() => void rule('leave').then(gone)} />}
            {owns && stands && <Sure label={t('care.dissolve')} hint={t('care.dissolveHint')} sure={t('care.dissolveSure', { room: chat.places.called(room) })} onSure={() => void rule('dissolve').then(gone)} />}
          </Group>
        )}
      </div>
    </Dialog>
  )
}

type Rule = (what: string, body?: object) => Promise<Record<string, unknown> | null>

function Group({ title, children }: { title: string, children: ComponentChildren }) {
  return <section class="care__group"><h3>{title}</h3><div class="card">{children}</div></section>
}

function Field({ label, value, most, onInput }: { label: string, value: string, most: number, onInput: (v: string) => void }) {
  return (
    <label class="setting">
      <span class="setting__label">{label}</span>
      <input class="care__field" value={value} maxLength={most} dir="auto" autocomplete="off" onInput={(e) => onInput(e.currentTarget.value)} />
    </label>
  )
}

/** Who is in a private room. */
function Members({ chat, a, runs, owns, rule }: { chat: Chat, a: About, runs: boolean, owns: boolean, rule: Rule }) {
  const name = useSignal('')
  const invite = (e: Event) => {
    e.preventDefault()
    if (name.value.trim() !== '') void rule('invite', { name: name.value }).then((done) => { if (done) name.value = '' })
  }
  const says = (n: string) => (n === a.owner ? t('care.owner') : a.hosts.includes(n) ? t('care.host') : '')
  return (
    <section class="care__group">
      <h3>{t('care.members')}</h3>
      <div class="card">
        {a.members.map((n) => (
          <div class="care__line" key={n}>
            <Can name={n} size="s" /><span class="care__words"><bdi class="cut">{n}</bdi>{says(n) !== '' && <small>{says(n)}</small>}</span>
            {runs && n !== chat.me.value && n !== a.owner && (
              <span class="care__acts">
                {owns && <button type="button" class="button" onClick={() => void rule('handover', { name: n })}>{t('care.handover')}</button>}
                {owns && <button type="button" class="button" onClick={() => void rule(a.hosts.includes(n) ? 'uncohost' : 'cohost', { name: n })}>{t(a.hosts.includes(n) ? 'care.uncohost' : 'care.cohost')}</button>}
                <Hosting chat={chat} room={a.room} name={n} />
              </span>
            )}
          </div>
        ))}
        {runs && (
          <form class="care__form" onSubmit={invite}>
            <input class="care__field" list="care-names" value={name.value} maxLength={64} dir="auto" autocomplete="off" aria-label={t('care.invite')} placeholder={t('care.invite')} onInput={(e) => { name.value = e.currentTarget.value }} />
            <datalist id="care-names">{around(chat, a).map((n) => <option key={n} value={n} />)}</datalist>
            <button type="submit" class="button" aria-disabled={name.value.trim() === ''}>{t('care.inviteDo')}</button>
          </form>
        )}
      </div>
    </section>
  )
}

/** Who could be invited: people who are in a room with me. */
function around(chat: Chat, a: About): string[] {
  const all = chat.places.rooms.value.joined.flatMap((r) => [...chat.places.find(`room/${r}`)?.roster.value.members.values() ?? []])
  return [...new Set(all.filter((m) => m.kind === 'person').map((m) => m.name))].filter((n) => !a.members.includes(n)).sort()
}

/** The code that lets into a private room. */
function Code({ chat, a, rule }: { chat: Chat, a: About, rule: Rule }) {
  const code = useSignal('')
  const shown = useRef<HTMLElement>(null)
  useEffect(() => {
    if (a.code && code.value === '') void rule('card').then((c) => { code.value = typeof c?.code === 'string' ? c.code : '' })
  }, [a.code])
  const set = (on: boolean) => void rule('code', on ? {} : { on: false }).then((c) => { if (c) code.value = typeof c.code === 'string' ? c.code : '' })
  const to = link(useReach(), a.room, code.value)
  return (
    <Group title={t('care.code')}>
      <Setting label={code.value === '' ? t('care.codeNone') : t('care.codeIs')} hint={t('care.codeHint')}>
        {code.value !== '' && <code class="care__code" dir="ltr">{code.value}</code>}
        <button type="button" class="button" onClick={() => set(true)}>{t('care.codeNew')}</button>
        {code.value !== '' && <button type="button" class="button" onClick={() => set(false)}>{t('care.codeOff')}</button>}
      </Setting>
      {code.value !== '' && chat.line.value.is === 'online' && (
        <div class="care__line"><code class="care__words" dir="ltr" ref={shown}><small>{to}</small></code><CopyButton text={to} label={t('menu.link')} shows={shown} /></div>
      )}
    </Group>
  )
}

function Rename({ room, rule }: { room: string, rule: Rule }) {
  const to = useSignal('')
  const slug = roomSlug(to.value)
  const rename = (e: Event) => {
    e.preventDefault()
    if (slug !== undefined) void rule('rename', { to: slug })
  }
  return (
    <form class="setting" onSubmit={rename}>
      <span class="setting__words"><span class="setting__label">{t('care.rename')}</span><span class="setting__hint">{t('care.renameHint')}</span></span>
      <span class="care__acts">
        <input class="care__field" value={to.value} maxLength={48} dir="auto" autocomplete="off" aria-label={t('care.rename')} placeholder={room} onInput={(e) => { to.value = e.currentTarget.value }} />
        <button type="submit" class="button" aria-disabled={slug === undefined}>{t('care.rename')}</button>
      </span>
    </form>
  )
}

/** Something that is asked once more, where it stands. */
function Sure({ label, hint, sure, onSure }: { label: string, hint: string, sure: string, onSure: () => void }) {
  const asked = useSignal(false)
  return (
    <Setting label={label} hint={hint} note={asked.value}>
      {asked.value
        ? <><button type="button" class="button care__bad" onClick={onSure}>{sure}</button><button type="button" class="button" ref={(el) => el?.focus()} onClick={() => { asked.value = false }}>{t('care.stay')}</button></>
        : <button type="button" class="button care__bad" onClick={() => { asked.value = true }}>{label}</button>}
    </Setting>
  )
}

/** Who is muted and banned, in a room or, without one, on the server; and the way to take it back. */
export function Sanctions({ chat, room }: { chat: Chat, room?: string }) {
  const all = useSignal<Sanction[] | null>(null)
  const { no, order } = useOrders(chat)
  const where = room === undefined ? {} : { room }
  const look = () => void order('bans', where).then((a) => { if (a) all.value = sanctions(a) })
  useEffect(look, [room])
  const back = (s: Sanction) => {
    const whom = s.name !== '' ? { name: s.name } : s.address !== '' ? { address: s.address } : { client: s.client }
    void order(s.kind === 'mute' ? 'unmute' : 'unban', { ...where, ...whom }).then((done) => { if (done) look() })
  }
  const says = (s: Sanction) => [
    t(s.kind === 'mute' ? 'care.muted' : 'care.banned'), s.until > 0 ? t('care.until', { time: end(s.until) }) : t('care.forGood'), s.by, s.reason === '' ? '' : `“${s.reason}”`,
  ].filter((x) => x !== '').join(' · ')
  return (
    <Group title={t('care.sanctions')}>
      {all.value?.length === 0 && <p class="care__none">{t('care.none')}</p>}
      {all.value?.map((s) => (
        <div class="care__line" key={`${s.kind} ${s.name} ${s.address} ${s.client}`}>
          <span class="care__words"><bdi class="cut">{s.name || s.address || s.client}</bdi><small>{says(s)}</small></span>
          <button type="button" class="button" onClick={() => back(s)}>{t('care.takeBack')}</button>
        </div>
      ))}
      <No text={no.value} />
    </Group>
  )
}
