import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const src = join(process.cwd(), 'src')
const tokens = readFileSync(join(src, 'style/tokens.css'), 'utf8')
const sheets = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((n) => n.endsWith('.css')).map((n) => ({ name: n, css: readFileSync(join(src, n), 'utf8') }))

/** What a selector declares in the tokens, as a map. */
function declared(selector: string): Map<string, string> {
  const i = tokens.indexOf(`${selector} {`)
  assert.ok(i >= 0, selector)
  const body = tokens.slice(tokens.indexOf('{', i) + 1, tokens.indexOf('}', i)).replace(/\/\*[\s\S]*?\*\//g, '')
  return new Map(body.split(';').map((d) => d.trim()).filter((d) => d !== '').map((d) => [d.slice(0, d.indexOf(':')).trim(), d.slice(d.indexOf(':') + 1).trim()]))
}

test('dark is the same, whether the system or the reader wants it', () => {
  const system = declared(':root:not([data-theme=light])')
  assert.ok(system.size > 30)
  assert.deepEqual(declared(':root[data-theme=dark]'), system)
})

test('every colour is a role of the tokens, and every role is defined', () => {
  const roles = new Set(tokens.match(/--[\w-]+(?=\s*:)/g))
  for (const { name, css } of sheets) {
    if (/(tokens|print)\.css$/.test(name)) continue
    const plain = css.replace(/\/\*[\s\S]*?\*\//g, '')
    assert.deepEqual(plain.match(/#[0-9a-f]{3,8}\b(?=[^{}]*[;}])/gi) ?? [], [], `${name} has colours of its own`)
    const own = new Set(plain.match(/--[\w-]+(?=\s*:)/g))
    for (const [, role] of plain.matchAll(/var\((--[\w-]+)\s*\)/g)) assert.ok(roles.has(role) || own.has(role) || role === '--c', `${name}: ${role} is not defined`)
  }
})

test('what has a side is named by the direction of the text, so that right-to-left mirrors it', () => {
  const sided = /(?<![\w-])(?:(?:margin|padding|border)-(?:left|right)(?:-\w+)?|left|right|(?:text-align|float)\s*:\s*(?:left|right))\s*[:;}]/g
  for (const { name, css } of sheets) {
    const plain = css.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\[dir=(?:ltr|rtl)\][^{]*\{[^}]*\}/g, '')
    assert.deepEqual(plain.match(sided) ?? [], [], name)
  }
})
