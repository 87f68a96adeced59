// What is typed to search, as the server reads it (bridge/query.go): words, "phrases" and filters such as from:ada.

/** The filters that the page writes. */
export type Filter = 'from' | 'has' | 'on' | 'after'

const quote = /["“”„‟«»＂「」]/

interface Part {
  text: string // as it was typed
  key: string // of a filter, else empty
  value: string
}

/** A text in parts; what it was is their texts with a space between them. */
function parts(text: string): Part[] {
  const all = text.matchAll(/(?:(from|in|has|before|after|on):(?=\S))?(?:["“”„‟«»＂「」]([^"“”„‟«»＂「」]*)(?:["“”„‟«»＂「」]|$)|[^\s"“”„‟«»＂「」]+)/giu)
  return [...all].map(([typed, key = '', quoted]) => ({ text: typed, key: key.toLowerCase(), value: quoted ?? (key === '' ? typed : typed.slice(key.length + 1)) }))
}

/** What the first filter of a kind says; empty: there is none. */
export function filterOf(text: string, key: Filter): string {
  return parts(text).find((p) => p.key === key)?.value ?? ''
}

/** The text with filters of some kinds taken away, and one written in their place if it says something. */
export function narrowed(text: string, away: readonly Filter[], key: Filter, value: string): string {
  const rest = parts(text).filter((p) => !(away as readonly string[]).includes(p.key)).map((p) => p.text)
  const said = /\s/.test(value) ? `"${value}"` : value
  return [...rest, ...(value === '' ? [] : [`${key}:${said}`])].join(' ')
}

/** Whether there is anything to search for: not while a filter is only begun. */
export function says(text: string): boolean {
  return parts(text).some((p) => /[\p{L}\p{N}\p{So}]/u.test(p.value) && !/^(from|in|has|before|after|on):$/i.test(p.text))
}

/** The words alone, as they were typed. */
export function wordsOf(text: string): string {
  return parts(text).filter((p) => p.key === '').map((p) => p.text.replace(quote, '').replace(quote, '')).join(' ')
}

/** A day as a filter says it, so many days before another. */
export function dayBefore(now: number, days: number): string {
  const d = new Date(now)
  d.setDate(d.getDate() - days)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
}

/** What is shown of a long text: a part around the first place, with the places in it. */
export function excerpt(text: string, ranges: readonly (readonly [number, number])[], most = 200): { text: string, ranges: [number, number][], before: boolean, after: boolean } {
  const first = ranges[0]?.[0] ?? 0
  let from = first < most / 2 ? 0 : first - most / 4
  if (from > 0) from = Math.max(from - most / 8, text.lastIndexOf(' ', from) + 1) // at a word, if one begins near
  if (/[\uDC00-\uDFFF]/.test(text.charAt(from))) from -= 1
  let to = Math.min(text.length, from + most)
  if (to < text.length && /[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to -= 1
  const inside = ranges.filter(([a, b]) => a >= from && b <= to).map(([a, b]): [number, number] => [a - from, b - from])
  return { text: text.slice(from, to), ranges: inside, before: from > 0, after: to < text.length }
}

/** A text in pieces; those that are marked are what was sought. */
export function pieces(text: string, ranges: readonly (readonly [number, number])[]): { text: string, marked: boolean }[] {
  const out: { text: string, marked: boolean }[] = []
  let at = 0
  for (const [from, to] of ranges) {
    if (from < at || to > text.length) continue
    if (from > at) out.push({ text: text.slice(at, from), marked: false })
    out.push({ text: text.slice(from, to), marked: true })
    at = to
  }
  if (at < text.length) out.push({ text: text.slice(at), marked: false })
  return out
}
