// What people write, as a small tree. Anything that is not clearly markup stays as it was typed; nothing here makes HTML.

export type Piece =
  | { is: 'text', text: string }
  | { is: 'code', text: string }
  | { is: 'strong' | 'em', of: Piece[] }
  | { is: 'link', text: string, href: string }
  | { is: 'mention', name: string, me: boolean }

export type Block =
  | { is: 'lines', of: Piece[] } // may hold line breaks
  | { is: 'fence', language: string, text: string }

/** Whose names an @ may mean. */
export interface Names {
  me: string
  known: ReadonlySet<string> // canonical names
}

/** The blocks of a message. */
export function blocks(text: string, names: Names): Block[] {
  const out: Block[] = []
  let from = 0
  for (const m of text.matchAll(/(?<=^|\n)```([\w+-]{0,20})[ \t]*\n(?:([\s\S]*?)\n)?```[ \t]*(?:\n|$)/g)) {
    const before = text.slice(from, m.index).replace(/\n$/, '')
    if (before !== '') out.push({ is: 'lines', of: pieces(before, names) })
    out.push({ is: 'fence', language: m[1], text: m[2] ?? '' })
    from = m.index + m[0].length
  }
  if (from < text.length || out.length === 0) out.push({ is: 'lines', of: pieces(text.slice(from), names) })
  return out
}

/** Whether a text speaks to me. */
export function mentions(text: string, me: string): boolean {
  if (me === '' || !text.includes('@')) return false
  const deep = (p: Piece): boolean => (p.is === 'mention' ? p.me : 'of' in p && p.of.some(deep))
  return blocks(text, { me, known: new Set() }).some((b) => b.is === 'lines' && b.of.some(deep))
}

/** Whether a text is nothing but one to six emoji: it is drawn larger. */
export function onlyEmoji(text: string): boolean {
  const t = text.trim()
  if (t === '' || t.length > 60 || !/^[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0f\u20e3\s]+$/u.test(t)) return false
  const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  return [...graphemes.segment(t)].filter((s) => s.segment.trim() !== '').length <= 6
}

// In turn: `code`, **strong**, *em*, a web or mail address, an @ with what may be a name behind it.
const marks = /`([^`\n]+)`|\*\*(?=\S)([^\n]*?\S)\*\*(?!\*)|(?<![\p{L}\p{N}*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\p{L}\p{N}*])|((?:https?:\/\/|mailto:)[^\s<>"'`]+)|(?<![\p{L}\p{N}_])@([^\s@][^\n@]{0,31})/gu

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
    else if (m[4] !== undefined) {
      const link = trimmed(m[4])
      const href = safe(link)
      if (href === null) re.lastIndex = m.index + link.length
      else add(m.index, m.index + link.length, { is: 'link', text: link, href })
    } else {
      const name = someone(m[5], names)
      if (name === null) re.lastIndex = m.index + 1
      else add(m.index, m.index + 1 + name.length, { is: 'mention', name, me: name.toLowerCase() === names.me.toLowerCase() })
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

/** The address as the browser understands it; null unless it is http, https or mailto. A host that looks like another is punycode then. */
function safe(link: string): string | null {
  try {
    const u = new URL(link)
    return ['http:', 'https:', 'mailto:'].includes(u.protocol) && (u.protocol === 'mailto:' ? u.pathname.includes('@') : u.hostname !== '') ? u.href : null
  } catch {
    return null
  }
}

/** The longest known name that rest begins with, as it is written there; null when there is none. */
function someone(rest: string, names: Names): string | null {
  let best = ''
  const low = rest.toLowerCase()
  const look = (name: string) => {
    if (name.length <= best.length || !low.startsWith(name.toLowerCase())) return
    const next = rest.slice(name.length)
    if (!/^[\p{L}\p{N}_]/u.test(next)) best = rest.slice(0, name.length)
  }
  if (names.me !== '') look(names.me)
  for (const name of names.known) look(name)
  return best === '' ? null : best
}
