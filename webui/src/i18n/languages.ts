// The languages of the page: which there are, which one a reader gets, and its catalogue, which is loaded when somebody reads it.
import { type Catalogue, english, use } from './format.ts'

const all = {
  ar: () => import('./ar.json'),
  de: () => import('./de.json'),
  en: null,
  es: () => import('./es.json'),
  fr: () => import('./fr.json'),
  he: () => import('./he.json'),
  hi: () => import('./hi.json'),
  ja: () => import('./ja.json'),
  'pt-BR': () => import('./pt-BR.json'),
  ru: () => import('./ru.json'),
  tr: () => import('./tr.json'),
  'zh-Hans': () => import('./zh-Hans.json'),
} as const satisfies Record<string, (() => Promise<{ default: Catalogue }>) | null>

export type Language = keyof typeof all

const codes = Object.keys(all) as Language[]

const rightToLeft: ReadonlySet<Language> = new Set<Language>(['ar', 'he'])

/** How a reader is spoken to: the catalogue, and the locale of numbers and times, which may be one of a country. */
export interface Tongue {
  language: Language
  locale: string
  dir: 'ltr' | 'rtl'
}

/** What was chosen, else what the browser prefers and there is, else English. */
export function choose(choice: string, preferred: readonly string[]): Tongue {
  const language = known(choice) ?? preferred.map(known).find((l) => l !== undefined) ?? 'en'
  const locale = preferred.find((p) => known(p) === language) ?? language
  return { language, locale, dir: rightToLeft.has(language) ? 'rtl' : 'ltr' }
}

/** The language of a tag: the same, or another of its kind. */
function known(tag: string): Language | undefined {
  const base = (t: string) => t.toLowerCase().split('-')[0].replace(/^iw$/, 'he')
  return codes.find((l) => l.toLowerCase() === tag.toLowerCase()) ?? codes.find((l) => base(l) === base(tag))
}

let wanted: Language = 'en'

/** Speaks a tongue from now on, once its catalogue is there. If that cannot be loaded, the language stays as it is. */
export async function speak(tongue: Tongue): Promise<void> {
  wanted = tongue.language
  const load = all[tongue.language]
  try {
    const catalogue: Catalogue = load ? (await load()).default : english
    if (wanted === tongue.language) use(tongue, catalogue)
  } catch {
    // The server is away; the words that are there go on.
  }
}
