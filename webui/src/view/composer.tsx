import './composer.css'
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import { coarse } from '../platform.ts'
import type { Chat } from '../store/chat.ts'
import { bySeq } from '../store/log.ts'
import { tooLong } from '../store/outbox.ts'
import * as replies from '../store/reply.ts'
import { writing } from '../store/typing.ts'
import type { Wanted } from './attach.tsx'
import { Icon, IconButton } from './icon.tsx'
import { aside, lazy, touched } from './lazy.tsx'

const Strips = lazy(() => import('./later.ts'), 'Strips')
const ReplyBar = lazy(() => import('./hands.ts'), 'ReplyBar')
const EditBar = lazy(() => import('./hands.ts'), 'EditBar')
const Attach = aside(() => import('./attach.tsx'), 'Attach')
const Picker = aside(() => import('./picker.tsx'), 'Picker')
const TooLong = aside(() => import('./toolong.tsx'), 'TooLong')
const Suggest = aside(() => import('./suggest.tsx'), 'Suggest')

const draftAfter = 300 // milliseconds after the last key

/** The field to write in, and what is to be said above and below it. */
export function Composer({ chat }: { chat: Chat }) {
  const c = chat.places.current.value
  const field = useRef<HTMLTextAreaElement>(null)
  const unsaved = useRef(0)
  const edits = useRef(false)
  const laidBy = useRef('') // the draft, while a message that was sent is in the field
  const empty = useSignal(true)
  const over = useSignal(0)
  const wanted = useSignal<Wanted | null | undefined>(undefined) // of the part that attaches files: it is there from the first touch on
  const picks = useSignal(false)
  const suggests = useSignal(false) // from the first : @ or # on
  const hint = 'room' in c.to ? t('room.message', { room: chat.places.called(c.to.room) }) : t('room.messageTo', { name: c.to.user })

  const speaks = () => c.tray.value.length > 0 || bySeq(c.log.peek(), c.editing.value?.seq ?? 0)?.file // a file does, without words
  const grow = () => { // where the sheet alone does not: to measure it with each key would lay out the page
    const el = field.current
    if (!el || CSS.supports('field-sizing', 'content')) return
    el.style.blockSize = 'auto'
    el.style.blockSize = `${el.scrollHeight}px`
  }
  const put = (text: string) => {
    const el = field.current
    if (!el) return
    el.value = text
    empty.value = text.trim() === ''
    over.value = 0
    grow()
  }
  const keepDraft = (el: HTMLTextAreaElement | null) => {
    clearTimeout(unsaved.current)
    if (!el) return
    const { value: text, selectionStart: caret } = c.editing.peek() ? { value: laidBy.current, selectionStart: laidBy.current.length } : el
    chat.drafts.set(c.key, { text, reply: replies.write(c.reply.peek()), caret })
  }
  useLayoutEffect(() => {
    const draft = chat.drafts.of(c.key)
    const el = field.current
    put(draft.text)
    c.reply.value ??= replies.read(draft.reply)
    if (!coarse()) el?.focus({ preventScroll: true })
    el?.setSelectionRange(draft.caret, draft.caret)
    const keep = () => keepDraft(el)
    addEventListener('pagehide', keep)
    return () => { // another conversation is opened: what stands here is the draft of the old one
      removeEventListener('pagehide', keep)
      keep()
      c.editing.value = null
    }
  }, [c.key])
  useEffect(() => { if (touched.value) wanted.value ??= null }, [touched.value])
  const heard = chat.drafts.heard.value
  useEffect(() => {
    if (!heard || (heard.key === null ? field.current?.value !== '' : heard.key !== c.key || document.hasFocus())) return
    const draft = chat.drafts.of(c.key)
    put(draft.text)
    c.reply.value = replies.read(draft.reply)
  }, [heard])
  const taken = chat.taken.value
  useLayoutEffect(() => { // before the next key
    if (taken?.key !== c.key || !field.current) return
    chat.taken.value = null
    if (c.editing.peek()) {
      if (!edits.current) laidBy.current = field.current.value
      edits.current = true
      put(taken.text)
    } else put(field.current.value.trim() === '' ? taken.text : `${field.current.value}\n${taken.text}`)
    field.current.focus()
  }, [taken, c.key])

  const input = () => {
    const el = field.current
    if (!el) return
    empty.value = el.value.trim() === ''
    if (over.value > 0) over.value = tooLong(el.value)
    grow()
    suggests.value ||= /[:@#]/.test(el.value)
    chat.activity.key(c, empty.value)
    clearTimeout(unsaved.current)
    unsaved.current = setTimeout(() => keepDraft(el), draftAfter) as unknown as number
  }
  const send = () => {
    const el = field.current
    if (!el || (el.value.trim() === '' && !speaks())) return
    over.value = tooLong(el.value)
    if (over.value > 0) return
    clearTimeout(unsaved.current)
    const text = el.value.trimEnd() // with a finger each Enter is a new line
    const asks = c.editing.peek() ? null : /^\/poll(?:\s+([^]*))?$/.exec(text)
    if (asks) {
      chat.asking.value = asks[1]?.trim() ?? ''
      chat.drafts.set(c.key, { text: '', reply: '', caret: 0 })
      put('')
      return
    }
    put(edits.current ? laidBy.current : '')
    edits.current = false
    chat.send(text)
    el.focus()
  }
  const pick = (sign: string) => {
    const el = field.current
    if (!el) return
    el.focus({ preventScroll: true })
    el.setRangeText(sign, el.selectionStart, el.selectionEnd, 'end')
    input()
  }
  const asFile = (file: File) => {
    wanted.value = [file]
    put('')
  }
  const take = (text: string, caret: number) => {
    put(text)
    field.current?.setSelectionRange(caret, caret)
    input()
  }
  const unedit = () => {
    c.editing.value = null
    edits.current = false
    put(laidBy.current)
    field.current?.focus({ preventScroll: true })
  }
  const unreply = () => {
    c.reply.value = null
    field.current?.focus({ preventScroll: true })
  }
  const key = (e: KeyboardEvent) => {
    if (e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return
    if (e.key === 'Escape' && c.editing.value) {
      e.preventDefault()
      unedit()
    } else if (e.key === 'Escape' && c.reply.value) {
      e.preventDefault()
      unreply()
    } else if (e.key === 'ArrowUp' && !e.shiftKey && field.current?.value === '' && chat.editLast()) e.preventDefault()
    else if (e.key === 'Enter' && e.shiftKey === (chat.settings.all.peek().enter === 'breaks') && !coarse()) { // with a finger Enter is a new line
      e.preventDefault()
      if (!e.repeat) send()
    }
  }
  return (
    <form class="composer" aria-label={t('room.write')} onSubmit={(e) => { e.preventDefault(); send() }}>
      <Strips chat={chat} />
      {over.value > 0 && <TooLong over={over.value} onFile={asFile} />}
      <div class="composer__box">
        {c.editing.value && <EditBar onEnd={unedit} />}
        {c.reply.value && !c.editing.value && <ReplyBar chat={chat} c={c} to={c.reply.value} onEnd={unreply} />}
        {suggests.value && <Suggest chat={chat} field={field} onTake={take} />}
        {wanted.value !== undefined && <Attach chat={chat} wanted={wanted} />}
        <div class="composer__row">
          <IconButton name="plus" label={t('file.add')} onClick={() => { wanted.value = 'menu' }} />
          <textarea ref={field} id="write" rows={1} placeholder={hint} aria-label={hint} dir="auto" enterkeyhint={coarse() ? 'enter' : 'send'} onInput={input} onKeyDown={key} />
          <IconButton name="smile" label={t('emoji.title')} onClick={() => { picks.value = true }} />
          <button class={`icon-button composer__send ${empty.value && !speaks() ? '' : 'composer__send--ready'}`} aria-label={t('room.send')} title={t('room.send')}><Icon name="send" /></button>
        </div>
      </div>
      <Typing chat={chat} />
      {picks.value && <Picker onTake={pick} onClose={() => { picks.value = false }} />}
    </form>
  )
}

/** Who is writing. The line is always as high, so that nothing jumps. */
function Typing({ chat }: { chat: Chat }) {
  const names = writing(chat.places.current.value.typing.value, chat.now.value)
  const [a, b] = names
  const text = names.length === 0 ? '' : names.length === 1 ? t('typing.one', { a }) : names.length === 2 ? t('typing.two', { a, b }) : t('typing.many', { n: names.length })
  return <div class="typing" aria-hidden="true">{text && <><i />{text}</>}</div>
}
