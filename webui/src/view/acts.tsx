import './acts.css'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { list, t } from '../i18n/format.ts'
import type { Message } from '../mqtt/parse.ts'
import { copy, copyKeys } from '../clipboard.ts'
import { board } from '../store/board.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { write } from '../store/route.ts'
import type { MessageRow } from '../store/rows.ts'
import { Dialog } from './dialog.tsx'
import { hint } from './hint.ts'
import { Icon, IconButton, type IconName } from './icon.tsx'
import { aside } from './lazy.tsx'
import type { Log } from './log.tsx'
import { useModal } from './modal.ts'
import { reach, useReach } from './reach.ts'
import { taken, told } from './refusal.ts'
import { useRights } from './tend.ts'
import { walk } from './walk.ts'

const Picker = aside(() => import('./picker.tsx'), 'Picker')
const DayOn = aside(() => import('./dayon.tsx'), 'DayOn')

/** What can be done with a message. */
type Act = 'react' | 'reply' | 'edit' | 'copy' | 'link' | 'unread' | 'pin' | 'unpin' | 'direct' | 'delete'

interface Said {
  is: 'copied' | 'press' | 'unread' | 'no'
  text: string
}

const icons: Record<Act, IconName> = { react: 'smile', reply: 'reply', edit: 'pen', delete: 'bin', copy: 'copy', link: 'link', unread: 'unread', pin: 'pin', unpin: 'pin', direct: 'people' }
const keys: Readonly<Record<string, Act>> = { r: 'reply', e: 'edit', '+': 'react', c: 'copy', u: 'unread', delete: 'delete' }
const quick = ['👍', '❤️', '😂', '🎉', '😮', '🙏'] // reactions that are offered at once
const restsFor = 500 // milliseconds that a finger rests on a message before its acts are listed
const slips = 10 // pixels that it may move meanwhile
const saidFor = { copied: 2000, unread: 2000, press: 20_000, no: 8000 } // milliseconds

/**
 * What can be done with the messages of the log: beside the one under the pointer, by keys on the one with the focus, by a finger that
 * rests. It lies over the log and is loaded with the first touch.
 */
export function Acts({ chat, c, log }: { chat: Chat, c: Conversation, log: Log }) {
  const under = useSignal<{ row: MessageRow, top: number } | null>(null)
  const sheet = useSignal<MessageRow | null>(null)
  const doomed = useSignal<Message | null>(null) // it is asked whether it is to be deleted
  const said = useSignal<Said | null>(null)
  const scrolled = useSignal(false)
  const picks = useSignal<Message | null>(null) // it is chosen how to react to it

  const { runs, tends } = useRights(chat, c)
  useReach()
  const may = useRef({ runs, tends })
  may.current = { runs, tends }

  const say = (what: Said) => {
    said.value = what
    setTimeout(() => { if (said.peek() === what) said.value = null }, saidFor[what.is])
  }
  const take = async (text: string) => say({ is: log.box.current && await copy(text, log.box.current) ? 'copied' : 'press', text })
  const act = (a: Act, row: MessageRow) => {
    if (a === 'copy') void take(row.is === 'message' ? row.m.text : row.entry.text)
    if (row.is !== 'message') return
    const { seq, id, from } = row.m
    if (a === 'link' && 'room' in c.to) void take(`${reach.peek()}/${write({ at: 'room', room: c.to.room, seq })}`)
    else if (a === 'react') sheet.value = row
    else if (a === 'edit') chat.rewrite(c, row.m)
    else if (a === 'delete') doomed.value = row.m
    else if (a === 'direct') location.hash = write({ at: 'user', user: from })
    else if ((a === 'pin' || a === 'unpin') && 'room' in c.to) {
      chat.act(c.to.room, { kind: 'pin', ref: seq, ...(a === 'unpin' && { undo: true }) }).then(taken).catch((e) => say({ is: 'no', text: told(e) }))
    } else if (a === 'unread') {
      chat.reading.pin(c, seq)
      say({ is: 'unread', text: '' })
    } else if (a === 'reply') {
      c.reply.value = { seq, id }
      document.getElementById('write')?.focus({ preventScroll: true })
    }
  }
  useEffect(() => {
    const box = log.box.current
    if (!box) return
    let over: HTMLElement | null = null
    let rests: { x: number, y: number, timer: number } | null = null
    const message = (e: Event) => (e.target as Element).closest<HTMLElement>('.message')
    const lift = () => {
      clearTimeout(rests?.timer)
      rests = null
    }
    const on: { [K in keyof HTMLElementEventMap]?: (e: HTMLElementEventMap[K]) => void } = {
      pointerdown: (e) => {
        lift()
        const row = e.pointerType === 'mouse' || (e.target as Element).closest('a, button, pre') ? null : log.rowOf(e.target as Element)
        if (row) rests = { x: e.clientX, y: e.clientY, timer: setTimeout(() => { sheet.value = row }, restsFor) as unknown as number }
      },
      pointermove: (e) => { // not pointerover, which also comes when rows move under a pointer that rests
        if (rests && Math.hypot(e.clientX - rests.x, e.clientY - rests.y) > slips) lift()
        const el = e.pointerType === 'mouse' ? message(e) : null
        if (el === over) return
        over = el
        const row = el && log.rowOf(el)
        if (row) hint(el, row)
        under.value = el && row && { row, top: Math.max(0, el.offsetTop - box.scrollTop - 16) }
      },
      pointerup: lift, pointercancel: lift,
      focusin: (e) => {
        const el = message(e)
        const row = el && log.rowOf(el)
        if (row) hint(el, row)
      },
      contextmenu: (e) => { if (rests || sheet.peek()) e.preventDefault() }, // some browsers see by themselves that a finger rests
      scroll: () => {
        over = under.value = null
        scrolled.value ||= box.scrollHeight - box.scrollTop > box.clientHeight + 64 // not at the end
      },
      keydown: (e) => {
        const row = e.target === message(e) && !e.isComposing && !e.ctrlKey && !e.metaKey && !e.altKey ? log.rowOf(e.target as Element) : null
        const a = chat.settings.all.peek().single ? keys[e.key.toLowerCase()] : undefined
        if (!row || (a === undefined ? e.key !== 'Enter' && e.key !== 'ContextMenu' : !possible(chat, c, row, may.current).includes(a))) return
        e.preventDefault()
        if (a === undefined) sheet.value = row
        else act(a, row)
      },
    }
    const all = Object.entries(on) as [string, EventListener][]
    for (const [kind, f] of all) box.addEventListener(kind, f, { capture: true, passive: kind === 'scroll' })
    const walks = (e: KeyboardEvent) => walk(e, log)
    box.addEventListener('keydown', walks)
    const leave = () => { over = under.value = null }
    box.parentElement?.addEventListener('pointerleave', leave)
    const laid = log.finger // before this was loaded
    if (laid) on.pointerdown?.(laid)
    return () => {
      lift()
      for (const [kind, f] of all) box.removeEventListener(kind, f, { capture: true })
      box.removeEventListener('keydown', walks)
      box.parentElement?.removeEventListener('pointerleave', leave)
    }
  }, [c])
  const close = () => {
    sheet.value = null
    log.box.current?.querySelector<HTMLElement>('.message[tabindex="0"]')?.focus({ preventScroll: true })
  }
  return (
    <>
      {under.value && <Tools {...under.value} acts={possible(chat, c, under.value.row, may.current)} onAct={act} />}
      {sheet.value && <Sheet row={sheet.value} acts={possible(chat, c, sheet.value, may.current)} onAct={act} onReact={(m, emoji) => chat.react(c, m, emoji)} onMore={(m) => addEventListener('popstate', () => { picks.value = m }, { once: true })} onClose={close} />}
      {picks.value && <Picker onTake={(emoji) => picks.value && chat.react(c, picks.value, emoji)} onClose={() => { picks.value = null }} />}
      {doomed.value && <Doom m={doomed.value} onYes={(m) => chat.change(c, { kind: 'delete', seq: m.seq, id: m.id })} onClose={() => { doomed.value = null }} />}
      {scrolled.value && <DayOn key={c.key} box={log.box} rowOf={(el) => log.rowOf(el)} />}
      {said.value && <Clip said={said.value} />}
    </>
  )
}

/** What can be done with a message: with one that is on its way, little. */
function possible(chat: Chat, c: Conversation, row: MessageRow, { runs, tends }: { runs: boolean, tends: boolean }): readonly Act[] {
  if (row.is === 'mine') return ['copy']
  const { m } = row
  if (m.deleted) return ['unread']
  const text = m.kind === 'text' || m.kind === 'file'
  const said = text || m.kind === 'poll'
  const pinned = board(c.board.peek(), c.posted.peek()).pins.some((p) => p.seq === m.seq)
  const mine = m.from === chat.me.value
  const all: [Act, boolean][] = [
    ['react', said], ['reply', true], ['edit', mine && text], ['copy', m.text !== ''], ['link', 'room' in c.to], ['unread', true],
    [pinned ? 'unpin' : 'pin', said && tends], ['direct', !mine && 'room' in c.to], ['delete', (mine || runs) && said],
  ]
  return all.filter(([, can]) => can).map(([a]) => a)
}

interface Props {
  row: MessageRow
  acts: readonly Act[]
  onAct: (act: Act, row: MessageRow) => void
}

/** A row of buttons beside the message under the pointer. There is one for the whole log, so that it costs nothing for each message. */
function Tools({ top, row, acts, onAct }: Props & { top: number }) {
  return (
    <div class="tools" role="toolbar" aria-label={t('room.tools')} style={{ insetBlockStart: `${top}px` }}>
      {acts.filter((a) => a !== 'direct' && a !== 'delete' && a !== 'pin' && a !== 'unpin').map((a) => <IconButton key={a} name={icons[a]} label={name(a, row)} onClick={() => onAct(a, row)} />)}
    </div>
  )
}

/** The same as a list: under a finger it comes from the bottom. Back closes it. */
function Sheet({ row, acts, onAct, onReact, onMore, onClose }: Props & { onReact: (m: Message, emoji: string) => void, onMore: (m: Message) => void, onClose: () => void }) {
  const dialog = useModal(onClose, 'sheet')
  const begun = useRef(false) // whether a pointer went down in here
  const from = row.is === 'message' ? row.m.from : row.entry.from
  const step = (e: KeyboardEvent) => {
    const by = e.key === 'ArrowDown' ? 1 : e.key === 'ArrowUp' ? -1 : 0
    if (by === 0) return
    e.preventDefault()
    const all = [...dialog.current?.querySelectorAll('button') ?? []]
    all[(all.indexOf(document.activeElement as HTMLButtonElement) + by + all.length) % all.length].focus()
  }
  const taken = (e: MouseEvent) => { // the finger that opened this may be lifted over it: that chooses nothing
    if (e.detail > 0 && !begun.current) e.stopPropagation()
    else if (e.target === dialog.current) onClose()
  }
  const reactTo = (m: Message, emoji: string) => {
    dialog.current?.close()
    onClose()
    onReact(m, emoji)
  }
  const more = (m: Message) => { // once the entry of this in the history is gone
    onMore(m)
    dialog.current?.close()
    onClose()
  }
  const chose = (a: Act) => {
    dialog.current?.close() // what lies under an open one cannot have the focus
    onClose()
    onAct(a, row)
  }
  return (
    <dialog
      class="sheet" ref={dialog} aria-label={t('room.tools')} onKeyDown={step}
      onPointerDown={() => { begun.current = true }} onClickCapture={taken}
      onCancel={(e) => { e.preventDefault(); onClose() }}
    >
      <p class="sheet__of"><b><bdi>{from}</bdi></b><bdi class="cut">{(row.is === 'message' ? row.m : row.entry).text.slice(0, 100) || (row.is === 'message' ? row.m : row.entry).file?.name}</bdi></p>
      {row.is === 'message' && acts.includes('react') && (
        <div class="sheet__quick" role="group" aria-label={t('act.react')}>
          {quick.map((emoji) => <button key={emoji} type="button" onClick={() => { reactTo(row.m, emoji) }}>{emoji}</button>)}
          <button type="button" aria-label={t('emoji.more')} title={t('emoji.more')} onClick={() => { more(row.m) }}><Icon name="smile" /></button>
        </div>
      )}
      {row.is === 'message' && row.m.reactions?.map((r) => <p key={r.text} class="sheet__who"><span aria-hidden="true">{r.text}</span><bdi>{list([...r.from])}</bdi></p>)}
      {acts.filter((a) => a !== 'react').map((a) => (
        <button key={a} type="button" class="sheet__act" onClick={() => chose(a)}><Icon name={icons[a]} />{name(a, row)}</button>
      ))}
    </dialog>
  )
}

/** Asks before what cannot be undone. */
function Doom({ m, onYes, onClose }: { m: Message, onYes: (m: Message) => void, onClose: () => void }) {
  return (
    <Dialog id="doom" title={t('act.deleteSure')} onClose={onClose}>
      <p class="doom__of"><bdi>{m.text.slice(0, 200) || m.file?.name}</bdi></p>
      <p>{t('act.deleteHint')}</p>
      <div class="doom__acts">
        <button type="button" class="button" onClick={onClose}>{t('act.deleteNo')}</button>
        <button type="button" class="button doom__bad" onClick={() => { onYes(m); onClose() }}>{t('act.delete')}</button>
      </div>
    </Dialog>
  )
}

/** Says what became of it: that it is done, or what the reader has to copy. */
function Clip({ said: { is, text } }: { said: Said }) {
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => field.current?.select(), [text])
  if (is === 'no') return <div class="clip clip--bad" role="alert"><Icon name="warn" />{t('send.failed', { text })}</div>
  if (is !== 'press') return <div class="clip" role="status"><Icon name="ok" />{t(is === 'copied' ? 'act.copied' : 'act.unreadDone')}</div>
  return <div class="clip" role="status">{t('act.press', { keys: copyKeys() })}<textarea ref={field} readOnly aria-label={t('act.copy')} value={text} /></div>
}

const words = { reply: 'act.reply', copy: 'act.copy', link: 'act.link', unread: 'act.unread', edit: 'act.edit', delete: 'act.delete', react: 'act.react', pin: 'pin.pin', unpin: 'pin.unpin' } as const

function name(act: Act, row: MessageRow): string {
  return act === 'direct' ? t('act.direct', { name: row.is === 'message' ? row.m.from : row.entry.from }) : t(words[act])
}
