import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { t } from '../i18n/format.ts'
import { copy, copyKeys, mark } from '../clipboard.ts'
import { Icon } from './icon.tsx'

const shownFor = 4000 // milliseconds

/** Copies a text. It says that it did only when it did; else what the text is shown in is marked, for the reader's own hands. */
export function CopyButton({ text, label, shows, class: cls = '' }: { text: string, label: string, shows: RefObject<HTMLElement | null>, class?: string }) {
  const said = useSignal<'' | 'done' | 'press'>('')
  const click = async (e: MouseEvent) => {
    const done = await copy(text, e.currentTarget as Element)
    if (!done && shows.current) mark(shows.current)
    said.value = done ? 'done' : 'press'
    setTimeout(() => { said.value = '' }, shownFor)
  }
  const words = said.value === 'done' ? t('share.copied') : said.value === 'press' ? t('share.press', { keys: copyKeys() }) : ''
  return (
    <>
      <button type="button" class={`button ${cls}`} onClick={click}><Icon name={said.value === 'done' ? 'ok' : 'copy'} />{words || label}</button>
      <span class="unseen" role="status">{words}</span>
    </>
  )
}
