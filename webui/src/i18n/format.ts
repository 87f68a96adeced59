// Sentences, numbers, times and lists in the reader's language. A message is ICU-lite: {name}, and {n, plural, one {# x} other {# x}}.
import en from './en.json'

/** A message of the catalogue. */
export type Key = keyof typeof en & string

type Catalogue = Readonly<Record<string, string>>
type Part = string | { value: string } | { plural: string, forms: Record<string, Part[]> } | { number: true }

const language = 'en'
const catalogue: Catalogue = en
const parsed = new Map<Key, Part[]>()

/** Values of a message: texts are isolated, so that a name in another direction does not turn the sentence. */
export type Values = Readonly<Record<string, string | number>>

/** A message as text. */
export function t(key: Key, values: Values = {}): string {
  return parts(key, values).map((p) => (typeof p === 'string' ? p : `\u2068${p.value}\u2069`)).join('')
}

/** A message in pieces, so that a view can put its own nodes where the values are: texts of the message are strings. */
export function parts(key: Key, values: Values): (string | { name: string, value: string })[] {
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

// Intl objects cost milliseconds to make: each is made once.
const made = new Map<string, unknown>()
function once<T>(key: string, make: () => T): T {
  if (!made.has(key)) made.set(key, make())
  return made.get(key) as T
}

const plurals = () => once('plural', () => new Intl.PluralRules(language))

export function number(n: number): string {
  return once('number', () => new Intl.NumberFormat(language, { maximumFractionDigits: 2 })).format(n)
}

/** Hours and minutes. */
export function clock(time: number): string {
  return once('clock', () => new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })).format(time)
}

/** Day and time in full. */
export function moment(time: number): string {
  return once('moment', () => new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'short' })).format(time)
}

/** Today, Yesterday, Thursday 30 April, with the year when it is another. */
export function day(time: number, now: number): string {
  const midnight = (x: number) => new Date(x).setHours(0, 0, 0, 0)
  const ago = Math.round((midnight(now) - midnight(time)) / 86_400_000)
  if (ago === 0) return t('day.today')
  if (ago === 1) return t('day.yesterday')
  const year = new Date(time).getFullYear() !== new Date(now).getFullYear()
  return once(`day ${year}`, () => new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', ...(year && { year: 'numeric' }) })).format(time)
}

/** How long something is: 8 s, 12 min, 3 h, 2 d. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  const [n, unit] = s < 60 ? [s, 'second'] : s < 3600 ? [Math.floor(s / 60), 'minute'] : s < 86_400 ? [Math.floor(s / 3600), 'hour'] : [Math.floor(s / 86_400), 'day']
  return once(`span ${unit}`, () => new Intl.NumberFormat(language, { style: 'unit', unit: unit as string, unitDisplay: 'short' })).format(n as number)
}

/** Names as a list: Ada, Bo and Chi. */
export function list(names: readonly string[]): string {
  return once('list', () => new Intl.ListFormat(language === 'en' ? 'en-GB' : language)).format(names)
}

/** A size in bytes: 8 KB. */
export function size(bytes: number): string {
  return once('size', () => new Intl.NumberFormat(language, { style: 'unit', unit: 'kilobyte', unitDisplay: 'short', maximumFractionDigits: 1 })).format(bytes / 1024)
}

/** Order of names for people. */
export function compare(a: string, b: string): number {
  return once('collator', () => new Intl.Collator(undefined, { sensitivity: 'base', numeric: true })).compare(a, b)
}
