import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

/**
 * A dialog that is over everything as long as it is drawn. Afterwards what had the focus has it again: a dialog that is only taken out of
 * the document loses it. With a name it is a step of the history, which the way back undoes.
 */
export function useModal(onClose?: () => void, step?: string) {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const el = dialog.current
    return () => el?.close() // an effect would be undone when it is out of the document already
  }, [])
  useEffect(() => {
    const back = () => onClose?.()
    const el = dialog.current
    el?.showModal()
    el?.addEventListener('keydown', escaped)
    if (step) {
      history.pushState({ over: step }, '')
      addEventListener('popstate', back)
    }
    return () => {
      removeEventListener('popstate', back)
      if (step && history.state?.over === step) history.back()
    }
  }, [])
  return dialog
}

/** Escape empties a search field, then closes the dialog. WebKit only ever does the first, others the one or the other. */
function escaped(e: KeyboardEvent): void {
  const field = e.target
  if (e.key !== 'Escape' || e.isComposing || !(field instanceof HTMLInputElement) || field.type !== 'search') return
  e.preventDefault()
  if (field.value !== '') {
    field.value = ''
    field.dispatchEvent(new InputEvent('input', { bubbles: true }))
  } else if (field.closest('dialog')?.dispatchEvent(new Event('cancel', { cancelable: true }))) field.closest('dialog')?.close()
}
