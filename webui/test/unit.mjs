// Runs the unit tests: each test/unit/*.test.ts is bundled by esbuild and handed to node --test. Arguments are parts of file
// names: `npm test -- codec log` runs the tests whose names hold either.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { binary } from './binary.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const wanted = process.argv.slice(2)
const names = readdirSync(join(here, 'unit')).sort()
  .filter((n) => n.endsWith('.test.ts') && (wanted.length === 0 || wanted.some((w) => n.includes(w))))
if (names.length === 0) {
  console.error(`no test/unit/*.test.ts matches ${wanted.join(' ') || 'at all'}`)
  process.exit(1)
}
const tincan = names.some((n) => /^(broker|fold|tus)\./.test(n)) ? binary() : undefined
const out = mkdtempSync(join(here, '..', 'node_modules', '.unit-')) // inside node_modules, so that packages are found
let status = 1
try {
  await build({
    entryPoints: names.map((n) => join(here, 'unit', n)),
    outdir: out, outExtension: { '.js': '.mjs' },
    bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20',
    jsx: 'automatic', jsxImportSource: 'preact', sourcemap: 'inline', logLevel: 'warning',
  })
  const files = names.map((n) => join(out, n.replace(/\.ts$/, '.mjs')))
  status = spawnSync(process.execPath, ['--enable-source-maps', '--test-timeout=300000', '--test', ...files], {
    stdio: 'inherit', env: { ...process.env, ...(tincan && { TINCAN_BIN: tincan.path }) },
  }).status ?? 1
} finally {
  tincan?.remove()
  rmSync(out, { recursive: true, force: true })
}
process.exit(status)
