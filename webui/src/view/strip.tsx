import './strip.css'
import { type Key, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { Icon, type IconName } from './icon.tsx'

function Strip({ tone, icon, text, actions = [] }: {
  tone: 'plain' | 'warn' | 'bad' | 'ok', icon: IconName, text: string, actions?: [Key, () => void][],
}) {
  return (
    <div class={`strip strip--${tone}`}>
      <Icon name={icon} /><span class="strip__text">{text}</span>
      {actions.map(([key, act]) => <button type="button" class="link" key={key} onClick={act}>{t(key)}</button>)}
    </div>
  )
}

/** What there is to say about the line, the page and the room, above the field. Nothing most of the time. */
export function Strips({ chat }: { chat: Chat }) {
  const line = chat.line.value
  const c = chat.places.current.value
  const n = chat.post.waiting()
  const room = 'room' in c.to ? c.to.room : ''
  const again: [Key, () => void][] = [['strip.try', () => chat.tryNow()]]
  const ended = () => {
    const end = line.end
    const other: [Key, () => void] = ['strip.other', () => void chat.signOut()]
    if (end?.why === 'taken-over') {
      return <Strip tone="warn" icon="people" text={t('strip.takenOver', { name: chat.me.value })} actions={[['strip.continue', () => chat.tryNow()], other]} />
    }
    const key = end?.why === 'kicked' ? 'strip.kicked' : 'strip.refused'
    return <Strip tone="bad" icon="warn" text={t(key, { text: end?.text || `0x${(end?.code ?? 0).toString(16)}` })} actions={[['strip.comeBack', () => chat.tryNow()], other]} />
  }
  const connection = () => {
    switch (chat.strip.value) {
      case 'none': return null
      case 'connecting': return <Strip tone="plain" icon="clock" text={t('strip.connecting')} />
      case 'restarting': return <Strip tone="plain" icon="clock" text={t('strip.restarting')} />
      case 'offline': return <Strip tone="warn" icon="clock" text={t('strip.offline', { n })} />
      case 'unreachable': return <Strip tone="bad" icon="warn" text={t('strip.unreachable', { host: location.host })} actions={again} />
      case 'back': return <Strip tone="ok" icon="ok" text={t('strip.back', { n: line.back?.sent ?? 0 })} />
      case 'ended': return ended()
    }
  }
  return (
    <div class="strips">
      {connection()}
      {c.barred.value && <Strip tone="bad" icon="warn" text={t('strip.barred', { room })} />}
      {chat.intake.newer.value && <Strip tone="plain" icon="save" text={t('strip.newer')} actions={[['strip.reload', () => location.reload()]]} />}
    </div>
  )
}
