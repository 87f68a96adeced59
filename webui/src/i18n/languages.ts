// The languages of the page: which there are, which one a reader gets, and its catalogue, which is loaded when somebody reads it.
import { type Catalogue, english, use } from './format.ts'

const all = {
  ar: ['العربية', () => import('./ar.json')],
  de: ['Deutsch', () => import('./de.json')],
  en: ['English', null],
  es: ['Español', () => import('./es.json')],
  fr: ['Français', () => import('./fr.json')],
  he: ['עברית', () => import('./he.json')],
  hi: ['हिन्दी', () => import('./hi.json')],
  ja: ['日本語', () => import('./ja.json')],
  'pt-BR': ['Português', () => import('./pt-BR.json')],
  ru: ['Русский', () => import('./ru.json')],
  tr: ['Türkçe', () => import('./tr.json')],
  'zh-Hans': ['简体中文', () => import('./zh-Hans.json')],
} as const satisfies Record<string, readonly [string, (() => Promise<{ default: Catalogue }>) | null]>

export type Language = keyof typeof all

/** The languages by their own names. */
export const languages: readonly { code: Language, name: string }[] = Object.entries(all).map(([code, [name]]) => ({ code: code as Language, name }))

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
  return languages.find((l) => l.code.toLowerCase() === tag.toLowerCase())?.code ?? languages.find((l) => base(l.code) === base(tag))?.code
}

let wanted: Language = 'en'

/** Speaks a tongue from now on, once its catalogue is there. If that cannot be loaded, the language stays as it is. */
export async function speak(tongue: Tongue): Promise<void> {
  wanted = tongue.language
  const load = all[tongue.language][1]
  try {
    const catalogue: Catalogue = load ? (await load()).default : english
    if (wanted === tongue.language) use(tongue, catalogue)
  } catch {
    // The server is away; the words that are there go on.
  }
}
