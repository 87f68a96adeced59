// Checks the catalogues in src/i18n against the English one and against what the sources say.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** The pieces of a message: names of its values, and of each plural its value and its forms. */
export function anatomy(message) {
  const values = new Set()
  const plurals = []
  let i = 0
  const text = (end) => {
    for (; i < message.length && message[i] !== end; i++) {
      if (message[i] === '}') throw new Error('a } too many')
      if (message[i] === '{') placeholder()
    }
    if (end && i >= message.length) throw new Error('a } is missing')
  }
  const placeholder = () => {
    const [head, name, comma] = /^\{(\w+)(\s*,\s*plural\s*,\s*|)/.exec(message.slice(i)) ?? []
    if (!head) throw new Error('a bad placeholder')
    i += head.length
    values.add(name)
    if (comma) {
      const forms = []
      while (message[i] !== '}') {
        const form = /^\s*(=\d+|\w+)\s*\{/.exec(message.slice(i))
        if (!form) throw new Error('a bad plural')
        i += form[0].length
        forms.push(form[1])
        text('}')
        i++
        while (message[i] === ' ') i++
      }
      plurals.push({ name, forms })
    } else if (message[i] !== '}') throw new Error(`a bad placeholder {${name}`)
  }
  text('')
  return { values, plurals }
}

/** The forms of plurals that whole numbers take in a language; other is always there, for what is no whole number. */
export function forms(language) {
  const rules = new Intl.PluralRules(language)
  const taken = new Set([...Array.from({ length: 201 }, (_, n) => rules.select(n)), 'other'])
  return new Set(['zero', 'one', 'two', 'few', 'many', 'other'].filter((f) => taken.has(f)))
}

const same = (a, b) => a.size === b.size && [...a].every((x) => b.has(x))

/** What is wrong with a message of a language, as a sentence; null: nothing. english: the message it translates. */
export function fault(language, message, english) {
  try {
    const of = anatomy(message)
    const from = anatomy(english)
    if (message.trim() === '') return 'says nothing'
    if (!same(of.values, from.values)) return `has {${[...of.values].join('} {')}}, English has {${[...from.values].join('} {')}}`
    const wanted = forms(language)
    const exact = (a) => new Set(a.plurals.flatMap((p) => p.forms.filter((f) => f.startsWith('=')).map((f) => p.name + f)))
    if (!same(exact(of), exact(from))) return `has not the same = forms as English: ${[...exact(from)].join(' ') || 'none'}`
    const counted = new Set(of.plurals.map((p) => p.name))
    for (const p of from.plurals) if (!counted.has(p.name)) return `has no plural of ${p.name}`
    for (const p of of.plurals) {
      const have = new Set(p.forms.filter((f) => !f.startsWith('=')))
      const missing = [...wanted].filter((f) => !have.has(f))
      const needless = [...have].filter((f) => !wanted.has(f))
      if (missing.length > 0) return `lacks the plural ${missing.join(', ')} of ${p.name}`
      if (needless.length > 0) return `has the plural ${needless.join(', ')} of ${p.name}, which this language has not`
    }
    return null
  } catch (e) {
    return `cannot be read: ${e.message}`
  }
}

/** Beginnings and ends of the keys that sources make of a beginning, a value and an end. */
const made = (sources) => [...sources.matchAll(/`([\w.]*)\$\{[\w.]+\}(\w*)`/g)].filter(([, a]) => a.includes('.')).map(([, a, z]) => (key) => key.startsWith(a) && key.endsWith(z))

/** Whether the sources say a key: as it is, or made of parts. */
export function saidIn(sources) {
  const some = made(sources)
  return (key) => sources.includes(`'${key}'`) || some.some((is) => is(key))
}

/** Short names for the keys that no source makes of parts: the same in each catalogue and where they are said, they weigh less. */
export function shortNames(keys, sources) {
  const some = made(sources)
  const names = new Map(keys.map((key, i) => [key, i.toString(36)]).filter(([key]) => !some.some((is) => is(key))))
  return {
    ofText: (text) => text.replace(/'(\w+\.\w+)'/g, (all, key) => (names.has(key) ? `'${names.get(key)}'` : all)),
    ofCatalogue: (messages) => Object.fromEntries(Object.entries(messages).map(([key, message]) => [names.get(key) ?? key, message])),
  }
}

/** All that is wrong with catalogues, by language, as sentences. */
export function faults(catalogues, sources) {
  const { en, ...others } = catalogues
  const said = saidIn(sources)
  const wrong = Object.entries(en).flatMap(([key, message]) => [
    ...(said(key) ? [] : [`en.json: ${key} is said nowhere`]),
    ...(fault('en', message, message) ? [`en.json: ${key} ${fault('en', message, message)}`] : []),
  ])
  for (const [language, messages] of Object.entries(others)) {
    for (const key of Object.keys(en)) if (!(key in messages)) wrong.push(`${language}.json: ${key} is missing`)
    for (const [key, message] of Object.entries(messages)) {
      const is = key in en ? fault(language, message, en[key]) : 'is no message of en.json'
      if (is) wrong.push(`${language}.json: ${key} ${is}`)
    }
  }
  return wrong
}

/** The catalogues of a folder by language. */
export function catalogues(dir) {
  return Object.fromEntries(readdirSync(dir).filter((n) => n.endsWith('.json')).map((n) => {
    const text = readFileSync(join(dir, n), 'utf8')
    const keys = [...text.matchAll(/^ *"([^"]+)":/gm)].map(([, key]) => key)
    const twice = keys.filter((key, i) => keys.indexOf(key) !== i)
    if (twice.length > 0) throw new Error(`${n} says twice: ${twice.join(', ')}`)
    return [basename(n, '.json'), JSON.parse(text)]
  }))
}

/** All TypeScript of a folder. */
export function sources(dir) {
  return readdirSync(dir, { withFileTypes: true })
    .map((f) => (f.isDirectory() ? sources(join(dir, f.name)) : /\.tsx?$/.test(f.name) ? readFileSync(join(dir, f.name), 'utf8') : '')).join('')
}
