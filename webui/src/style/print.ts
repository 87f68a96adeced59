// The sheet for paper, which is wanted after all others.
import './print.css'
import { moment } from '../i18n/moment.ts'

/** At the foot of each page: what this is, when it was printed, and which page it is. */
const foot = new CSSStyleSheet()
document.adoptedStyleSheets = [...document.adoptedStyleSheets, foot]
addEventListener('beforeprint', () => {
  const text = (s: string) => `"${s.replace(/["\\]/g, '\\$&').replace(/\s+/g, ' ')}"`
  const where = document.querySelector('h1')?.textContent ?? ''
  foot.replaceSync(`@page { margin: 15mm 12mm 18mm; @bottom-left { content: ${text(where)} } @bottom-center { content: ${text(moment(Date.now()))} } @bottom-right { content: counter(page) " / " counter(pages) } }`)
})
