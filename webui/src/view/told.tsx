import { type Key, t } from '../i18n/format.ts'
import type { Act } from '../mqtt/parse.ts'
import type { Chat } from '../store/chat.ts'
import { Strip } from './later.ts'
import { end } from './refusal.ts'
import type { Action } from './strip.tsx'

const words: Record<string, Key> = {
  mute: 'told.mute', unmute: 'told.unmute', remove: 'told.remove', ban: 'told.ban', unban: 'told.unban', invite: 'told.invite', close: 'told.close', handover: 'told.owner',
  leave: 'told.owner', cohost: 'told.host', uncohost: 'told.noHost', delete: 'told.delete', rename: 'told.rename', dissolve: 'told.dissolve',
}

/** What hosts decided about me, and why, until I have put it away; and what they tell everyone. */
export function Told({ chat }: { chat: Chat }) {
  const { acts } = chat.server
  const away = (act: Act) => () => { acts.value = acts.value.filter((a) => a !== act) }
  return (
    <>
      {acts.value.flatMap((a, i) => {
        if (a.what === 'notice') return [<Strip key="notice" tone="plain" icon="warn" text={t('told.notice', { by: a.by, text: a.text })} />]
        if (a.what === 'erased') return [<Strip key={i} tone="ok" icon="ok" text={t('told.erased', { n: Number(a.text) })} actions={[[t('told.ok'), away(a)]]} />]
        const key = words[a.what]
        if (!key) return []
        const said = [t(key, { by: a.by, room: chat.places.called(a.room), to: a.text }), a.until > 0 ? t('told.until', { time: end(a.until) }) : '', a.reason === '' ? '' : `“${a.reason}”`]
        const open: Action[] = a.what === 'invite' ? [[t('told.open'), () => { away(a)(); chat.go({ at: 'room', room: a.room, seq: 0 }) }]] : []
        const tone = ['mute', 'remove', 'ban', 'close', 'dissolve', 'delete', 'uncohost'].includes(a.what) ? 'warn' : 'ok'
        return [<Strip key={i} tone={tone} icon={tone === 'warn' ? 'warn' : 'ok'} text={said.filter((s) => s !== '').join(' ')} actions={[...open, [t('told.ok'), away(a)]]} />]
      })}
    </>
  )
}
