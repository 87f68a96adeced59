import './account.css'
import './field.css'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import { place } from '../platform.ts'
import { to } from '../mqtt/topics.ts'
import type { Chat } from '../store/chat.ts'
import { typed } from '../store/invite.ts'
import { sealFor } from '../store/seal.ts'
import { QrCode } from './code.tsx'
import { Setting } from './control.tsx'
import { CopyButton } from './copy.tsx'
import { Icon } from './icon.tsx'
import { told } from './refusal.ts'
import { useReach } from './reach.ts'

const least = 8 // letters of a passphrase

/** What the server knows of me. */
interface Me {
  kept: boolean
  secret: boolean
  host: boolean
}

/** The name I go by, and what makes it mine: its passphrase, my other devices, and whether I am a host. */
export function Account({ chat }: { chat: Chat }) {
  const me = useSignal<Me | null>(null)
  const open = useSignal<'' | 'keep' | 'change' | 'give-up' | 'code' | 'host'>('')
  const said = useSignal('')
  const online = chat.line.value.is === 'online'
  const name = chat.me.value
  const look = async () => {
    const a = await chat.order('show', {}, to.account)
    me.value = { kept: a.kept === true, secret: a.secret === true, host: a.host === true }
  }
  useEffect(() => { if (online) look().catch(() => {}) }, [online, name, chat.server.host.value])
  const show = (what: typeof open.value) => () => {
    open.value = open.value === what ? '' : what
    said.value = ''
  }
  const done = (words: string) => {
    open.value = ''
    said.value = words
    void look().catch(() => {})
  }
  const m = me.value
  if (!m || !m.secret) return null
  return (
    <>
      {m.kept ? (
        <Setting label={t('account.kept', { name })} hint={t('account.keptHint')}>
          <button type="button" class="button" aria-expanded={open.value === 'change'} onClick={show('change')}>{t('account.change')}</button>
          <button type="button" class="button" aria-expanded={open.value === 'give-up'} onClick={show('give-up')}>{t('account.giveUp')}</button>
        </Setting>
      ) : (
        <Setting label={t('account.keep')} hint={t('account.keepHint', { name })}>
          <button type="button" class="button button--go" aria-expanded={open.value === 'keep'} onClick={show('keep')}>{t('account.choose')}</button>
        </Setting>
      )}
      {(open.value === 'keep' || open.value === 'change') && <Passphrase chat={chat} change={m.kept} onDone={() => done(t('account.done', { name }))} />}
      {open.value === 'give-up' && <GiveUp chat={chat} onDone={() => done(t('account.gaveUp', { name }))} />}
      {said.value !== '' && <p class="account__said" role="status"><Icon name="ok" />{said.value}</p>}
      <Setting label={t('account.other')} hint={t('account.otherHint', { name })}>
        <button type="button" class="button" aria-expanded={open.value === 'code'} onClick={show('code')}>{t('account.showCode')}</button>
      </Setting>
      {open.value === 'code' && <Code chat={chat} />}
      {m.host && (
        <Setting label={t('account.host')} hint={t('account.hostHint', { place: place() })}>
          <button type="button" class="button" aria-expanded={open.value === 'host'} onClick={show('host')}>{t('account.inviteHost')}</button>
        </Setting>
      )}
      {open.value === 'host' && <HostLink chat={chat} />}
    </>
  )
}

/** A field for a passphrase. */
function Secret({ id, label, value, complete, onInput }: { id: string, label: string, value: string, complete: 'current-password' | 'new-password', onInput: (v: string) => void }) {
  const shown = useSignal(false)
  return (
    <div class="field">
      <label class="field__label" for={id}>{label}</label>
      <div class="field__box">
        <Icon name="key" />
        <input id={id} type={(shown.value ? 'text' : 'password') as 'password'} value={value} autocomplete={complete} maxLength={200} onInput={(e) => onInput(e.currentTarget.value)} />
        <button type="button" class="field__show" aria-pressed={shown.value} onClick={() => { shown.value = !shown.value }}>{t(shown.value ? 'welcome.hide' : 'welcome.show')}</button>
      </div>
    </div>
  )
}

/** A form that asks the server something, and says what comes of it. */
function useAsking(f: () => Promise<void>) {
  const state = useSignal<'' | 'busy' | { text: string }>('')
  const ask = (e: Event) => {
    e.preventDefault()
    if (state.value === 'busy') return
    state.value = 'busy'
    f().then(() => { state.value = '' }, (no) => { state.value = { text: no instanceof Said ? no.message : told(no) } })
  }
  return { ask, busy: state.value === 'busy', text: typeof state.value === 'object' ? state.value.text : '' }
}

/** Something is to be mended before the server is asked. */
class Said extends Error {}

function Passphrase({ chat, change, onDone }: { chat: Chat, change: boolean, onDone: () => void }) {
  const old = useSignal('')
  const one = useSignal('')
  const again = useSignal('')
  const { ask, busy, text } = useAsking(async () => {
    if ([...one.value].length < least) throw new Said(t('account.short', { n: least }))
    if (one.value !== again.value) throw new Said(t('account.differ'))
    const secret = await sealFor(chat.me.value, one.value, true)
    await chat.ask(to.account, { do: 'keep', secret, ...(change && { old: await sealFor(chat.me.value, old.value, true) }) })
    const me = chat.person.identity
    if (me) await chat.person.become({ ...me, secret, chosen: true })
    onDone()
  })
  return (
    <form class="account__form" onSubmit={ask}>
      <input class="unseen" type="text" autocomplete="username" value={chat.me.value} readOnly tabIndex={-1} aria-hidden="true" />
      {change && <Secret id="old-phrase" label={t('account.old')} value={old.value} complete="current-password" onInput={(v) => { old.value = v }} />}
      <Secret id="phrase" label={t('account.phrase')} value={one.value} complete="new-password" onInput={(v) => { one.value = v }} />
      <Secret id="phrase-again" label={t('account.again')} value={again.value} complete="new-password" onInput={(v) => { again.value = v }} />
      <p class="hint">{t('account.lost')}</p>
      <p class="hint hint--bad" role="alert">{text}</p>
      <div class="account__acts"><button class="button button--go" aria-disabled={busy}>{t(busy ? 'account.moment' : change ? 'account.change' : 'account.keepNow')}</button></div>
    </form>
  )
}

function GiveUp({ chat, onDone }: { chat: Chat, onDone: () => void }) {
  const old = useSignal('')
  const { ask, busy, text } = useAsking(async () => {
    await chat.ask(to.account, { do: 'give-up', old: await sealFor(chat.me.value, old.value, true) })
    onDone()
  })
  return (
    <form class="account__form" onSubmit={ask}>
      <p class="hint">{t('account.giveUpHint', { name: chat.me.value })}</p>
      <Secret id="old-phrase" label={t('account.old')} value={old.value} complete="current-password" onInput={(v) => { old.value = v }} />
      <p class="hint hint--bad" role="alert">{text}</p>
      <div class="account__acts"><button class="button settings__bad" aria-disabled={busy}>{t(busy ? 'account.moment' : 'account.giveUp')}</button></div>
    </form>
  )
}

/** A code for another device of mine: to scan, or to type there. It is void when this closes. */
function Code({ chat }: { chat: Chat }) {
  const code = useSignal('')
  const text = useSignal('')
  const address = useReach()
  const used = chat.handed.value // how often a code of mine was used
  const before = useRef(used)
  useEffect(() => {
    chat.order('code', { secret: chat.person.identity?.secret ?? '' }, to.account).then((a) => {
      if (typeof a.code === 'string') code.value = a.code
    }, (e) => { text.value = told(e) })
    return () => { chat.ask(to.account, { do: 'withdraw' }).catch(() => {}) }
  }, [])
  if (used !== before.current) return <p class="account__said" role="status"><Icon name="ok" />{t('account.used', { name: chat.me.value })}</p>
  if (text.value !== '') return <p class="hint hint--bad" role="alert">{text.value}</p>
  if (code.value === '') return <p class="hint">{t('account.moment')}</p>
  return (
    <div class="account__code">
      {address !== '' && <QrCode link={`${address}/#/code/${code.value}`} />}
      <div>
        <p>{t('account.codeHow', { address: typed(address) })}</p>
        <b class="account__letters" dir="ltr">{code.value.slice(0, 4)}-{code.value.slice(4)}</b>
        <p class="hint">{t('account.codeHint')}</p>
      </div>
    </div>
  )
}

/** A link that makes whoever opens it first a host. */
function HostLink({ chat }: { chat: Chat }) {
  const token = useSignal('')
  const text = useSignal('')
  const shown = useRef<HTMLElement>(null)
  const address = useReach()
  useEffect(() => {
    chat.order('host').then((a) => {
      if (typeof a.token === 'string') token.value = a.token
    }, (e) => { text.value = told(e) })
  }, [])
  if (text.value !== '') return <p class="hint hint--bad" role="alert">{text.value}</p>
  if (token.value === '' || address === '') return <p class="hint">{t('account.moment')}</p>
  const link = `${address}/#/host/${token.value}`
  return (
    <div class="account__form">
      <p class="hint">{t('account.hostLinkHint')}</p>
      <code class="account__link" dir="ltr" ref={shown}>{link}</code>
      <div class="account__acts"><CopyButton text={link} label={t('share.copy')} shows={shown} /></div>
    </div>
  )
}
