import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Kind, languageOf, words } from '../../src/store/highlight.ts'
import { Chance } from './chance.ts'

const of = (is: Kind, text: string, language: string) => words(text, languageOf(language) ?? '').filter((w) => w.is === is).map((w) => w.text.trim())

test('code is seen as words of its language', () => {
  const rows: [language: string, text: string, is: Kind, found: string[]][] = [
    ['json', '{"a": "b", "c": [1, -2.5e3, true]}', 'name', ['"a"', '"c"']],
    ['json', '{"a": "b", "c": [1, -2.5e3, true]}', 'number', ['1', '-2.5e3', 'true']],
    ['json', '{"a \\" x": "b"}', 'string', ['"b"']],
    ['bash', 'for f in *.log; do echo "$f" # all\ndone', 'keyword', ['for', 'in', 'do', 'echo', 'done']],
    ['bash', 'curl -u ada:x --upload-file ${F} http://h/a#b', 'comment', []],
    ['sh', 'mosquitto_pub -h host -t chat/room/lobby/say -m $MSG', 'name', ['-h', '-t', '-m', '$MSG']],
    ['typescript', 'const a = `x ${"y"}` // z', 'comment', ['// z']],
    ['ts', 'const a = `x` + \'y\'; let n = 0xff', 'keyword', ['const', 'let']],
    ['js', 'let n = 0xff + 1_000n', 'number', ['0xff', '1_000n']],
    ['python', 'def f(x):\n  """says "hi" """\n  return None', 'string', ['"""says "hi" """']],
    ['py', '@app.route("/")\nasync def f(): pass', 'name', ['@app.route']],
    ['go', 'func f() { x := `a\nb` }', 'string', ['`a\nb`']],
    ['c++', '#include <a.h>\nint x = 3; /* y */', 'keyword', ['#include', 'int']],
    ['ino', 'digitalWrite(5, HIGH);', 'number', ['5', 'HIGH']],
    ['html', '<a href="x" b=\'y\'>text &amp; more</a><!-- z -->', 'name', ['href', 'b']],
    ['xml', '<a href="x">text &amp; more</a><!-- z -->', 'keyword', ['<a', '>', '</a>']],
    ['yml', 'http: ":8080" # port\nlimits:\n  keepalive: 60s\n  n: 5', 'name', ['http', 'limits', 'keepalive', 'n']],
    ['yaml', 'a: 5\nb: 60s\nc: true\nd: x#y', 'number', ['5', 'true']],
    ['yaml', 'd: x#y', 'comment', []],
  ]
  for (const [language, text, is, found] of rows) assert.deepEqual(of(is, text, language), found, `${is} of ${language}: ${text}`)
  for (const none of ['', 'brainf', 'constructor', '__proto__', 'toString']) assert.equal(languageOf(none), null, none)
})

test('whatever the text, its words are the text, and soon', () => {
  const chance = new Chance(7)
  const bits = ['"', "'", '`', '\\', '\n', '/*', '*/', '//', '#', '<!--', '-->', '<a', '>', '=', ':', '"""', '${', '}', '$', '--', '&', ';', 'const', 'true', '12', '1e', '0x', 'é', '🦊', ' ', '\ud800', '@', 'if']
  for (const language of ['json', 'sh', 'js', 'py', 'go', 'c', 'html', 'yaml']) {
    for (let i = 0; i < 300; i++) {
      const text = Array.from({ length: chance.int(0, 40) }, () => chance.one(bits)).join('')
      const out = words(text, language)
      assert.equal(out.map((w) => w.text).join(''), text)
      assert.ok(out.every((w) => w.text !== ''), text)
    }
    for (const bit of bits) { // a message holds 8 KiB: no beginning may make it slow
      const text = bit.repeat(8192 / bit.length)
      const began = process.cpuUsage() // others may have the processor meanwhile
      assert.equal(words(text, language).map((w) => w.text).join(''), text)
      assert.ok(process.cpuUsage(began).user < 1_000_000, `${language} takes long over ${bit}`)
    }
  }
})
