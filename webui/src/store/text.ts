// What people write, as a small tree. Anything that is not clearly markup stays as it was typed; nothing here makes HTML.
import { fold } from './fold.ts'
import { everybody, fence, named } from './mention.ts'

export type Piece =
  | { is: 'text', text: string }
  | { is: 'code', text: string }
  | { is: 'strong' | 'em' | 's', of: Piece[] }
  | { is: 'link', text: string, href: string }
  | { is: 'mention', name: string, me: boolean }
  | { is: 'room', room: string, called: string }

export type Block =
  | { is: 'lines' | 'quote', of: Piece[] } // may hold line breaks
  | { is: 'list', from: number | null, items: Piece[][] } // the number of the first; null: dots
  | { is: 'fence', language: string, text: string }

/** Whose names an @ may mean, and which rooms a #. */
export interface Names {
  me: string // all of them by their folds
  known: ReadonlySet<string>
  rooms?: ReadonlyMap<string, { title?: string }>
}

/** The blocks of a message. */
export function blocks(text: string, names: Names): Block[] {
  const out: Block[] = []
  let from = 0
  for (const m of text.matchAll(fence)) {
    const before = text.slice(from, m.index).replace(/\n$/, '')
    if (before !== '') out.push(...runs(before, names))
    out.push({ is: 'fence', language: m[1], text: m[2] ?? '' })
    from = m.index + m[0].length
  }
  if (from < text.length || out.length === 0) out.push(...runs(text.slice(from), names))
  return out
}

type Kind = 'lines' | 'quote' | 'dots' | 'numbers'

const marked = { lines: /^/, quote: /^> ?/, dots: /^- +/, numbers: /^\d{1,9}\. +/ }

/** What is no code: stretches of lines that begin alike. A list has two lines at least, and its numbers go up one by one. */
function runs(text: string, names: Names): Block[] {
  if (!/^(?:>|- |\d+\. )/m.test(text)) return [{ is: 'lines', of: pieces(text, names) }] // nearly always
  const lines = text.split('\n')
  const kinds = lines.map(kindOf)
  const ofList = (i: number, k: Kind) => kinds[i] === k && (k === 'dots' || number(lines[i]) === number(lines[i - 1]) + 1)
  const out: Block[] = []
  let plain: string[] = []
  const flush = () => {
    if (plain.length > 0) out.push({ is: 'lines', of: pieces(plain.join('\n'), names) })
    plain = []
  }
  for (let i = 0; i < lines.length;) {
    const k = kinds[i]
    let end = i + 1
    while (end < lines.length && (k === 'quote' ? kinds[end] === k : ofList(end, k))) end++
    if (k === 'lines' || (k !== 'quote' && end === i + 1)) plain.push(lines[i++])
    else {
      flush()
      const of = lines.slice(i, end).map((l) => l.replace(marked[k], ''))
      if (k === 'quote') out.push({ is: 'quote', of: pieces(of.join('\n'), names) })
      else out.push({ is: 'list', from: k === 'dots' ? null : number(lines[i]), items: of.map((l) => pieces(l, names)) })
      i = end
    }
  }
  flush()
  return out
}

function kindOf(line: string): Kind {
  if (/^>(?: |$)/.test(line)) return 'quote'
  if (/^- +\S/.test(line)) return 'dots'
  return /^\d{1,9}\. +\S/.test(line) ? 'numbers' : 'lines'
}

function number(line: string): number {
  return Number.parseInt(line, 10)
}

/** A text as it is read out: without marks. */
export function plain(text: string): string {
  const of = (all: readonly Piece[]): string => all.map((p) => 'of' in p ? of(p.of) : p.is === 'mention' ? `@${p.name}` : p.is === 'room' ? `#${p.room}` : p.text).join('')
  return blocks(text, { me: '', known: new Set() }).map((b) => b.is === 'fence' ? b.text : b.is === 'list' ? b.items.map(of).join('\n') : of(b.of)).join('\n')
}

/** Whether a text is nothing but one to six emoji: it is drawn larger. */
export function onlyEmoji(text: string): boolean {
  const t = text.trim()
  if (t === '' || t.length > 60 || !/^[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0f\u20e3\s]+$/u.test(t)) return false
  const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  return [...graphemes.segment(t)].filter((s) => s.segment.trim() !== '').length <= 6
}

// In turn: `code`, **strong**, *em*, ~~s~~, an address, an @ with what may be a name behind it, a # with what may be a room.
const marks = /`([^`\n]+)`|\*\*(?=\S)([^\n]*?\S)\*\*(?!\*)|(?<![\p{L}\p{N}*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\p{L}\p{N}*])|~~(?=\S)([^\n]*?\S)~~|((?:https?:\/\/|mailto:|tel:)[^\s<>"'`]+)|(?<![\p{L}\p{N}_])@()|(?<![\p{L}\p{N}_/&])#([\p{L}\p{M}\p{N}_-]{1,48})/gu

function pieces(text: string, names: Names): Piece[] {
  const out: Piece[] = []
  const re = new RegExp(marks)
  let from = 0
  const add = (at: number, end: number, p: Piece) => {
    if (at > from) out.push({ is: 'text', text: text.slice(from, at) })
    out.push(p)
    from = re.lastIndex = end
  }
  for (let m = re.exec(text); m !== null; m = re.exec(text)) {
    const end = m.index + m[0].length
    if (m[1] !== undefined) add(m.index, end, { is: 'code', text: m[1] })
    else if (m[2] !== undefined) add(m.index, end, { is: 'strong', of: pieces(m[2], names) })
    else if (m[3] !== undefined) add(m.index, end, { is: 'em', of: pieces(m[3], names) })
    else if (m[4] !== undefined) add(m.index, end, { is: 's', of: pieces(m[4], names) })
    else if (m[5] !== undefined) {
      const link = trimmed(m[5])
      const href = safe(link)
      if (href === null) re.lastIndex = m.index + link.length
      else add(m.index, m.index + link.length, { is: 'link', text: honest(link) ? link : href, href })
    } else if (m[6] !== undefined) {
      const name = named(text.slice(end), names.known)
      if (name !== '') add(m.index, end + name.length, { is: 'mention', name, me: [everybody, names.me].includes(fold(name)) })
    } else {
      const room = names.rooms?.get(m[7].toLowerCase())
      if (room) add(m.index, end, { is: 'room', room: m[7], called: room.title || m[7] })
      else re.lastIndex = m.index + 1
    }
  }
  if (from < text.length) out.push({ is: 'text', text: text.slice(from) })
  return out
}

/** An address without the punctuation that ends the sentence, and without a bracket that it did not open. */
function trimmed(link: string): string {
  for (;;) {
    const last = link.at(-1) ?? ''
    const open = { ')': '(', ']': '[', '}': '{' }[last]
    if (/[.,;:!?…。、，]/.test(last) || (open !== undefined && link.split(open).length < link.split(last).length)) link = link.slice(0, -1)
    else return link
  }
}

/** Whether an address leads where it seems to: its host is of plain letters, and nothing in it turns the direction. */
function honest(link: string): boolean {
  return /^\w+:(?:\/\/)?[!-.0-~]+(?:\/|$)/.test(link) && !/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(link)
}

/** The address as the browser understands it, with the host as punycode; null unless it is http, https, mailto or tel. */
function safe(link: string): string | null {
  try {
    const u = new URL(link)
    const far = u.protocol === 'http:' || u.protocol === 'https:'
    const near = (u.protocol === 'mailto:' && u.pathname.includes('@')) || (u.protocol === 'tel:' && /^\+?[\d().-]{3,}$/.test(u.pathname))
    return near || (far && u.hostname !== '') ? u.href : null
  } catch {
    return null
  }
}
