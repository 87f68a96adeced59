import './highlight.css'
import type { ComponentChild } from 'preact'
import { languageOf, words } from '../store/highlight.ts'

/** Code with its words in colours; null in a language that is not known. */
export function coloured(text: string, language: string): ComponentChild {
  const is = languageOf(language)
  return is && words(text, is).map((w, i) => (w.is === 'plain' ? w.text : <span key={i} class={`code-${w.is}`}>{w.text}</span>))
}
