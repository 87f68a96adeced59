// Runs the browser tests: people in Chromium and devices over MQTT, against the built binary. Arguments are parts of file names.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binary } from './binary.mjs'

const here = fileURLToPath(new URL('browser', import.meta.url))
const wanted = process.argv.slice(2)
const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium'
if (!existsSync(chromium)) {
  console.error(`the browser tests need Chromium, and there is no ${chromium}: install it (make test does), or name another in CHROMIUM`)
  process.exit(1)
}
const files = readdirSync(here).sort()
  .filter((n) => n.endsWith('.test.mjs') && (wanted.length === 0 || wanted.some((w) => n.includes(w)))).map((n) => join(here, n))
if (files.length === 0) {
  console.error(`no test/browser/*.test.mjs matches ${wanted.join(' ')}`)
  process.exit(1)
}
const tincan = binary()
let status = 1
try {
  status = spawnSync(process.execPath, ['--test-timeout=300000', '--test-concurrency=2', '--test', ...files], {
    stdio: 'inherit', env: { ...process.env, TINCAN_BIN: tincan.path, CHROMIUM: chromium },
  }).status ?? 1
} finally {
  tincan.remove()
}
process.exit(status)
