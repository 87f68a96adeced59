import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { type KeptName, keptNames } from '../store/ruled.ts'
import { Can } from './can.tsx'
import { CopyButton } from './copy.tsx'
import { No } from './no.tsx'
import { useOrders } from './ordering.ts'

/** The names that are kept for good; to keep one for somebody, to help who has lost its passphrase, to let one go. */
export function Names({ chat }: { chat: Chat }) {
  const all = useSignal<KeptName[] | null>(null)
  const name = useSignal('')
  const phrase = useSignal<{ name: string, words: string } | null>(null) // it is nowhere else
  const asked = useSignal<{ name: string, what: 'reset' | 'release' } | null>(null)
  const { no, busy, order } = useOrders(chat)
  const look = () => void order('names').then((a) => { if (a) all.value = keptNames(a.names) })
  useEffect(look, [])
  const decide = (what: 'register' | 'reset' | 'release', whom: string) => void order(what, { name: whom }).then((a) => {
    asked.value = null
    if (!a) return
    if (typeof a.passphrase === 'string') phrase.value = { name: whom, words: a.passphrase }
    if (what === 'register') name.value = ''
    look()
  })
  const register = (e: Event) => {
    e.preventDefault()
    if (name.value.trim() !== '' && !busy.value) decide('register', name.value.trim())
  }
  const says = (n: KeptName) => [n.host ? t('care.host') : '', n.here ? t('names.here') : ''].filter((s) => s !== '').join(' · ')
  return (
    <>
      <p>{t('names.hint')}</p>
      <form class="card care__form" onSubmit={register}>
        <input class="care__field" value={name.value} maxLength={64} dir="auto" autocomplete="off" aria-label={t('names.new')} placeholder={t('names.new')} onInput={(e) => { name.value = e.currentTarget.value }} />
        <button type="submit" class="button" aria-disabled={name.value.trim() === '' || busy.value}>{t('account.keepNow')}</button>
      </form>
      <No text={no.value} />
      {phrase.value && <Phrase {...phrase.value} onTold={() => { phrase.value = null }} />}
      <div class="card">
        {all.value === null && no.value === '' && <p class="care__none">{t('account.moment')}</p>}
        {all.value?.length === 0 && <p class="care__none">{t('names.none')}</p>}
        {all.value?.map((n) => (
          <div class="care__line" key={n.name}>
            <Can name={n.name} size="s" /><span class="care__words"><bdi class="cut">{n.name}</bdi>{says(n) !== '' && <small>{says(n)}</small>}</span>
            {asked.value?.name === n.name
              ? (
                <>
                  <p class="names__sure">{t(asked.value.what === 'reset' ? 'names.resetSure' : 'names.releaseSure', { name: n.name })}</p>
                  <span class="care__acts">
                    <button type="button" class="button care__bad" aria-disabled={busy.value} onClick={() => asked.value && decide(asked.value.what, n.name)}>{t(asked.value.what === 'reset' ? 'names.reset' : 'names.release')}</button>
                    <button type="button" class="button" ref={(el) => el?.focus()} onClick={() => { asked.value = null }}>{t('care.stay')}</button>
                  </span>
                </>
              )
              : (
                <span class="care__acts">
                  <button type="button" class="button" onClick={() => { asked.value = { name: n.name, what: 'reset' } }}>{t('names.reset')}</button>
                  <button type="button" class="button care__bad" onClick={() => { asked.value = { name: n.name, what: 'release' } }}>{t('names.release')}</button>
                </span>
              )}
          </div>
        ))}
      </div>
    </>
  )
}

/** A passphrase to tell the owner of a name. */
function Phrase({ name, words, onTold }: { name: string, words: string, onTold: () => void }) {
  const shown = useRef<HTMLElement>(null)
  return (
    <div class="card care__form" role="status">
      <p class="names__sure">{t('names.tell', { name })}</p>
      <code class="care__code" dir="ltr" ref={shown}>{words}</code>
      <span class="care__acts">
        <CopyButton text={words} label={t('act.copy')} shows={shown} />
        <button type="button" class="button" onClick={onTold}>{t('names.told')}</button>
      </span>
    </div>
  )
}
