// Copying, which browsers without a secure context let a page do only by hand.
import { apple } from './platform.ts'

/**
 * Copies a text, and tells whether that was done. Without a secure context it is what a person would do: a field that is marked and
 * copied; it is put beside near, since a dialog lets nothing outside of it have the focus.
 */
export async function copy(text: string, near: Element): Promise<boolean> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text)
      return true
    }
  } catch {
    // Forbidden: perhaps the other way is not.
  }
  const had = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  field.readOnly = true
  field.className = 'unseen'
  field.style.whiteSpace = 'pre' // else spaces and line breaks are not copied as they are
  near.after(field)
  field.select()
  field.setSelectionRange(0, text.length)
  let done = false
  try {
    done = document.execCommand('copy')
  } catch {
    // As if it had said no.
  }
  field.remove()
  if (had instanceof HTMLElement) had.focus({ preventScroll: true })
  return done
}

/** Marks what an element shows, so that a person can copy it. */
export function mark(el: Element): void {
  const range = document.createRange()
  range.selectNodeContents(el)
  const selection = getSelection()
  selection?.removeAllRanges()
  selection?.addRange(range)
}

/** The keys that copy on this machine. */
export function copyKeys(): string {
  return apple() ? '⌘C' : 'Ctrl C'
}
