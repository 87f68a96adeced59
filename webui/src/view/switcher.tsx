import './switcher.css'
import { useSignal } from '@preact/signals'
import { compare, t } from '../i18n/format.ts'
import { roomSlug } from '../mqtt/topics.ts'
import type { Chat } from '../store/chat.ts'
import { fitting, parted } from '../store/jump.ts'
import { devicesLink, type Place, readView, searchLink } from '../store/route.ts'
import { things } from '../store/things.ts'
import { Box, Can } from './can.tsx'
import { Icon, type IconName } from './icon.tsx'
import { useModal } from './modal.ts'

interface Choice {
  kind: 'room' | 'person' | 'device' | 'open' | 'act'
  name: string // what is searched
  says: string // beside it
  icon: IconName
  go: () => void
}

interface Props {
  chat: Chat
  onClose: () => void
  onGo: (p: Place) => void
  onOpen: (what: 'share' | 'settings') => void
}

/** Goes to a room, a person or a device by the first letters, opens a room by its name, or does what else the page can. */
export function Switcher(props: Props) {
  const dialog = useModal()
  const typed = useSignal('')
  const at = useSignal(0)
  const choices = choose(props, typed.value)
  const index = Math.min(at.value, choices.length - 1)
  const key = (e: KeyboardEvent) => {
    if (e.isComposing) return
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault()
      at.value = (index + (e.key === 'ArrowDown' ? 1 : -1) + choices.length) % Math.max(1, choices.length)
      document.getElementById(`choice-${at.value}`)?.scrollIntoView({ block: 'nearest' })
    } else if (e.key === 'Enter') {
      e.preventDefault()
      choices[index]?.go()
    }
  }
  return (
    <dialog class="switcher" ref={dialog} aria-label={t('jump.title')} onClose={props.onClose} onClick={(e) => e.target === dialog.current && props.onClose()}>
      <div class="switcher__field">
        <Icon name="search" />
        <input
          role="combobox" aria-expanded={choices.length > 0} aria-controls="choices" aria-autocomplete="list"
          aria-activedescendant={choices.length > 0 ? `choice-${index}` : undefined} aria-label={t('jump.field')}
          placeholder={t('jump.field')} autocomplete="off" spellcheck={false} maxLength={100} dir="auto" onKeyDown={key}
          onInput={(e) => { typed.value = e.currentTarget.value; at.value = 0 }}
        />
      </div>
      {choices.length === 1 && <p class="switcher__none" role="status">{t('jump.none')}</p>}
      <ul id="choices" role="listbox" aria-label={t('jump.title')}>
        {choices.map((c, i) => (
          <li key={`${c.kind} ${c.name}`} id={`choice-${i}`} class="item" role="option" aria-selected={i === index} aria-current={i === index ? 'true' : undefined} onClick={c.go}>
            <span>{c.kind === 'person' ? <Can name={c.name} size="s" /> : c.kind === 'device' ? <Box icon={c.icon} size="s" /> : <Icon name={c.icon} />}</span>
            <bdi class="cut">{c.kind === 'open' ? t('jump.open', { room: c.name }) : parted(c.name, typed.value).map((p, k) => (k === 1 ? <mark key={k}>{p}</mark> : p))}</bdi>
            {c.says !== '' && <small>{c.says}</small>}
          </li>
        ))}
      </ul>
      <p class="switcher__keys" aria-hidden="true"><kbd>↑</kbd><kbd>↓</kbd> {t('jump.choose')} <kbd>Enter</kbd> {t('jump.go')} <kbd>Esc</kbd> {t('jump.close')}</p>
    </dialog>
  )
}

const most = 30

/** What fits: rooms, people, devices, then what the page can do; a search at the end, always. */
function choose({ chat, onGo, onOpen }: Props, typed: string): Choice[] {
  const { places } = chat
  const view = (hash: string) => () => { // its entry in the history becomes the view's
    history.replaceState(null, '', hash)
    chat.view.value = readView(hash)
  }
  const rooms = places.items.value.map((i): Choice => ({
    kind: 'room', name: places.called(i.room), icon: places.isHidden(i.room) ? 'people' : 'hash', says: i.unread > 0 ? t('jump.unread', { n: i.unread }) : t('jump.room'), go: () => onGo({ at: 'room', room: i.room, seq: 0 }),
  }))
  const joined = places.rooms.value.joined.flatMap((r) => places.find(`room/${r}`) ?? [])
  const all = things(joined, compare)
  const isThing = new Set(all.map((x) => x.name))
  const devices = all.map((x): Choice => ({ kind: 'device', name: x.name, icon: 'chip', says: x.member ? t('jump.device') : t('jump.deviceOff'), go: view(devicesLink(x.name)) }))
  const members = new Map(joined.flatMap((c) => [...c.roster.value.members.values()]).map((m) => [m.name, m]))
  const names = [...new Set([...places.mates.value.map((m) => m.name), ...members.keys()])].filter((n) => n !== chat.me.value && !isThing.has(n)).sort(compare)
  const people = names.map((name): Choice => {
    const state = members.get(name)?.state
    return { kind: 'person', name, icon: 'people', says: t(state === 'online' ? 'jump.here' : state === 'away' ? 'panel.isAway' : 'panel.offline'), go: () => onGo({ at: 'user', user: name }) }
  })
  const open = places.current.value.to
  const acts: Choice[] = [
    { kind: 'act', name: t('share.open'), icon: 'qr', says: '', go: () => onOpen('share') },
    { kind: 'act', name: t('device.all'), icon: 'chip', says: '', go: view(devicesLink()) },
    { kind: 'act', name: t('jump.wall'), icon: 'cube', says: '', go: view(`#/wall/${encodeURIComponent('room' in open ? open.room : 'lobby')}`) },
    { kind: 'act', name: t('nav.settings'), icon: 'gear', says: '', go: () => onOpen('settings') },
  ]
  const words = typed.trim()
  const search: Choice = { kind: 'act', name: words === '' ? t('search.everywhere') : t('search.for', { q: words }), icon: 'search', says: '', go: view(searchLink(null, words)) }
  const slug = roomSlug(typed)
  const anew = slug !== undefined && !places.items.value.some((i) => i.room === slug)
    ? [{ kind: 'open' as const, name: slug, icon: 'plus' as const, says: '', go: () => onGo({ at: 'room', room: slug, seq: 0 }) }] : []
  return [...fitting([...rooms, ...people, ...devices], typed).slice(0, most), ...anew, ...fitting(acts, typed), search]
}
