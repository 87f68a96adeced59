import './fence.css'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import { copy, copyKeys, mark } from '../clipboard.ts'
import { idle } from '../platform.ts'
import { IconButton } from './icon.tsx'

const long = 20 // lines of code; more are folded
const folded = 12
const said = 2000 // milliseconds that it is said that something was copied

type Colours = typeof import('./highlight.tsx').coloured

/** Code. What is long shows its beginning; a button copies all of it. */
export function Fence({ language = '', text }: { language?: string, text: string }) {
  const pre = useRef<HTMLPreElement>(null)
  const open = useSignal(false)
  const done = useSignal<'' | 'copied' | 'press'>('')
  const colours = useSignal<Colours | null>(null)
  useEffect(() => { // colours come when there is nothing else to do, and only if some code says what it is
    if (language !== '') idle(() => void import('./highlight.tsx').then((m) => { colours.value = m.coloured }, () => {}))
  }, [language])
  const lines = text.split('\n')
  const folds = lines.length > long && !open.value
  const shown = folds ? lines.slice(0, folded).join('\n') : text
  const take = async () => {
    done.value = pre.current && await copy(text, pre.current) ? 'copied' : 'press'
    if (done.value === 'press' && pre.current) { // the reader copies what is selected
      open.value = true
      mark(pre.current)
    }
    setTimeout(() => { done.value = '' }, said)
  }
  return (
    <div class="fence">
      <div class="fence__head">
        <span class="fence__language">{language}</span>
        <span role="status">{done.value === 'copied' ? t('act.copied') : done.value === 'press' ? t('act.press', { keys: copyKeys() }) : ''}</span>
        <IconButton name={done.value === 'copied' ? 'ok' : 'copy'} label={t('code.copy')} onClick={() => void take()} />
      </div>
      <pre ref={pre} tabIndex={0}>{colours.value?.(shown, language) ?? shown}</pre>
      {folds && <button type="button" class="fence__all link" onClick={() => { open.value = true }}>{t('code.all', { n: lines.length })}</button>}
    </div>
  )
}
