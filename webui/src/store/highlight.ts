// The words of code, for their colours. It knows a few languages roughly: what it does not understand stays plain, and the pieces
// together are always the text.

/** comment, string, number or constant, keyword, name of a field, attribute or variable; plain: the rest. */
export type Kind = 'comment' | 'string' | 'number' | 'keyword' | 'name' | 'plain'

export interface Word {
  is: Kind
  text: string
}

interface Language {
  /** In turn; the first that fits where the last one ended counts. None can be empty or go back over what it took. */
  rules: readonly [Kind, string][]
  keywords?: ReadonlySet<string>
  constants?: ReadonlySet<string>
}

const set = (words: string) => new Set(words.split(' '))

const slashes: [Kind, string] = ['comment', String.raw`\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?`]
const hashes: [Kind, string] = ['comment', String.raw`#[^\n]*`]
const double = String.raw`"(?:[^"\\\n]|\\[^])*"?`
const single = String.raw`'(?:[^'\\\n]|\\[^])*'?`
const template = '`(?:[^`\\\\]|\\\\[^])*`?'
const number: [Kind, string] = ['number', String.raw`(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]+)?(?:[eE][+-]?\d+)?)\w*`]
const word: [Kind, string] = ['plain', String.raw`[\p{L}_$][\p{L}\p{N}_$]*`]

const script: Language = {
  rules: [slashes, ['string', `${double}|${single}|${template}`], number, word],
  keywords: set('abstract as async await break case catch class const continue debugger declare default delete do else enum export extends finally for from function get if implements import in instanceof interface is keyof let namespace new of private protected public readonly return satisfies set static super switch this throw try type typeof var void while with yield'),
  constants: set('true false null undefined NaN Infinity'),
}
const languages: Record<string, Language> = {
  js: script,
  json: {
    rules: [['name', String.raw`"(?:[^"\\\n]|\\[^])*"(?=\s*:)`], ['string', double], slashes, ['number', String.raw`-?\d[\d.eE+-]*`], word],
    constants: set('true false null'),
  },
  sh: {
    rules: [
      ['plain', String.raw`\\[^]|\w#[^\s]*`], hashes, ['name', String.raw`\$(?:\{[^}\n]*\}?|[\w@#?*!$-])\w*`], ['string', String.raw`"(?:[^"\\]|\\[^])*"?|'[^']*'?`],
      ['name', String.raw`--?[A-Za-z][\w-]*`], ['number', String.raw`\d+\b`], ['plain', String.raw`[\p{L}_][\p{L}\p{N}_.-]*`],
    ],
    keywords: set('if then elif else fi for in do done while until case esac function return exit export local readonly source set unset shift trap break continue cd echo eval exec test sudo'),
    constants: set('true false'),
  },
  py: {
    rules: [hashes, ['string', String.raw`[rRbBfFuU]{0,2}(?:"""(?:[^"\\]|\\[^]|"(?!""))*(?:""")?|'''(?:[^'\\]|\\[^]|'(?!''))*(?:''')?|${double}|${single})`], ['name', String.raw`@[\p{L}_][\w.]*`], number, word],
    keywords: set('and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield'),
    constants: set('True False None self'),
  },
  go: {
    rules: [slashes, ['string', `${double}|${single}|\`[^\`]*\`?`], number, word],
    keywords: set('break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var'),
    constants: set('true false nil iota'),
  },
  c: {
    rules: [slashes, ['keyword', String.raw`(?<=^|\n)[ \t]*#[ \t]*\w+`], ['string', `${double}|${single}`], number, word],
    keywords: set('alignas auto bool break case catch char class const constexpr continue default delete do double else enum explicit extern final float for friend goto if inline int long namespace new noexcept operator override private protected public return short signed sizeof static struct switch template this throw try typedef typename union unsigned using virtual void volatile while uint8_t uint16_t uint32_t int8_t int16_t int32_t size_t String byte'),
    constants: set('true false nullptr NULL HIGH LOW'),
  },
  html: {
    rules: [
      ['comment', String.raw`<!--(?:[^-]|-(?!->))*(?:-->)?`], ['keyword', String.raw`<[!\/?]?[A-Za-z][\w:-]*|\/?>`],
      ['name', String.raw`[A-Za-z_:@][\w:.-]*(?==)`], ['string', String.raw`(?<==)(?:"[^"]*"?|'[^']*'?)`], ['number', String.raw`&[#\w]{1,32};`], word,
    ],
  },
  yaml: {
    rules: [
      ['plain', String.raw`[^\s#:'"]#[^\s]*`], hashes, ['name', String.raw`[\p{L}_$\/][\p{L}\p{N}_.\/$-]*(?=:(?:\s|$))`], ['string', `${double}|${single}`],
      ['keyword', String.raw`(?<=^|\n)---|[&*!][\w!]+`], ['number', String.raw`-?\d[\d.]*(?![\w:.-])`], ['plain', String.raw`[\p{L}\p{N}_][\p{L}\p{N}_.-]*`],
    ],
    constants: set('true false null yes no on off'),
  },
}
const names: Record<string, string> = {
  javascript: 'js', ts: 'js', typescript: 'js', jsx: 'js', tsx: 'js', mjs: 'js', jsonc: 'json', json5: 'json', bash: 'sh', shell: 'sh', zsh: 'sh', console: 'sh',
  python: 'py', golang: 'go', cpp: 'c', 'c++': 'c', h: 'c', ino: 'c', arduino: 'c', xml: 'html', svg: 'html', yml: 'yaml',
}

/** The language that somebody means by a name; null when it is none of those known. */
export function languageOf(name: string): string | null {
  const low = name.toLowerCase()
  const is = Object.hasOwn(names, low) ? names[low] : low
  return Object.hasOwn(languages, is) ? is : null
}

const made = new Map<string, RegExp>()

/** The words of a text in a language by its own name (see languageOf). */
export function words(text: string, language: string): Word[] {
  const { rules, keywords, constants } = languages[language]
  let re = made.get(language)
  if (!re) made.set(language, re = new RegExp(rules.map(([, r]) => `(${r})`).join('|'), 'gu'))
  const out: Word[] = []
  const add = (is: Kind, s: string) => {
    const last = out.at(-1)
    if (last?.is === is) last.text += s
    else if (s !== '') out.push({ is, text: s })
  }
  let from = 0
  for (const m of text.matchAll(re)) {
    const s = m[0]
    const is = rules[m.findIndex((g, i) => i > 0 && g !== undefined) - 1][0]
    add('plain', text.slice(from, m.index))
    add(is !== 'plain' ? is : keywords?.has(s) ? 'keyword' : constants?.has(s) ? 'number' : 'plain', s)
    from = m.index + s.length
  }
  add('plain', text.slice(from))
  return out
}
