import './account.css'
import './care.css'
import './field.css'
import { useSignal } from '@preact/signals'
import { t } from '../i18n/format.ts'
import { to } from '../mqtt/topics.ts'
import type { Chat } from '../store/chat.ts'
import { Setting } from './control.tsx'
import { Icon } from './icon.tsx'
import { No } from './no.tsx'
import { told } from './refusal.ts'
import { Take } from './take.tsx'

/** What the server keeps of me: to take along, and to have erased. */
export function MyData({ chat }: { chat: Chat }) {
  const opened = useSignal(false)
  const begun = useSignal(false)
  const done = chat.server.acts.value.findLast((a) => a.what === 'erased')
  const said = done && begun.value ? t('told.erased', { n: Number(done.text) }) : begun.value ? t('mine.begun') : ''
  return (
    <section class="settings__group">
      <h3>{t('mine.title')}</h3>
      <div class="card">
        <div class="setting">
          <span class="setting__words"><span class="setting__label">{t('mine.take')}</span><span class="setting__hint">{t('mine.takeHint')}</span></span>
          <Take chat={chat} all={[[t('file.download'), '/api/mine']]} />
        </div>
        <Setting label={t('mine.erase')} hint={t('mine.eraseHint')}>
          {!opened.value && <button type="button" class="button settings__bad" onClick={() => { opened.value = true }}>{t('mine.erase')}</button>}
        </Setting>
        {opened.value && !begun.value && <Erase chat={chat} onStay={() => { opened.value = false }} onBegun={() => { begun.value = true }} />}
        {said !== '' && <p class="account__said" role="status"><Icon name={done ? 'ok' : 'clock'} />{said}</p>}
      </div>
    </section>
  )
}

/** Says what goes and what stays, and has the name typed: it cannot be taken back. */
function Erase({ chat, onStay, onBegun }: { chat: Chat, onStay: () => void, onBegun: () => void }) {
  const typed = useSignal('')
  const no = useSignal('')
  const busy = useSignal(false)
  const name = chat.me.value
  const sure = typed.value.trim().toLowerCase() === name.toLowerCase()
  const erase = async (e: Event) => {
    e.preventDefault()
    if (!sure || busy.value) return
    busy.value = true
    no.value = ''
    chat.server.acts.value = chat.server.acts.value.filter((a) => a.what !== 'erased') // of another time
    try {
      await chat.order('erase', { name }, to.account)
      onBegun()
    } catch (e) {
      no.value = told(e)
      busy.value = false
    }
  }
  return (
    <form class="account__form setting setting--note" onSubmit={(e) => void erase(e)}>
      <p>{t('mine.goes')}</p>
      <p>{t('mine.stays', { name })}</p>
      <div class="field">
        <label class="field__label" for="erase-name">{t('mine.sure', { name })}</label>
        <div class="field__box"><input id="erase-name" ref={(el) => { if (typed.peek() === '') el?.focus() }} value={typed.value} autocomplete="off" spellcheck={false} maxLength={64} onInput={(e) => { typed.value = e.currentTarget.value }} /></div>
      </div>
      <No text={no.value} />
      <div class="account__acts">
        <button class="button settings__bad" aria-disabled={!sure || busy.value}>{t(busy.value ? 'account.moment' : 'mine.eraseNow')}</button>
        <button type="button" class="button" onClick={onStay}>{t('care.stay')}</button>
      </div>
    </form>
  )
}
