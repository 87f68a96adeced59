// The languages of the page by their own names, as one chooses among them.
import type { Language } from './languages.ts'

const names: Record<Language, string> = {
  ar: 'العربية',
  de: 'Deutsch',
  en: 'English',
  es: 'Español',
  fr: 'Français',
  he: 'עברית',
  hi: 'हिन्दी',
  ja: '日本語',
  'pt-BR': 'Português',
  ru: 'Русский',
  tr: 'Türkçe',
  'zh-Hans': '简体中文',
}

export const languages: readonly { code: Language, name: string }[] = Object.entries(names).map(([code, name]) => ({ code: code as Language, name }))
