import './text.css'
import type { ComponentChild } from 'preact'
import { write } from '../store/route.ts'
import { type Block, blocks, type Names, onlyEmoji, type Piece } from '../store/text.ts'
import { aside } from './lazy.tsx'

export const Fence = aside(() => import('./fence.tsx'), 'Fence')

/** What somebody wrote, as nodes: nothing in it can become markup. */
export function Text({ text, names }: { text: string, names: Names }) {
  const large = onlyEmoji(text) ? 'text--emoji' : ''
  return <>{blocks(text, names).map((b, i) => part(b, i, large))}</>
}

function part(b: Block, key: number, large: string): ComponentChild {
  switch (b.is) {
    case 'lines': return <div key={key} class={`text ${large}`}>{b.of.map(piece)}</div>
    case 'quote': return <blockquote key={key} class="text text--quote">{b.of.map(piece)}</blockquote>
    case 'list': {
      const items = b.items.map((of, i) => <li key={i}>{of.map(piece)}</li>)
      return b.from === null ? <ul key={key} class="text text--list">{items}</ul> : <ol key={key} class="text text--list" start={b.from}>{items}</ol>
    }
    case 'fence': return <Fence key={key} language={b.language} text={b.text} />
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
    case 'room': return <a key={i} href={write({ at: 'room', room: p.room.toLowerCase(), seq: 0 })}><bdi>#{p.called}</bdi></a>
  }
}
