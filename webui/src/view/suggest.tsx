import './suggest.css'
import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'
import { plain, t } from '../i18n/format.ts'
import type { Chat } from '../store/chat.ts'
import { type Choice, matching, most, type Named, taken, type Token, token } from '../store/suggest.ts'

interface Open {
  token: Token
  choices: Choice[]
  at: number // the chosen one
}

let emoji: Promise<readonly Named[]> | null = null

/** Above the field: what may be meant by what is being written there. Tab or Enter takes it, Esc leaves what was typed. */
export function Suggest({ chat, field, onTake }: { chat: Chat, field: RefObject<HTMLTextAreaElement | null>, onTake: (text: string, caret: number) => void }) {
  const open = useSignal<Open | null>(null)
  const id = (i: number) => `suggest-${i}`

  const take = (i: number) => {
    const el = field.current
    const o = open.value
    if (!el || !o) return
    open.value = null
    const { text, caret } = taken(el.value, el.selectionStart, o.token, o.choices[i].insert)
    onTake(text, caret)
  }
  useEffect(() => {
    const el = field.current
    if (!el) return
    let left = -1 // index of the mark whose suggestions were closed
    const look = async () => {
      const k = el.selectionStart === el.selectionEnd ? token(el.value, el.selectionStart) : null
      if (!k) left = -1
      const choices = k && k.from !== left ? await meant(chat, k) : []
      const still = token(el.value, el.selectionStart)
      open.value = k && choices.length > 0 && still?.from === k.from && still.query === k.query ? { token: k, choices, at: 0 } : null
    }
    const key = (e: KeyboardEvent) => {
      const o = open.value
      if (!o || e.isComposing || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return
      const by = { ArrowDown: 1, ArrowUp: -1 }[e.key]
      if (by !== undefined) open.value = { ...o, at: (o.at + by + o.choices.length) % o.choices.length }
      else if (e.key === 'Tab' || e.key === 'Enter') take(o.at)
      else if (e.key === 'Escape') {
        left = o.token.from
        open.value = null
      } else return
      e.preventDefault()
      e.stopImmediatePropagation() // else Enter would send
    }
    const close = () => { open.value = null }
    const input = () => void look()
    el.addEventListener('input', input)
    el.addEventListener('click', input)
    el.addEventListener('blur', close)
    el.addEventListener('keydown', key, { capture: true })
    input()
    return () => {
      el.removeEventListener('input', input)
      el.removeEventListener('click', input)
      el.removeEventListener('blur', close)
      el.removeEventListener('keydown', key, { capture: true })
    }
  }, [])
  const o = open.value
  useEffect(() => {
    const el = field.current
    if (!el) return
    const attributes: Record<string, string | null> = { 'aria-autocomplete': 'list', 'aria-controls': o && 'suggest', 'aria-activedescendant': o && id(o.at) }
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null) el.removeAttribute(name)
      else el.setAttribute(name, value)
    }
  }, [o])
  if (!o) return null
  return (
    <div class="suggest" id="suggest" role="listbox" aria-label={t('suggest.title')}>
      {o.choices.map((c, i) => (
        <div
          key={c.insert + c.note} id={id(i)} role="option" aria-selected={i === o.at}
          onPointerDown={(e) => e.preventDefault() /* the field keeps the focus */} onClick={() => take(i)}
        ><bdi class="cut">{c.shown}</bdi>{c.note !== '' && <small class="cut">{c.note}</small>}</div>
      ))}
    </div>
  )
}

/** What a token may mean here and now. */
async function meant(chat: Chat, { mark, query }: Token): Promise<Choice[]> {
  if (mark === '#') {
    const { open, joined } = chat.places.rooms.peek()
    const called = (room: string) => chat.places.called(room)
    return matching(new Set([...joined, ...open.keys()]), query, called).map((r) => ({ shown: plain(`#${called(r)}`), note: open.get(r)?.topic ?? '', insert: `#${r}` }))
  }
  if (mark === '@') {
    const names = [...chat.places.current.peek().roster.peek().members.values()].filter((m) => m.name !== chat.me.peek())
    names.sort((a, b) => (a.kind === b.kind ? a.name.localeCompare(b.name) : a.kind === 'person' ? -1 : 1))
    const all = [...names.map((m) => ({ name: m.name, note: m.kind === 'device' ? t('room.device') : '' })), ...('room' in chat.places.current.peek().to ? [{ name: 'room', note: t('mention.room') }] : [])]
    return matching(all, query, (m) => m.name).map((m) => ({ shown: m.name, note: m.note, insert: `@${m.name}` }))
  }
  emoji ??= import('../emoji/names.ts').then((m) => m.named, () => {
    emoji = null // it may come another time
    return []
  })
  const seen = new Set<string>()
  return matching(await emoji, query, (e) => e[0]).filter((e) => !seen.has(e[1]) && seen.add(e[1])).slice(0, most).map(([name, sign]) => ({ shown: sign, note: `:${name}:`, insert: sign }))
}
