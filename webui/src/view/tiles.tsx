import { compare, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { things } from '../store/things.ts'
import { Tile } from './tile.tsx'

/** The devices of a room as tiles. */
export function Tiles({ chat, c, sure }: { chat: Chat, c: Conversation, sure: boolean }) {
  const all = things([c], compare)
  if (all.length > 0) return <div class="tiles">{all.map((x) => <Tile key={x.name} chat={chat} thing={x} sure={sure} />)}</div>
  return (
    <div class="panel__hint">
      <p>{t('panel.noDevices')}</p>
      {'room' in c.to && <p><code>mosquitto_pub -h {location.hostname} -u my-sensor -t chat/room/{c.to.room}/state/me -m 21.5</code></p>}
    </div>
  )
}
