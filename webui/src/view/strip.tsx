import './strip.css'
import { type Key, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { after } from '../store/line.ts'
import { Icon, type IconName } from './icon.tsx'
import { aside, lazy } from './lazy.tsx'

const Told = aside(() => import('./told.tsx'), 'Told')
const Trouble = lazy(() => import('./hands.ts'), 'Trouble')

/** What a button of a strip says and does. */
export type Action = [says: string, act: () => void]

export function Strip({ tone, icon, text, actions = [] }: { tone: 'plain' | 'warn' | 'bad' | 'ok', icon: IconName, text: string, actions?: Action[] }) {
  return (
    <div class={`strip strip--${tone}`}>
      <Icon name={icon} /><span class="strip__text">{text}</span>
      {actions.map(([says, act]) => <button type="button" class="link" key={says} onClick={act}>{says}</button>)}
    </div>
  )
}

const waits: Partial<Record<string, Key>> = { connecting: 'strip.connecting', restarting: 'strip.restarting', slow: 'strip.slow' }

/** What there is to say about the line, the page and the room, above the field. Nothing most of the time. */
export function Strips({ chat }: { chat: Chat }) {
  const strip = chat.strip.value
  const wait = waits[strip]
  return (
    <div class="strips">
      {wait && <Strip tone="plain" icon="clock" text={t(wait)} />}
      {strip === 'offline' && <Strip tone="warn" icon="clock" text={t('strip.offline', { n: chat.post.waiting() })} />}
      {strip === 'unreachable' && <Strip tone="bad" icon="warn" text={t('strip.unreachable', { host: location.host })} actions={[[t('strip.try'), () => chat.tryNow()]]} />}
      {chat.server.acts.value.length > 0 && <Told chat={chat} />}
      {isTroubled(chat) && <Trouble chat={chat} />}
      {(chat.server.newer.value || chat.keeping.value === 'gone') && <Strip tone="plain" icon="save" text={t('strip.newer')} actions={[[t('strip.reload'), () => location.reload()]]} />}
    </div>
  )
}

/** Whether there is something to say that is seldom said: its words are loaded apart. */
function isTroubled(chat: Chat): boolean {
  return /back|ended|full|busy/.test(chat.strip.value) || wasRestarted(chat) || chat.places.current.value.barred.value !== 0
    || chat.keeping.value === 'full' || chat.wouldLose() || chat.post.isHeld()
}

/** Whether the server was started anew a moment ago. */
export function wasRestarted(chat: Chat): boolean {
  const r = chat.server.restarted.value
  return r !== null && chat.now.value - r.at < after.back
}
