import './roommenu.css'
import { useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { write } from '../store/route.ts'
import { notifyOf } from '../store/settings.ts'
import { Segment } from './control.tsx'
import { CopyButton } from './copy.tsx'
import { Icon } from './icon.tsx'
import { useModal } from './modal.ts'
import { useReach } from './reach.ts'

/** What can be done with a room: its notices, its place in the list, its link, and leaving it. */
export function RoomMenu({ chat, room, onClose, onCare }: { chat: Chat, room: string, onClose: () => void, onCare: (room: string) => void }) {
  const dialog = useModal()
  const shown = useRef<HTMLElement>(null)
  const s = chat.settings.all.value
  const pinned = s.pinned.includes(room)
  const here = chat.places.current.value.key === `room/${room}`
  const link = `${useReach()}/${write({ at: 'room', room, seq: 0 })}`
  const then = (f: () => void) => () => {
    f()
    onClose()
  }
  const leave = () => {
    if (here) history.replaceState(null, '') // the step of this menu becomes that to the next room
    chat.places.leave(room)
  }
  return (
    <dialog class="roommenu" ref={dialog} aria-labelledby="roommenu-title" onClose={onClose} onClick={(e) => { if (e.target === dialog.current) onClose() }}>
      <h2 id="roommenu-title" class="cut"><bdi>{t('room.title', { room: chat.places.called(room) })}</bdi></h2>
      <Segment
        label={t('menu.notify')} value={notifyOf(s, room)} onChange={(way) => chat.settings.setRoom(room, way === s.notify ? null : way)}
        all={[['all', t('menu.all')], ['mentions', t('menu.mentions')], ['none', t('menu.none')]]}
      />
      <button type="button" class="roommenu__act" onClick={then(() => chat.settings.set({ pinned: pinned ? s.pinned.filter((r) => r !== room) : [...s.pinned, room] }))}>
        <Icon name="pin" />{t(pinned ? 'menu.unpin' : 'menu.pin')}
      </button>
      {here && <button type="button" class="roommenu__act" onClick={then(() => { chat.asking.value = '' })}><Icon name="poll" />{t('poll.new')}</button>}
      <button type="button" class="roommenu__act" onClick={then(() => chat.reading.readAll(chat.places.conversation({ room })))}><Icon name="ok" />{t('menu.read')}</button>
      <button type="button" class="roommenu__act" onClick={then(() => onCare(room))}><Icon name="gear" />{t('care.open')}</button>
      <CopyButton class="roommenu__act" text={link} label={t('menu.link')} shows={shown} />
      <code class="roommenu__link" ref={shown} dir="ltr">{link}</code>
      {chat.places.rooms.value.joined.length > 1 && (
        <button type="button" class="roommenu__act roommenu__act--bad" onClick={then(leave)}>
          <Icon name="x" />{t('nav.leave', { room: chat.places.called(room) })}
        </button>
      )}
    </dialog>
  )
}
