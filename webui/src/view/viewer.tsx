import './viewer.css'
import './fileicons.ts'
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import { moment } from '../i18n/moment.ts'
import { size } from '../i18n/size.ts'
import type { Chat } from '../store/chat.ts'
import type { Conversation } from '../store/conversation.ts'
import { kindOf } from '../store/picture.ts'
import { Icon, IconButton } from './icon.tsx'
import { useModal } from './modal.ts'
import { useProof } from './proof.ts'

/** A picture as large as the window, and from it to the others of the conversation that the page holds. Back closes it. */
export function Viewer({ chat, c, seq, onClose }: { chat: Chat, c: Conversation, seq: number, onClose: () => void }) {
  const dialog = useModal(onClose, 'viewer')
  const at = useSignal(seq)
  const lost = useSignal(0) // seq of a picture that did not come
  const proof = useProof(chat, c)
  const all = c.log.value.filter((m) => m.file && !m.deleted && kindOf(m.file.type) === 'picture')
  const i = all.findIndex((m) => m.seq >= at.value)
  const m = all[i < 0 ? all.length - 1 : i]
  const go = (by: 1 | -1) => {
    const next = all[all.indexOf(m) + by]
    if (next) at.value = next.seq
  }
  const key = (e: KeyboardEvent) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[e.key] as 1 | -1 | undefined
    if (!way || e.ctrlKey || e.metaKey || e.altKey) return
    e.preventDefault()
    go(getComputedStyle(e.currentTarget as Element).direction === 'rtl' ? -way as 1 | -1 : way)
  }
  const touch = useRef<{ x: number, y: number } | null>(null)
  const begun = (e: TouchEvent) => { touch.current = e.touches.length === 1 ? { x: e.touches[0].clientX, y: e.touches[0].clientY } : null }
  const ended = (e: TouchEvent) => {
    const from = touch.current
    touch.current = null
    if (!from) return
    const { clientX, clientY } = e.changedTouches[0]
    const [x, y] = [clientX - from.x, clientY - from.y]
    if (Math.abs(x) > 48 && Math.abs(x) > 2 * Math.abs(y)) go((x < 0) === (getComputedStyle(e.currentTarget as Element).direction !== 'rtl') ? 1 : -1)
  }
  if (!m?.file) return null
  const { file } = m
  const url = `${file.url}${proof ?? ''}`
  return (
    <dialog
      class="viewer" ref={dialog} aria-label={t('file.viewer')} onKeyDown={key} onTouchStart={begun} onTouchEnd={ended}
      onCancel={(e) => { e.preventDefault(); onClose() }} onClick={(e) => (e.target as Element).matches('.viewer, .viewer__stage') && onClose()}
    >
      <div class="viewer__head">
        <p class="viewer__words"><b class="cut"><bdi>{m.from}</bdi></b><small class="cut">{moment(m.time)} · <bdi>{file.name}</bdi> · {size(file.size)}</small></p>
        <a class="icon-button" href={url} download={file.name} aria-label={t('file.save', { name: file.name })} title={t('file.save', { name: file.name })}><Icon name="save" /></a>
        <IconButton name="x" label={t('dialog.close')} onClick={onClose} />
      </div>
      <div class="viewer__stage">
        {lost.value === m.seq ? <p role="status">{t('file.gone')}</p> : proof !== null && <img key={url} src={url} alt={m.text || file.name} width={file.width || undefined} height={file.height || undefined} onError={() => { lost.value = m.seq }} />}
      </div>
      <div class="viewer__foot">
        <IconButton class="viewer__before" name="back" label={t('file.before')} onClick={() => go(-1)} />
        <p role="status">{t('file.count', { n: all.indexOf(m) + 1, all: all.length })}{m.text !== '' && <bdi class="viewer__said">{m.text}</bdi>}</p>
        <IconButton class="viewer__next" name="back" label={t('file.next')} onClick={() => go(1)} />
      </div>
    </dialog>
  )
}
