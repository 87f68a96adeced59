// Sentences, numbers, times and lists in the reader's language. A message is ICU-lite: {name}, and {n, plural, one {# x} other {# x}}.
import { signal } from '@preact/signals'
import en from './en.json'

/** A message of the catalogue. */
export type Key = keyof typeof en & string

/** The messages of a language; what is missing is said in English. */
export type Catalogue = Readonly<Partial<Record<Key, string>>>

export const english: Catalogue = en

/** Takes in the English messages of a part of the page that was loaded later; build.mjs puts the call there. */
export function learn(more: Catalogue): void {
  Object.assign(en, more)
}

type Part = string | { value: string } | { plural: string, forms: Record<string, Part[]> } | { number: true }

/** Intl objects cost milliseconds to make, so each is made once for a locale; messages are read once. */
interface Spoken {
  language: string
  locale: string // of numbers, times and lists
  dir: 'ltr' | 'rtl'
  catalogue: Catalogue
  parsed: Map<Key, Part[]>
  made: Map<string, unknown>
}

const anew = () => ({ parsed: new Map(), made: new Map() })

// Whatever is said is drawn again when the language changes: it hangs on this signal.
const spoken = signal<Spoken>({ language: 'en', locale: 'en-GB', dir: 'ltr', catalogue: en, ...anew() })
const hours = signal<'system' | '12' | '24'>('system')
const kept = signal<Habit | null>(null)

/**
 * How small numbers and times are written in one locale, as Intl told in an earlier visit. The first of its objects takes a slow phone a
 * quarter of a second to make, and is not needed for these.
 */
export interface Habit {
  key: string // what it hangs on, see habitKey
  digits: string // from 0 to 9
  hours: readonly string[] // from 0 to 23, with a # for the minutes
}

/** Speaks with a catalogue from now on. */
export function use({ language, locale, dir }: Pick<Spoken, 'language' | 'locale' | 'dir'>, catalogue: Catalogue): void {
  spoken.value = { language, locale, dir, catalogue, ...anew() }
}

/** Tells times by 12 or 24 hours from now on, or as the system does. */
export function useClock(way: 'system' | '12' | '24'): void {
  hours.value = way
}

/** Writes small numbers and times by this habit from now on, where it holds. */
export function useHabit(of: Habit | null): void {
  kept.value = of
}

/** What a habit hangs on. */
export function habitKey(): string {
  return `${spoken.value.locale} ${hours.value}`
}

/** The language spoken, and its direction. */
export function tongue(): Pick<Spoken, 'language' | 'dir'> {
  return spoken.value
}

/** Values of a message: texts are isolated, so that a name in another direction does not turn the sentence. */
export type Values = Readonly<Record<string, string | number>>

/** What begins with this is no name, so no # stands before it. */
export const untitled = '\u2060'

/** A text in which no # stands before what is no name. */
export function plain(text: string): string {
  return text.replaceAll(`#${untitled}`, '')
}

/** A message as text. The # of a room stays with its name, whatever the direction of either. */
export function t(key: Key, values: Values = {}): string {
  return plain(parts(key, values).map((p) => (typeof p === 'string' ? p : `\u2068${p.value}\u2069`)).join('').replaceAll('#\u2068', '\u2068#'))
}

/** A message in pieces, so that a view can put its own nodes where the values are: texts of the message are strings. */
export function parts(key: Key, values: Values): (string | { name: string, value: string })[] {
  const { parsed, catalogue } = spoken.value
  let message = parsed.get(key)
  if (!message) parsed.set(key, (message = parse(catalogue[key] ?? en[key])))
  return filled(message, values, 0)
}

function filled(message: readonly Part[], values: Values, n: number): (string | { name: string, value: string })[] {
  return message.flatMap((p) => {
    if (typeof p === 'string') return [p]
    if ('number' in p) return [number(n)]
    if ('value' in p) {
      const v = values[p.value]
      return typeof v === 'number' ? [number(v)] : [{ name: p.value, value: v ?? '' }]
    }
    const count = Number(values[p.plural])
    return filled(p.forms[`=${count}`] ?? p.forms[plurals().select(count)] ?? p.forms.other ?? [], values, count)
  })
}

/** Reads a message; text that is no placeholder stays text. */
function parse(message: string): Part[] {
  let i = 0
  const until = (end: string): Part[] => {
    const out: Part[] = []
    let text = ''
    const flush = () => {
      if (text !== '') out.push(text)
      text = ''
    }
    for (; i < message.length && message[i] !== end; i++) {
      if (message[i] === '#' && end === '}') {
        flush()
        out.push({ number: true })
      } else if (message[i] === '{') {
        flush()
        i++
        out.push(placeholder())
      } else text += message[i]
    }
    flush()
    return out
  }
  const placeholder = (): Part => {
    const head = /^(\w+)\s*(?:,\s*plural\s*,)?\s*/.exec(message.slice(i))
    if (!head) throw new Error(`a message with a bad placeholder: ${message}`)
    i += head[0].length
    if (!head[0].includes(',')) return { value: head[1] } // i stands on the closing brace
    const forms: Record<string, Part[]> = {}
    while (message[i] !== '}') {
      const name = /^\s*([\w=]+)\s*\{/.exec(message.slice(i))
      if (!name) throw new Error(`a message with a bad plural: ${message}`)
      i += name[0].length
      forms[name[1]] = until('}')
      i++
      while (message[i] === ' ') i++
    }
    return { plural: head[1], forms }
  }
  return until('')
}

/** What make gives for the locale, made once. */
export function once<T>(key: string, make: (locale: string) => T): T {
  const { made, locale } = spoken.value
  if (!made.has(key)) made.set(key, make(locale))
  return made.get(key) as T
}

const plurals = () => once('plural', () => new Intl.PluralRules(spoken.value.language))

/** The habit that holds now. */
const habit = () => (kept.value?.key === habitKey() ? kept.value : null)

/** What writes numbers. */
export const numbers = () => once('number', (l) => new Intl.NumberFormat(l, { maximumFractionDigits: 2 }))

/** A whole number below 1,000, as is the habit. */
export function numberBy({ digits }: Habit, n: number, least = 1): string {
  return `${n}`.padStart(least, '0').replace(/./g, (d) => digits[+d])
}

export function number(n: number): string {
  const h = habit()
  return h && n >= 0 && n < 1000 && n % 1 === 0 ? numberBy(h, n) : numbers().format(n)
}

/** 12 or 24 hours: as chosen, else as the system has it, whatever the language. */
export function cycle(): 'h12' | 'h23' {
  if (hours.value !== 'system') return hours.value === '12' ? 'h12' : 'h23'
  return once('cycle', () => (new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions().hour12 ? 'h12' : 'h23'))
}

/** What writes hours and minutes. */
export function clocks(): Intl.DateTimeFormat {
  const hourCycle = cycle()
  return once(`clock ${hourCycle}`, (l) => new Intl.DateTimeFormat(l, { hour: hourCycle === 'h12' ? 'numeric' : '2-digit', minute: '2-digit', hourCycle }))
}

/** Hours and minutes, as is the habit. */
export function clockBy(habit: Habit, time: number): string {
  const at = new Date(time)
  return habit.hours[at.getHours()].replace('#', numberBy(habit, at.getMinutes(), 2))
}

/** Hours and minutes. */
export function clock(time: number): string {
  const h = habit()
  return h ? clockBy(h, time) : clocks().format(time)
}

/** Today, Yesterday, Thursday 30 April, with the year when it is another. */
export function day(time: number, now: number): string {
  const midnight = (x: number) => new Date(x).setHours(0, 0, 0, 0)
  const ago = Math.round((midnight(now) - midnight(time)) / 86_400_000)
  if (ago === 0) return t('day.today')
  if (ago === 1) return t('day.yesterday')
  const year = new Date(time).getFullYear() !== new Date(now).getFullYear()
  return once(`day ${year}`, (l) => new Intl.DateTimeFormat(l, { weekday: 'long', day: 'numeric', month: 'long', ...(year && { year: 'numeric' }) })).format(time)
}

/** How long something is: 8 s, 12 min, 3 h, 2 d. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  const [n, unit] = s < 60 ? [s, 'second'] : s < 3600 ? [Math.floor(s / 60), 'minute'] : s < 86_400 ? [Math.floor(s / 3600), 'hour'] : [Math.floor(s / 86_400), 'day']
  return once(`span ${unit}`, (l) => new Intl.NumberFormat(l, { style: 'unit', unit: unit as string, unitDisplay: 'short' })).format(n as number)
}

/** Names as a list: Ada, Bo and Chi. */
export function list(names: readonly string[]): string {
  return once('list', (l) => new Intl.ListFormat(l)).format(names)
}

/** Names as the beginning of a list that a sentence ends: Ada, Bo. */
export function commas(some: readonly string[]): string {
  return some.join(once('comma', (l) => new Intl.ListFormat(l).formatToParts(['a', 'b', 'c'])[1].value))
}

/** Order of names for people. */
export function compare(a: string, b: string): number {
  return once('collator', (l) => new Intl.Collator(l, { sensitivity: 'base', numeric: true })).compare(a, b)
}
