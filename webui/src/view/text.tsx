import './text.css'
import { useSignal } from '@preact/signals'
import type { ComponentChild } from 'preact'
import { useRef } from 'preact/hooks'
import { t } from '../i18n/format.ts'
import { copy, copyKeys, mark } from '../platform.ts'
import { write } from '../store/route.ts'
import { type Block, blocks, type Names, onlyEmoji, type Piece } from '../store/text.ts'
import { IconButton } from './icon.tsx'

const long = 20 // lines of code; more are folded
const folded = 12
const said = 2000 // milliseconds that it is said that something was copied

/** What somebody wrote, as nodes: nothing in it can become markup. */
export function Text({ text, names }: { text: string, names: Names }) {
  const large = onlyEmoji(text) ? 'text--emoji' : ''
  return <>{blocks(text, names).map((b, i) => <Part key={i} b={b} large={large} />)}</>
}

function Part({ b, large }: { b: Block, large: string }) {
  switch (b.is) {
    case 'lines': return <div class={`text ${large}`}>{b.of.map(piece)}</div>
    case 'quote': return <blockquote class="text text--quote">{b.of.map(piece)}</blockquote>
    case 'list': {
      const items = b.items.map((of, i) => <li key={i}>{of.map(piece)}</li>)
      return b.from === null ? <ul class="text text--list">{items}</ul> : <ol class="text text--list" start={b.from}>{items}</ol>
    }
    case 'fence': return <Fence language={b.language} text={b.text} />
  }
}

function piece(p: Piece, i: number): ComponentChild {
  switch (p.is) {
    case 'text': return p.text
    case 'code': return <code key={i}>{p.text}</code>
    case 'strong': return <strong key={i}>{p.of.map(piece)}</strong>
    case 'em': return <em key={i}>{p.of.map(piece)}</em>
    case 's': return <s key={i}>{p.of.map(piece)}</s>
    case 'link': return <a key={i} href={p.href} target="_blank" rel="noopener noreferrer nofollow"><bdi>{p.text}</bdi></a>
    case 'mention': return <span key={i} class={`mention ${p.me ? 'mention--me' : ''}`}>@{p.name}</span>
    case 'room': return <a key={i} href={write({ at: 'room', room: p.room.toLowerCase(), seq: 0 })}><bdi>#{p.room}</bdi></a>
  }
}

/** Code. What is long shows its beginning; a button copies all of it. */
export function Fence({ language = '', text }: { language?: string, text: string }) {
  const pre = useRef<HTMLPreElement>(null)
  const open = useSignal(false)
  const done = useSignal<'' | 'copied' | 'press'>('')
  const lines = text.split('\n')
  const folds = lines.length > long && !open.value
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
      <pre ref={pre} tabIndex={0}>{folds ? lines.slice(0, folded).join('\n') : text}</pre>
      {folds && <button type="button" class="fence__all link" onClick={() => { open.value = true }}>{t('code.all', { n: lines.length })}</button>}
    </div>
  )
}
