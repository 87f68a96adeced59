import { useComputed } from '@preact/signals'
import { compare, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import type { Place } from '../store/route.ts'
import { dayBefore, type Filter, filterOf, narrowed } from '../store/sought.ts'

interface Props {
  chat: Chat
  of: Place | null
  text: string
  onScope: (of: Place | null) => void
  onText: (text: string) => void
}

/** What narrows a search: where, and filters, which are written into the field. */
export function Narrow({ chat, of, text, onScope, onText }: Props) {
  const place = of ?? chat.places.place.value
  const names = useComputed(() => {
    const all = chat.places.rooms.value.joined.flatMap((r) => [...chat.places.find(`room/${r}`)?.roster.value.members.keys() ?? []])
    return [...new Set([chat.me.value, ...chat.places.mates.value.map((m) => m.name), ...all])].filter((n) => n !== '').sort(compare)
  }).value
  const from = filterOf(text, 'from')
  const has = filterOf(text, 'has').toLowerCase()
  const since = filterOf(text, 'after') || filterOf(text, 'on')
  const now = chat.now.peek()
  const days: [string, Filter, string][] = [
    [t('search.today'), 'on', dayBefore(now, 0)], [t('search.yesterday'), 'on', dayBefore(now, 1)], [t('search.week'), 'after', dayBefore(now, 7)], [t('search.month'), 'after', dayBefore(now, 30)],
  ]
  const day = days.find(([, key, value]) => filterOf(text, key) === value)
  const where = (label: string, to: Place | null, on: boolean) => <button type="button" class="narrow" aria-pressed={on} onClick={() => onScope(to)}><bdi class="cut">{label}</bdi></button>
  return (
    <div class="narrows" role="group" aria-label={t('search.narrow')}>
      {where(t('search.all'), null, of === null)}
      {where(place.at === 'room' ? t('room.title', { room: chat.places.called(place.room) }) : place.user, { ...place, ...('seq' in place && { seq: 0 }) } as Place, of !== null)}
      <Choice label={t('search.from')} value={from} all={[['', t('search.anyone')], ...(from === '' || names.includes(from) ? [] : [[from, from] as const]), ...names.map((n) => [n, n] as const)]} onChange={(v) => onText(narrowed(text, ['from'], 'from', v))} />
      <Choice label={t('search.has')} value={has} all={[['', t('search.anything')], ['link', t('search.link')], ['file', t('search.file')], ['poll', t('search.poll')]]} onChange={(v) => onText(narrowed(text, ['has'], 'has', v))} />
      <Choice
        label={t('search.day')} value={day ? day[0] : since} all={[['', t('search.anyDay')], ...(since === '' || day ? [] : [[since, since] as const]), ...days.map(([label]) => [label, label] as const)]}
        onChange={(v) => {
          const [, key, value] = days.find(([label]) => label === v) ?? ['', 'on' as Filter, '']
          onText(narrowed(text, ['on', 'after'], key, value))
        }}
      />
    </div>
  )
}

/** A chip that offers some values; the first means none. */
function Choice({ label, value, all, onChange }: { label: string, value: string, all: readonly (readonly [string, string])[], onChange: (v: string) => void }) {
  return (
    <select class={`narrow ${value === '' ? '' : 'narrow--on'}`} aria-label={label} value={value} onChange={(e) => onChange(e.currentTarget.value)}>
      {all.map(([v, words]) => <option key={v} value={v} selected={v === value}>{words}</option>)}
    </select>
  )
}
