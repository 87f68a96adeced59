import './take.css'
import { useSignal } from '@preact/signals'
import { t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { takeAlong } from '../takealong.ts'
import { Setting, Switch } from './control.tsx'
import { Icon } from './icon.tsx'
import { No } from './no.tsx'
import { told } from './refusal.ts'

/** Buttons that have the browser download something, and what became of it. */
export function Take({ chat, all }: { chat: Chat, all: readonly (readonly [label: string, path: string])[] }) {
  const busy = useSignal('') // path
  const begun = useSignal(false)
  const no = useSignal('')
  const take = async (path: string) => {
    if (busy.value !== '') return
    busy.value = path
    begun.value = false
    no.value = ''
    try {
      await takeAlong(chat, path)
      begun.value = true
    } catch (e) {
      no.value = told(e)
    }
    busy.value = ''
  }
  return (
    <div class="take">
      {all.map(([label, path]) => (
        <button key={label} type="button" class="button" aria-disabled={busy.value !== ''} onClick={() => void take(path)}><Icon name="save" />{busy.value === path ? t('account.moment') : label}</button>
      ))}
      <p class="take__said" role="status">{begun.value && <><Icon name="ok" />{t('take.begun')}</>}</p>
      <No text={no.value} />
    </div>
  )
}

/** A room to take along, in each of its shapes. */
export function TakeRoom({ chat, room }: { chat: Chat, room: string }) {
  const files = useSignal(true)
  const path = (format: string) => `/api/export?room=${encodeURIComponent(room)}&format=${format}${files.value ? '&files' : ''}`
  return (
    <>
      <Setting label={t('take.room')} hint={t('take.roomHint')} />
      <Switch label={t('take.files')} hint={t('take.filesHint')} on={files.value} onChange={(on) => { files.value = on }} />
      <Take chat={chat} all={[[t('take.html'), path('html')], [t('take.csv'), path('csv')], [t('take.jsonl'), path('jsonl')]]} />
    </>
  )
}
