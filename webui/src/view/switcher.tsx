import './switcher.css'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { compare, t } from '../i18n/format.ts'
import { roomSlug } from '../mqtt/topics.ts'
import type { Chat } from '../store/chat.ts'
import type { Place } from '../store/route.ts'
import { Box, Can } from './can.tsx'
import { Icon } from './icon.tsx'

interface Choice {
  place: Place
  name: string
  kind: 'room' | 'person' | 'device' | 'open'
}

/** Goes to a room or a person by the first letters, or opens a room by its name. */
export function Switcher({ chat, onClose, onGo }: { chat: Chat, onClose: () => void, onGo: (p: Place) => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const typed = useSignal('')
  const at = useSignal(0)
  useEffect(() => dialog.current?.showModal(), [])
  const choices = choose(chat, typed.value)
  const index = Math.min(at.value, choices.length - 1)
  const take = (c: Choice | undefined) => c && onGo(c.place)
  const key = (e: KeyboardEvent) => {
    if (e.isComposing) return
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault()
      at.value = (index + (e.key === 'ArrowDown' ? 1 : -1) + choices.length) % Math.max(1, choices.length)
      document.getElementById(`choice-${at.value}`)?.scrollIntoView({ block: 'nearest' })
    } else if (e.key === 'Enter') {
      e.preventDefault()
      take(choices[index])
    }
  }
  return (
    <dialog class="switcher" ref={dialog} aria-label={t('jump.title')} onClose={onClose} onClick={(e) => e.target === dialog.current && onClose()}>
      <div class="switcher__field">
        <Icon name="search" />
        <input
          role="combobox" aria-expanded aria-controls="choices" aria-activedescendant={choices.length > 0 ? `choice-${index}` : undefined} aria-label={t('jump.field')}
          placeholder={t('jump.field')} autocomplete="off" spellcheck={false} maxLength={100} dir="auto" onKeyDown={key}
          onInput={(e) => { typed.value = e.currentTarget.value; at.value = 0 }}
        />
      </div>
      {choices.length === 0 && <p class="switcher__none">{t('jump.none')}</p>}
      <ul id="choices" role="listbox" aria-label={t('jump.title')}>
        {choices.map((c, i) => (
          <li key={`${c.kind} ${c.name}`} id={`choice-${i}`} class="item" role="option" aria-selected={i === index} aria-current={i === index ? 'true' : undefined} onClick={() => take(c)}>
            <span>{c.kind === 'person' ? <Can name={c.name} size="s" /> : c.kind === 'device' ? <Box icon="chip" size="s" /> : <Icon name={c.kind === 'open' ? 'plus' : 'hash'} />}</span>
            <bdi class="cut">{c.kind === 'open' ? t('jump.open', { room: c.name }) : c.name}</bdi>
            {c.kind !== 'open' && <small>{t(`jump.${c.kind}`)}</small>}
          </li>
        ))}
      </ul>
      <p class="switcher__keys" aria-hidden="true"><kbd>↑</kbd><kbd>↓</kbd> {t('jump.choose')} <kbd>Enter</kbd> {t('jump.go')} <kbd>Esc</kbd> {t('jump.close')}</p>
    </dialog>
  )
}

const most = 30

/** What fits: names that begin with the text before names that have it in them. */
function choose(chat: Chat, typed: string): Choice[] {
  const q = typed.trim().replace(/^[#@]/, '').toLowerCase()
  const all: Choice[] = chat.places.items.value.map((i) => ({ place: { at: 'room', room: i.room, seq: 0 }, name: i.room, kind: 'room' }))
  const members = chat.places.rooms.value.joined.flatMap((r) => [...(chat.places.find(`room/${r}`)?.roster.value.members.values() ?? [])])
  const devices = new Set(members.filter((m) => m.kind === 'device').map((m) => m.name))
  const people = new Set([...chat.places.mates.value.map((m) => m.name), ...members.map((m) => m.name)])
  people.delete(chat.me.value)
  for (const name of [...people].sort(compare)) all.push({ place: { at: 'user', user: name }, name, kind: devices.has(name) ? 'device' : 'person' })
  const starts = all.filter((c) => c.name.toLowerCase().startsWith(q))
  const has = all.filter((c) => !starts.includes(c) && c.name.toLowerCase().includes(q))
  const slug = roomSlug(typed)
  const open: Choice[] = slug !== undefined && !all.some((c) => c.kind === 'room' && c.name === slug) ? [{ place: { at: 'room', room: slug, seq: 0 }, name: slug, kind: 'open' }] : []
  return [...starts, ...has].slice(0, most).concat(open)
}
