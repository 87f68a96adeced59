import './attach.css'
import { type Signal, useComputed, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type Added, attaching } from '../attach.ts'
import { t } from '../i18n/format.ts'
import { size } from '../i18n/size.ts'
import { coarse } from '../platform.ts'
import type { Chat } from '../store/chat.ts'
import { fileIcon } from './fileicons.ts'
import { Icon, IconButton } from './icon.tsx'
import { useModal } from './modal.ts'

/** What the field wants of this part: files to add, or to ask which. */
export type Wanted = readonly File[] | 'menu'

/** Above the field: the files that go with the message. It takes what is dropped and pasted anywhere on the page. */
export function Attach({ chat, wanted }: { chat: Chat, wanted: Signal<Wanted | null | undefined> }) {
  const c = chat.places.current.value
  const all = c.tray.value
  const chooser = useRef<HTMLInputElement>(null)
  const add = (files: readonly File[]) => {
    attaching(chat).add(chat.places.current.peek(), files)
    document.getElementById('write')?.focus({ preventScroll: true })
  }
  useEffect(() => void attaching(chat), [])
  const asked = wanted.value ?? null
  useEffect(() => {
    if (asked === null || (asked === 'menu' && coarse())) return
    wanted.value = null
    if (asked === 'menu') chooser.current?.click()
    else add(asked)
  }, [asked])
  useEffect(() => {
    const paste = (e: ClipboardEvent) => { // what is also text is meant as text: tables come as pictures, too
      const d = e.clipboardData
      if (!d || d.files.length === 0 || d.types.includes('text/plain') || document.querySelector('dialog[open]')) return
      e.preventDefault()
      add([...d.files])
    }
    document.addEventListener('paste', paste)
    return () => document.removeEventListener('paste', paste)
  }, [])
  return (
    <>
      {all.length > 0 && (
        <ul class="tray">{all.map((a) => <Item key={a.id} a={a as Added} onRemove={() => attaching(chat).remove(c, a)} />)}</ul>
      )}
      <span class="unseen" role="status">{all.length > 0 && t('file.added', { n: all.length })}</span>
      {asked === 'menu' && coarse() && <Menu onFiles={add} onPoll={() => { chat.asking.value = '' }} onClose={() => { wanted.value = null }} />}
      <input ref={chooser} type="file" multiple hidden aria-label={t('file.choose')} onChange={(e) => {
        add([...e.currentTarget.files ?? []])
        e.currentTarget.value = ''
      }} />
      <Drop chat={chat} onFiles={add} />
    </>
  )
}


function Item({ a, onRemove }: { a: Added, onRemove: () => void }) {
  const file = useComputed(() => {
    a.original.value
    a.bare.value
    a.smaller.value
    return a.file
  }).value
  const { name } = a.given
  const can = a.smaller.value > 0
  const smaller = can && !a.original.value
  const without = smaller || a.bare.value !== null // of where it was taken
  return (
    <li class="tray__item">
      {a.picture.value === '' ? <span class="tray__icon"><Icon name={fileIcon(file.type)} /></span> : <img class="tray__picture" src={a.picture.value} alt="" />}
      <span class="tray__words">
        <bdi class="cut">{name}</bdi>
        <small>{smaller ? t('file.shrunk', { size: size(file.size), from: size(a.given.size) }) : size(file.size)}</small>
        {a.placed.value && <small class={without ? '' : 'tray__place'} role="status">{!without && <Icon name="warn" />}{t(without ? 'file.placeOut' : 'file.place')}</small>}
        {can && <label class="tray__original"><input type="checkbox" checked={a.original.value} onChange={(e) => { a.original.value = e.currentTarget.checked }} />{t('file.original')}</label>}
        {a.placed.value && !smaller && <label class="tray__original"><input type="checkbox" checked={without} onChange={({ currentTarget: box }) => void a.leaveOut(box.checked).then((out) => { box.checked = out })} />{t('file.leaveOut')}</label>}
      </span>
      <IconButton name="x" label={t('file.remove', { name })} onClick={onRemove} />
    </li>
  )
}

/** The whole window, while files are held over it. */
function Drop({ chat, onFiles }: { chat: Chat, onFiles: (files: readonly File[]) => void }) {
  const over = useSignal(false)
  useEffect(() => {
    let deep = 0 // elements that the pointer is within: each says when it is left
    const has = (e: DragEvent) => e.dataTransfer?.types.includes('Files') === true && !document.querySelector('dialog[open]')
    const on = {
      dragenter: (e: DragEvent) => {
        if (!has(e)) return
        deep++
        over.value = true
      },
      dragleave: () => {
        deep = Math.max(0, deep - 1)
        if (deep === 0) over.value = false
      },
      dragover: (e: DragEvent) => {
        if (!has(e)) return
        e.preventDefault()
        if (e.dataTransfer) e.dataTransfer.dropEffect = 'copy'
      },
      drop: (e: DragEvent) => {
        deep = 0
        over.value = false
        if (!has(e)) return
        e.preventDefault()
        onFiles(filesOf(e.dataTransfer as DataTransfer))
      },
    }
    const all = Object.entries(on) as [string, EventListener][]
    for (const [kind, f] of all) addEventListener(kind, f)
    return () => { for (const [kind, f] of all) removeEventListener(kind, f) }
  }, [])
  if (!over.value) return null
  const { to } = chat.places.current.value
  return <div class="drop"><p><Icon name="save" />{'room' in to ? t('file.drop', { room: chat.places.called(to.room) }) : t('file.dropTo', { name: to.user })}</p></div>
}

/** The files of a drop; a folder is none. */
function filesOf(d: DataTransfer): File[] {
  const folders = new Set([...d.items].flatMap((i, n) => (i.webkitGetAsEntry?.()?.isDirectory ? [n] : [])))
  const items = [...d.items].flatMap((i, n) => (i.kind === 'file' && !folders.has(n) ? i.getAsFile() ?? [] : []))
  return items.length > 0 || folders.size > 0 ? items : [...d.files]
}

const ways = [
  { icon: 'file', says: 'file.choose', accept: '', capture: '' },
  { icon: 'picture', says: 'file.photo', accept: 'image/*', capture: 'environment' },
  { icon: 'note', says: 'file.voice', accept: 'audio/*', capture: 'user' },
] as const

/** With a finger: choose, take a photo, record. The device's own ways do it, which need no secure address. */
function Menu({ onFiles, onPoll, onClose }: { onFiles: (files: readonly File[]) => void, onPoll: () => void, onClose: () => void }) {
  const dialog = useModal(onClose, 'attach')
  return (
    <dialog class="sheet" ref={dialog} aria-label={t('file.add')} onClick={(e) => e.target === dialog.current && onClose()} onCancel={(e) => { e.preventDefault(); onClose() }}>
      {ways.map(({ icon, says, accept, capture }) => (
        <label key={says} class="sheet__act tray__way">
          <Icon name={icon} />{t(says)}
          <input
            class="unseen" type="file" aria-label={t(says)} multiple={capture === ''} accept={accept || undefined} {...(capture !== '' && { capture })}
            onChange={(e) => {
              const files = [...e.currentTarget.files ?? []]
              dialog.current?.close()
              onClose()
              if (files.length > 0) onFiles(files)
            }}
          />
        </label>
      ))}
      <button type="button" class="sheet__act" onClick={() => { dialog.current?.close(); onClose(); onPoll() }}><Icon name="poll" />{t('poll.new')}</button>
    </dialog>
  )
}
