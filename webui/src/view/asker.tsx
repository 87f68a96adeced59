import './asker.css'
import { useSignal } from '@preact/signals'
import { span, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { Select, Switch } from './control.tsx'
import { Dialog } from './dialog.tsx'
import { Icon } from './icon.tsx'

const least = 2
const most = 12 // options
const longest = 100 // characters of an option: they fit into 200 bytes in most scripts
const waits = [5, 15, 60, 24 * 60, 7 * 24 * 60] // minutes

/** Makes a poll for the open conversation. */
export function Asker({ chat }: { chat: Chat }) {
  const question = useSignal(chat.asking.peek() ?? '')
  const options = useSignal(['', ''])
  const multiple = useSignal(false)
  const closes = useSignal(0)
  const wrong = useSignal('')
  const close = () => {
    chat.asking.value = null
    document.getElementById('write')?.focus({ preventScroll: true })
  }
  const set = (i: number, text: string) => {
    options.value = options.value.with(i, text)
    wrong.value = ''
  }
  const add = () => { options.value = [...options.value, ''] }
  const key = (e: KeyboardEvent, i: number) => {
    if (e.key !== 'Enter' || e.isComposing) return
    if (options.value[i].trim() === '') return // then it asks
    e.preventDefault()
    if (i === options.value.length - 1 && i + 1 < most) add()
    const list = (e.currentTarget as HTMLElement).closest('ol')
    queueMicrotask(() => list?.querySelectorAll('input')[i + 1]?.focus()) // when the new one is there, and before the next key
  }
  const ask = (e: Event) => {
    e.preventDefault()
    const text = question.value.trim()
    const all = options.value.map((o) => o.trim()).filter((o) => o !== '')
    const different = new Set(all.map((o) => o.toLowerCase())).size
    if (text === '' || all.length < least || different < all.length) wrong.value = t('poll.few')
    else {
      const c = chat.places.current.value
      chat.post.write(c.to, text, chat.me.value, { poll: { options: all, multiple: multiple.value, closes: closes.value } })
      void chat.places.toEnd(c)
      close()
    }
  }
  return (
    <Dialog id="asker" title={t('poll.new')} onClose={close}>
      <form class="asker" onSubmit={ask} noValidate>
        <label><span>{t('poll.question')}</span><input type="text" dir="auto" maxLength={2000} value={question.value} onInput={(e) => { question.value = e.currentTarget.value; wrong.value = '' }} /></label>
        <ol>
          {options.value.map((o, i) => (
            <li key={i}><input type="text" dir="auto" maxLength={longest} aria-label={t('poll.option', { n: i + 1 })} placeholder={t('poll.option', { n: i + 1 })} value={o} onInput={(e) => set(i, e.currentTarget.value)} onKeyDown={(e) => key(e, i)} /></li>
          ))}
        </ol>
        {options.value.length < most && <button type="button" class="button" onClick={add}><Icon name="plus" />{t('poll.add')}</button>}
        <div class="card">
          <Switch label={t('poll.multiple')} on={multiple.value} onChange={(on) => { multiple.value = on }} />
          <Select label={t('poll.closes')} value={String(closes.value)} all={[['0', t('poll.never')], ...waits.map((m) => [String(m), span(m * 60_000)] as const)]} onChange={(v) => { closes.value = Number(v) }} />
        </div>
        {wrong.value !== '' && <p class="asker__wrong" role="alert">{wrong.value}</p>}
        <button class="button button--go">{t('poll.ask')}</button>
      </form>
    </Dialog>
  )
}
