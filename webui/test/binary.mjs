// The tincan binary that tests talk to: the one that TINCAN_BIN names, else one that is built now.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = fileURLToPath(new URL('../..', import.meta.url))

/** Returns the binary's path, and what removes it again. */
export function binary() {
  if (process.env.TINCAN_BIN) return { path: process.env.TINCAN_BIN, remove() {} }
  const dir = mkdtempSync(join(tmpdir(), 'tincan-bin-'))
  const path = join(dir, 'tincan')
  const built = spawnSync('go', ['build', '-o', path, '.'], { cwd: top, stdio: ['ignore', 'inherit', 'inherit'] })
  const remove = () => rmSync(dir, { recursive: true, force: true })
  if (built.status !== 0) {
    remove()
    throw new Error('tincan cannot be built: install Go, or name a binary in TINCAN_BIN')
  }
  return { path, remove }
}
