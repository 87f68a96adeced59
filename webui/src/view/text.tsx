import './text.css'
import type { ComponentChild } from 'preact'
import { blocks, type Names, onlyEmoji, type Piece } from '../store/text.ts'

/** What somebody wrote, as nodes: nothing in it can become markup. */
export function Text({ text, names }: { text: string, names: Names }) {
  return (
    <>
      {blocks(text, names).map((b, i) => b.is === 'fence' ? (
        <div class="fence" key={i}>
          {b.language !== '' && <div class="fence__language">{b.language}</div>}
          <pre tabIndex={0}>{b.text}</pre>
        </div>
      ) : <div key={i} class={`text ${onlyEmoji(text) ? 'text--emoji' : ''}`}>{b.of.map(piece)}</div>)}
    </>
  )
}

function piece(p: Piece, i: number): ComponentChild {
  switch (p.is) {
    case 'text': return p.text
    case 'code': return <code key={i}>{p.text}</code>
    case 'strong': return <strong key={i}>{p.of.map(piece)}</strong>
    case 'em': return <em key={i}>{p.of.map(piece)}</em>
    case 'link': return <a key={i} href={p.href} target="_blank" rel="noopener noreferrer nofollow"><bdi>{p.text}</bdi></a>
    case 'mention': return <span key={i} class={`mention ${p.me ? 'mention--me' : ''}`}>@{p.name}</span>
  }
}
