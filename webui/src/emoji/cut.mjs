// Cuts the emoji that the page offers, and their names in its languages, out of public data:
//
//   npm pack emojibase-data cldr-annotations-full cldr-annotations-derived-full   and unpack each below a folder
//   node src/emoji/cut.mjs folder/of/emojibase-data folder/of/cldr-annotations-full folder/of/cldr-annotations-derived-full
//
// signs.json: groups in the order of a keyboard, each a text of signs with spaces between them; behind a sign * says that it has
// skin tones, and a number the version of Emoji that brought it, from 11 on. words/: for each language a line for each sign in the same
// order, its name (more words to find it by would weigh more in the binary than they help); flags have none, since the browser knows the names of countries. The names are
// those of Unicode CLDR (see NOTICE).
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'

const here = dirname(fileURLToPath(import.meta.url))
const [base, names, derived] = process.argv.slice(2)
const groups = [[0], [1], [3], [4], [5], [6], [7], [8], [9]] // smileys, people, animals, food, travel, activities, objects, symbols, flags
const json = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'))
const toned = (sign, tone) => sign.replace(/^(\P{M})\ufe0f?/u, `$1${String.fromCodePoint(0x1f3fa + tone)}`)

const all = json(base, 'en/data.json').filter((e) => e.group !== undefined && e.group !== 2).sort((a, b) => a.order - b.order)
const signs = groups.map((of) => all.filter((e) => of.includes(e.group)).map((e) => {
  const single = (e.skins ?? []).filter((s) => !Array.isArray(s.tone))
  const tones = single.length === 5 && single.every((s) => toned(e.emoji, s.tone) === s.emoji)
  return { sign: e.emoji, flag: /^\p{RI}{2}$/u.test(e.emoji), text: e.emoji + (tones ? '*' : '') + (e.version >= 11 ? Math.floor(e.version) : '') }
}))
writeFileSync(join(here, 'signs.json'), JSON.stringify(signs.map((g) => g.map((e) => e.text).join(' ')), null, 0).replaceAll('","', '",\n"') + '\n')

for (const [language, cldr] of Object.entries({ en: 'en', de: 'de', es: 'es', fr: 'fr', 'pt-BR': 'pt', 'zh-Hans': 'zh', ar: 'ar', hi: 'hi', ja: 'ja', ru: 'ru', tr: 'tr', he: 'he' })) {
  const said = { ...json(names, `annotations/${cldr}/annotations.json`).annotations.annotations, ...json(derived, `annotationsDerived/${cldr}/annotations.json`).annotationsDerived.annotations }
  const of = (sign) => said[sign] ?? said[sign.replaceAll('\ufe0f', '')] ?? {}
    const lines = signs.flat().map(({ sign, flag }) => {
      if (flag) return ''
      return of(sign).tts?.[0] ?? ''
    })
    const text = JSON.stringify(lines.join('\n'))
    const weight = brotliCompressSync(text).length
    writeFileSync(join(here, 'words', `${language}.json`), text + '\n')
    console.log(language, lines.length, 'signs', weight, 'bytes', lines.filter((l, i) => l === '' && !signs.flat()[i].flag).length, 'without a name')
}
