import './trouble.css'
import { useSignal } from '@preact/signals'
import { clock, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { End } from '../store/line.ts'
import { Icon } from './icon.tsx'
import { Strip, wasRestarted } from './later.ts' // what is there already
import { told } from './refusal.ts'
import type { Action } from './strip.tsx'

/** What is seldom to be said: that the line is back, why a session ended, what is full, what this browser does not keep. */
export function Trouble({ chat }: { chat: Chat }) {
  const { end } = chat.line.value
  const strip = chat.strip.value
  const c = chat.places.current.value
  const room = 'room' in c.to ? c.to.room : ''
  const again: Action[] = [[t('strip.try'), () => chat.tryNow()]]
  const told = chat.server.acts.value.some((a) => a.room === room && /^(remove|ban|close|dissolve)$/.test(a.what)) // by whom and why, which says more
  const barred = told ? 0 : c.barred.value
  return (
    <>
      {strip === 'back' && <Back chat={chat} />}
      {strip !== 'back' && wasRestarted(chat) && <Strip tone="plain" icon="clock" text={restarted(chat)} />}
      {strip === 'ended' && end && <Ended chat={chat} end={end} />}
      {strip === 'full' && <Strip tone="warn" icon="people" text={t('strip.full')} actions={again} />}
      {strip === 'busy' && <Strip tone="warn" icon="clock" text={t('strip.busy')} actions={again} />}
      {chat.post.isHeld() && <Strip tone="bad" icon="warn" text={t('send.full')} />}
      {chat.keeping.value === 'full' && <Strip tone="warn" icon="warn" text={t('strip.noSpace')} />}
      {chat.keeping.value === 'nothing' && chat.wouldLose() && <Strip tone="warn" icon="warn" text={t('strip.noMemory')} />}
      {barred !== 0 && <Strip tone="bad" icon="warn" text={t(barred === 0x83 ? 'strip.barredSoon' : barred === 0x87 ? 'strip.notIn' : 'strip.barred', { room: chat.places.called(room) })} />}
    </>
  )
}

function restarted(chat: Chat): string {
  return wasRestarted(chat) ? t('strip.restarted', { time: clock(chat.server.restarted.value?.since ?? 0) }) : ''
}

/** The line is there again: what went out, and what came meanwhile. */
function Back({ chat }: { chat: Chat }) {
  const c = chat.places.current.value
  const cut = c.cut.value
  const back = chat.line.value.back
  const me = chat.me.value
  const n = cut ? cut.until - cut.after - c.log.value.filter((m) => m.seq > cut.after && m.seq <= cut.until && m.from === me).length : 0
  const text = [back?.slow ? t('strip.cut') : t('strip.back', { n: back?.sent ?? 0 }), restarted(chat)].filter((s) => s !== '').join(' ')
  const show: Action[] = cut && n > 0 ? [[t('room.jump', { n }), () => { c.wish.value = { way: 'cut', seq: cut.after } }]] : []
  return <Strip tone="ok" icon="ok" text={text} actions={show} />
}

function Ended({ chat, end }: { chat: Chat, end: End }) {
  const back: Action = [t('strip.comeBack'), () => chat.tryNow()]
  const other: Action = [t('strip.other'), () => void chat.person.otherName()]
  switch (end.why) {
    case 'taken-over': return <Strip tone="warn" icon="people" text={t('strip.takenOver', { name: chat.me.value })} actions={[[t('strip.continue'), () => chat.tryNow()], other]} />
    case 'name': return <Lost chat={chat} end={end} />
    case 'kicked': return <Strip tone="bad" icon="warn" text={t('strip.kicked', { text: told(end) })} actions={[back, other]} />
    case 'refused': return <Strip tone="bad" icon="warn" text={t('strip.refused', { text: told(end) })} actions={[back, other]} />
  }
}

/** The name is somebody else's now: its secret, or another name. What was written stays in sight. */
function Lost({ chat, end }: { chat: Chat, end: End }) {
  const secret = useSignal('')
  const name = chat.me.value
  const come = (e: Event) => {
    e.preventDefault()
    const me = chat.person.identity
    if (me && secret.value !== '') void import('../store/seal.ts').then((m) => m.sealFor(me.name, secret.value)).then((sealed) => chat.person.become({ ...me, secret: sealed, chosen: true }), () => {})
  }
  return (
    <div class="lost" role="group" aria-labelledby="lost">
      <h2 id="lost" class="lost__title">{t('lost.title', { name })}</h2>
      <p>{t(end.reason === 'too-many-tries' ? 'name.tries' : 'lost.text', { name })}</p>
      <label class="lost__field">
        <Icon name="key" /><span class="unseen">{t('welcome.secretFor', { name })}</span>
        <input
          type="password" value={secret.value} placeholder={t('welcome.secretFor', { name })} autocomplete="current-password" enterkeyhint="go" maxLength={200}
          onInput={(e) => { secret.value = e.currentTarget.value }} onKeyDown={(e) => { if (e.key === 'Enter') come(e) }}
        />
      </label>
      <div class="lost__acts">
        <button type="button" class="button button--go" aria-disabled={secret.value === ''} onClick={come}>{t('lost.comeIn')}</button>
        <button type="button" class="button" onClick={() => void chat.person.otherName()}>{t('strip.other')}</button>
      </div>
    </div>
  )
}
