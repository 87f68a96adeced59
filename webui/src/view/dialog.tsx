import './dialog.css'
import type { ComponentChildren } from 'preact'
import { t } from '../i18n/format.ts'
import { IconButton } from './icon.tsx'
import { useModal } from './modal.ts'

/** A sheet over the page with a title and a way out: the button, Escape, a click beside it, the way back. */
export function Dialog({ id, title, onClose, children }: { id: string, title: string, onClose: () => void, children: ComponentChildren }) {
  const dialog = useModal()
  return (
    <dialog class="dialog" ref={dialog} aria-labelledby={`${id}-title`} onClose={onClose} onClick={(e) => e.target === dialog.current && onClose()}>
      <div class="dialog__head">
        <h2 id={`${id}-title`}>{title}</h2>
        <IconButton name="x" label={t('dialog.close')} onClick={onClose} />
      </div>
      <div class="scroll"><div class="dialog__in">{children}</div></div>
    </dialog>
  )
}
