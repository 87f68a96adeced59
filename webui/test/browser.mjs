// Runs the browser tests: people in Chromium and devices over MQTT, against the built binary. Arguments are parts of file names.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binary } from './binary.mjs'

const here = fileURLToPath(new URL('browser', import.meta.url))
const wanted = process.argv.slice(2)
// The one without windows first: it takes little more than half of the processor.
const chromium = process.env.CHROMIUM ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync) ?? '/usr/bin/chromium'
if (!existsSync(chromium)) {
  console.error(`the browser tests need Chromium, and there is no ${chromium}: install it (make test does), or name another in CHROMIUM`)
  process.exit(1)
}
const files = readdirSync(here).filter((n) => n.endsWith('.test.mjs') && (wanted.length === 0 || wanted.some((w) => n.includes(w)))).map((n) => join(here, n))
  .sort((a, b) => statSync(b).size - statSync(a).size) // the long ones first, so that none is left over at the end
if (files.length === 0) {
  console.error(`no test/browser/*.test.mjs matches ${wanted.join(' ')}`)
  process.exit(1)
}
const tincan = binary()
const whole = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Runs one file, prints what it says when it has ended, and tells whether all went well. */
async function passes(file, browser) {
  const env = { ...process.env, TINCAN_BIN: tincan.path, CHROMIUM: browser }
  const p = spawn(process.execPath, ['--test-timeout=300000', '--test', file], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = []
  for (const out of [p.stdout, p.stderr]) out.on('data', (b) => said.push(b))
  const [code] = await once(p, 'close')
  process.stdout.write(Buffer.concat(said))
  return code === 0
}

/** Runs files, some side by side since they wait more than they work, and returns those that failed. */
async function failing(all, beside, browser) {
  const left = [...all]
  const bad = []
  const work = async () => {
    for (let f = left.shift(); f; f = left.shift()) if (!(await passes(f, browser))) bad.push(f)
  }
  await Promise.all(Array.from({ length: beside }, work))
  return bad
}

let bad = files
try {
  bad = await failing(files, 3, chromium)
  if (bad.length > 0) {
    // A browser on a busy machine stumbles now and then, and the one without windows forgets to draw; what is broken fails twice.
    console.log(`# once more, alone: ${bad.map((f) => basename(f)).join(', ')}`)
    bad = await failing(bad, 1, existsSync(whole) ? whole : chromium)
  }
} finally {
  tincan.remove()
}
process.exit(bad.length > 0 ? 1 : 0)
