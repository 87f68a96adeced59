// The emoji that are offered: by group, by name, and those used lately. The signs are the system's own.

export interface Sign {
  sign: string // without a skin tone
  tones: boolean
  version: number // of Emoji, that brought it; 0: long ago
  name: string
  words: string // what it is found by, in lower case, without accents
}

/** Skin tones: 0 is none. */
export const tones = [0, 1, 2, 3, 4, 5] as const

/** Reads the groups, and the names that stand in the same order. flag names a country by its two letters. */
export function signsOf(groups: readonly string[], names: string, flag: (country: string) => string): Sign[][] {
  const lines = names.split('\n')
  let i = 0
  return groups.map((g) => g.split(' ').map((text) => {
    const [, sign, toned, version] = /^(.+?)(\*?)(\d\d)?$/u.exec(text) ?? ['', text, '', '']
    const [name, ...more] = (lines[i++] ?? '').split('|')
    const said = name || flagOf(sign, flag)
    return { sign, tones: toned === '*', version: Number(version ?? 0), name: said, words: plain([said, ...more].join(' ')) }
  }))
}

function flagOf(sign: string, flag: (country: string) => string): string {
  const letters = [...sign].map((c) => String.fromCharCode(65 + (c.codePointAt(0) ?? 0) - 0x1f1e6)).join('')
  return /^[A-Z]{2}$/.test(letters) ? flag(letters) : sign
}

function plain(text: string): string {
  return text.toLowerCase().normalize('NFD').replace(/\p{Mn}/gu, '')
}

/** A sign in a skin tone, if it has those. */
export function toned(s: Pick<Sign, 'sign' | 'tones'>, tone: number): string {
  return s.tones && tone > 0 ? s.sign.replace(/^(\P{M})\ufe0f?/u, `$1${String.fromCodePoint(0x1f3fa + tone)}`) : s.sign
}

/** Those that words mean, best first: a name that begins so, a word that does, one that holds it. */
export function found(all: readonly Sign[], query: string, most: number): Sign[] {
  const wanted = plain(query.trim()).split(/\s+/).filter((w) => w !== '')
  if (wanted.length === 0) return []
  const rank = (s: Sign): number => {
    if (!wanted.every((w) => s.words.includes(w))) return -1
    if (s.words.startsWith(wanted.join(' '))) return 0
    return wanted.every((w) => ` ${s.words}`.includes(` ${w}`)) ? 1 : 2
  }
  const ranked = all.map((s) => [rank(s), s] as const).filter(([r]) => r >= 0)
  return ranked.sort((a, b) => a[0] - b[0]).slice(0, most).map(([, s]) => s) // the order of the groups stays
}

/** What was used lately, with one more use. */
export function used(lately: readonly string[], sign: string, most: number): string[] {
  return [sign, ...lately.filter((s) => s !== sign)].slice(0, most)
}

/** Reads what a browser keeps of it. */
export function readUse(v: unknown): { lately: string[], tone: number } {
  const o = v as { lately?: unknown, tone?: unknown } | null
  const lately = Array.isArray(o?.lately) ? o.lately.filter((s): s is string => typeof s === 'string' && s !== '' && s.length < 40) : []
  return { lately: lately.slice(0, 40), tone: tones.find((n) => n === o?.tone) ?? 0 }
}

/** The newest version of Emoji that this browser can draw. draws tells of a sign. */
export function newest(all: readonly Sign[], draws: (sign: string) => boolean): number {
  const versions = [...new Set(all.map((s) => s.version))].sort((a, b) => a - b)
  const of = (v: number) => all.find((s) => s.version === v && [...s.sign].length === 1)
  return versions.findLast((v) => v === 0 || draws(of(v)?.sign ?? '😀')) ?? Infinity
}
