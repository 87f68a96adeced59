import './control.css'
import './field.css'
import './welcome.css'
import { useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { t, tongue } from '../i18n/format.ts'
import { languages } from '../i18n/ownnames.ts'
import { coarse, later, place as placeName } from '../platform.ts'
import type { Chat } from '../store/chat.ts'
import { Entrance } from '../store/entrance.ts'
import { type Hint, hint, string, wantsSecret } from '../store/hint.ts'
import { knock } from '../store/knock.ts'
import { askHere, askName } from '../store/namecheck.ts'
import { hue } from './can.tsx'
import { Icon } from './icon.tsx'

/** The first visit: one field, one button. Whether the name is free is told while it is typed. */
export function Welcome({ chat }: { chat: Chat }) {
  const entrance = useMemo(() => new Entrance({
    person: chat.person,
    memory: chat.memory,
    check: (name) => askName(knock, name),
    here: () => askHere(knock),
    seal: async (name, typed) => (await import('../store/seal.ts')).sealFor(name, typed),
    later,
    fill: (b) => void crypto.getRandomValues(b),
  }), [])
  const field = entrance.field.value
  const secret = useSignal('')
  const folded = useSignal(true)
  const shown = useSignal(false)
  const remember = useSignal(true)
  const door = useSignal('')
  const code = useSignal<string | null>(null) // of another device; null: folded away
  const codeNo = useSignal('')
  const input = useRef<HTMLInputElement>(null)
  const secretInput = useRef<HTMLInputElement>(null)
  const say = hint(field)
  const owned = wantsSecret(field)
  const open = !folded.value || owned
  const name = field.value.trim()
  const place = chat.places.place.value
  const hidden = chat.memory.invitation().code !== '' // it leads into a private room, whose name is made of letters alone
  const target = place.at !== 'room' ? place.user : hidden ? '' : `#${place.room}`
  const here = entrance.here.value
  const shut = here?.door === true || say.say === 'door'
  const invited = place.at === 'room' && place.room !== 'lobby'
  const waits = field.joining ? chat.strip.value : 'none' // the attempt goes on by itself

  useEffect(() => {
    entrance.look()
    if (!coarse()) input.current?.focus()
    return entrance.close
  }, [])
  useEffect(() => {
    if (owned) folded.value = false // and stays open while another answer is waited for
  }, [owned])

  const knockAt = () => {
    chat.person.bringDoor(door.value)
    entrance.look()
    entrance.again()
  }
  const bring = (word: string) => {
    codeNo.value = ''
    void import('../store/errand.ts').then(({ bringCode }) => bringCode(chat, word)).then(async (then) => { if (then.state === 'no') codeNo.value = (await import('./refusal.ts')).told(then.no) })
  }
  const join = (e: Event) => {
    e.preventDefault()
    if (door.value !== '') knockAt()
    if (name === '') input.current?.focus()
    else entrance.join(secret.value, remember.value)
  }
  return (
    <div class="welcome">
      <main class="welcome__box">
        <Hero name={name} room={target} is={string(field)} />
        <div>
          <h1><bdi>{placeName()}</bdi></h1>
          {invited && <p class="welcome__tagline">{hidden ? t('welcome.toPrivate') : t('welcome.to', { room: place.room })}</p>}
          <p class="welcome__tagline">{here === undefined ? '\u00a0' : here && !here.door ? t('line.here', { people: here.people, devices: here.devices }) : !invited && t('welcome.tagline')}</p>
        </div>
        <form class="welcome__form" onSubmit={join}>
          {shut && (
            <div class="field">
              <label class="field__label" for="door">{t('welcome.door')}</label>
              <div class={`field__box ${say.say === 'door' ? 'field__box--bad' : ''}`}>
                <Icon name="key" />
                <input id="door" value={door.value} autocomplete="off" autocapitalize="none" spellcheck={false} maxLength={200} dir="auto" aria-describedby="door-hint" onInput={(e) => { door.value = e.currentTarget.value }} onChange={() => door.value !== '' && knockAt()} />
              </div>
              <p id="door-hint" class="hint">{t('name.door')}</p>
            </div>
          )}
          <div class="field">
            <label class="field__label" for="name">{t('welcome.ask')}</label>
            <div class={`field__box field__box--big ${tone(say) === 'bad' ? 'field__box--bad' : ''}`}>
              <input
                ref={input} id="name" value={field.value} placeholder={t('welcome.placeholder')} autocomplete="username" autocapitalize="words"
                spellcheck={false} enterkeyhint="go" maxLength={200} aria-describedby="name-hint" aria-invalid={tone(say) === 'bad'} dir="auto"
                onInput={(e) => entrance.type(e.currentTarget.value)}
              />
            </div>
            <p id="name-hint" class={`hint hint--reserve hint--${tone(say)}`} aria-live="polite">
              {tone(say) === 'bad' && <Icon name="warn" />}{tone(say) === 'ok' && <Icon name="ok" />}
              <span>{waiting(waits) || words(say)}</span>
            </p>
            {field.check && field.check.suggest.length > 0 && say.say !== 'free' && say.say !== 'joining' && (
              <div class="welcome__chips" role="group" aria-label={t('welcome.suggest')}>
                {field.check.suggest.map((s) => (
                  <button type="button" class="chip" key={s} onClick={() => { entrance.type(s); input.current?.focus() }}><bdi>{s}</bdi></button>
                ))}
              </div>
            )}
          </div>
          {open ? (
            <div class="field">
              <label class="field__label" for="secret">
                {owned ? t('welcome.secretFor', { name }) : <>{t('welcome.secret')} <small>{t('welcome.optional')}</small></>}
              </label>
              <div class="field__box">
                <Icon name="key" />
                <input
                  ref={secretInput} id="secret" type={(shown.value ? 'text' : 'password') as 'password'} value={secret.value} autocomplete="current-password"
                  enterkeyhint="go" maxLength={200} aria-describedby="secret-hint" onInput={(e) => { secret.value = e.currentTarget.value }}
                />
                <button type="button" class="field__show" aria-pressed={shown.value} onClick={() => { shown.value = !shown.value }}>
                  {t(shown.value ? 'welcome.hide' : 'welcome.show')}
                </button>
              </div>
              <p id="secret-hint" class="hint">{t(owned ? 'welcome.secretForHint' : 'welcome.secretHint', { name: name || t('welcome.you') })}</p>
            </div>
          ) : (
            <button type="button" class="welcome__more" aria-expanded={false} onClick={() => { folded.value = false; requestAnimationFrame(() => secretInput.current?.focus()) }}>
              <Icon name="key" />{t('welcome.keep')}
            </button>
          )}
          {code.value === null ? (
            <button type="button" class="welcome__more" aria-expanded={false} onClick={() => { code.value = ''; requestAnimationFrame(() => document.getElementById('code')?.focus()) }}>
              <Icon name="chip" />{t('welcome.code')}
            </button>
          ) : (
            <div class="field">
              <label class="field__label" for="code">{t('welcome.codeField')}</label>
              <div class="field__box">
                <input
                  id="code" value={code.value} autocomplete="one-time-code" autocapitalize="none" spellcheck={false} maxLength={20} dir="ltr" enterkeyhint="go" aria-describedby="code-hint"
                  onInput={(e) => { code.value = e.currentTarget.value }} onKeyDown={(e) => { if (e.key === 'Enter') { e.preventDefault(); bring(code.value ?? '') } }}
                />
                <button type="button" class="field__show" aria-disabled={code.value.trim() === ''} onClick={() => bring(code.value ?? '')}>{t('welcome.codeUse')}</button>
              </div>
              <p id="code-hint" class="hint hint--bad" role="alert">{codeNo.value}</p>
            </div>
          )}
          <label class="welcome__remember">
            <input type="checkbox" checked={remember.value} onChange={(e) => { remember.value = e.currentTarget.checked }} />
            {t('welcome.remember')}
          </label>
          <button class="button button--go welcome__join" aria-disabled={name === '' || field.joining}>
            {t(field.joining ? 'name.joining' : owned && secret.value !== '' ? 'welcome.joinSecret' : 'welcome.join')}
          </button>
        </form>
      </main>
      <footer class="welcome__foot">
        <span>{t('welcome.foot')}</span>
        <select class="select" aria-label={t('settings.language')} onChange={(e) => chat.settings.set({ language: e.currentTarget.value })}>
          {languages.map(({ code, name: own }) => <option key={code} value={code} lang={code} selected={code === tongue().language}>{own}</option>)}
        </select>
      </footer>
    </div>
  )
}

/** Two cans; the string between them tightens when the name is free. */
function Hero({ name, room, is }: { name: string, room: string, is: 'loose' | 'taut' | 'broken' }) {
  const d = { broken: 'M152 60Q220 128 288 60', taut: 'M152 60Q220 60 288 60', loose: 'M152 60Q220 84 288 60' }[is]
  const can = (label: string) => (
    <>
      <path d="M22 14h118c9 0 16 21 16 46s-7 46-16 46H22" fill="var(--tin-1)" stroke="var(--ink)" stroke-width="2.5" />
      <path class={label} d="M40 14h84c9 0 16 21 16 46s-7 46-16 46H40c9 0 16-21 16-46S49 14 40 14z" stroke="var(--ink)" stroke-width="2.5" />
      <ellipse cx="22" cy="60" rx="16" ry="46" fill="var(--tin-3)" stroke="var(--ink)" stroke-width="2.5" />
      <ellipse cx="22" cy="60" rx="11" ry="38" fill="none" stroke="var(--tin-2)" stroke-width="2" />
    </>
  )
  return (
    <svg class={`hero hero--${is}`} viewBox="0 0 440 120" role="img" aria-label={t('welcome.cans')}>
      <path class="hero__thread" d={d} />
      {can(name === '' ? 'hero__label--none' : `hero__label can--${hue(name)}`)}
      <g transform="translate(440 0) scale(-1 1)">{can('hero__act')}</g>
      <Written on="name" x={98} text={name} />
      <Written on="room" x={342} text={room} />
    </svg>
  )
}

/** A label on a can, smaller when it is long and cut when it is longer. */
function Written({ on, x, text }: { on: 'name' | 'room', x: number, text: string }) {
  const letters = [...text]
  const short = letters.length <= 10 ? text : `${letters.slice(0, 9).join('')}…`
  return <text class={`hero__text hero__text--${on} ${letters.length > 7 ? 'hero__text--small' : ''}`} x={x} y={letters.length > 7 ? 64 : 66}>{short}</text>
}

/** What is said while an attempt to join goes on by itself; empty: nothing but that. */
function waiting(strip: Chat['strip']['value']): string {
  if (strip === 'full') return t('strip.full')
  if (strip === 'busy') return t('strip.busy')
  return strip === 'offline' || strip === 'unreachable' ? t('strip.unreachable', { host: location.host }) : ''
}

function tone(h: Hint): 'ok' | 'bad' | 'plain' {
  if (h.say === 'free') return 'ok'
  return h.say === 'rules' || h.say === 'checking' || h.say === 'joining' ? 'plain' : 'bad'
}

function words(h: Hint): string {
  switch (h.say) {
    case 'rules': return t('name.rules')
    case 'checking': return t('name.checking')
    case 'joining': return t('name.joining')
    case 'free': return t('name.free', { name: h.name })
    case 'taken': return t('name.taken', { name: h.name })
    case 'held': return t('name.held', { name: h.name })
    case 'registered': return t('name.registered', { name: h.name })
    case 'locked': return t('name.locked')
    case 'door': return t('name.door')
    case 'alike': return t('name.alike', { name: h.name, other: h.other })
    case 'wrong-secret': return t('name.wrong', { name: h.name })
    case 'long': return t('name.long', { n: h.over })
    case 'characters': return t('name.characters')
    case 'reserved': return t('name.reserved')
    case 'invalid': return h.text || t('name.invalid')
    case 'too-many-tries': return t('name.tries')
    case 'full': return t('name.full')
    case 'stopping': return t('name.stopping')
    case 'refused': return t('name.refused', { text: h.text })
  }
}
