// Builds the page: src/ → dist/, which is committed and embedded into the binary.
//
//   node build.mjs          writes dist/
//   node build.mjs --check  builds in memory and fails if dist/ differs
//
// Every file but index.html and build.txt bears a hash of its content in its name, so that it may be cached for ever. Each text
// file of that kind has a .br and a .gz beside it. index.html is filled in by the server (see webui.go) and has none. The same
// sources give the same bytes; only .br and .gz may differ with the zlib of the Node version, so they are compared unpacked.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const src = join(here, 'src')
const dist = join(here, 'dist')
const budget = 60_000 // bytes of brotli for everything there is to load
const packed = new Set(['.js', '.css', '.svg', '.json', '.webmanifest'])

const sha = (data, n) => createHash('sha256').update(data).digest('hex').slice(0, n)
const brotli = (data) => brotliCompressSync(data, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length },
})

/** Bundles src/main.ts; the result maps file names to bytes. */
async function bundle() {
  const r = await build({
    absWorkingDir: here,
    entryPoints: ['src/main.ts'],
    outdir: 'dist', write: false, metafile: true,
    bundle: true, minify: true, splitting: true, format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none',
    jsx: 'automatic', jsxImportSource: 'preact',
    entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]', assetNames: '[name]-[hash]',
    loader: { '.svg': 'file' },
    logLevel: 'warning',
  })
  const files = new Map(r.outputFiles.map((f) => [basename(f.path), Buffer.from(f.contents)]))
  const entry = Object.entries(r.metafile.outputs).find(([, o]) => o.entryPoint === 'src/main.ts')
  const refs = new Map([['main.js', basename(entry[0])]])
  if (entry[1].cssBundle) refs.set('main.css', basename(entry[1].cssBundle))
  return { files, refs }
}

/** Everything that belongs into dist/: file name → bytes. */
async function page() {
  const { files, refs } = await bundle()
  // A relative href or src in index.html is main.js, main.css or a file of src/; it becomes the hashed name.
  let html = readFileSync(join(src, 'index.html'), 'utf8').replace(/\b(href|src)="(?!#|\/|[a-z]+:)([^"]+)"/g, (_, attr, name) => {
    if (!refs.has(name)) {
      const data = readFileSync(join(src, name))
      const ext = extname(name)
      const hashed = `${basename(name, ext)}-${sha(data, 8)}${ext}`
      files.set(hashed, data)
      refs.set(name, hashed)
    }
    return `${attr}="${refs.get(name)}"`
  })
  html = html.replace(/<!--(?!\[)[\s\S]*?-->/g, '').replace(/^\s+/gm, '')
  const id = createHash('sha256')
  for (const name of [...files.keys()].sort()) id.update(name).update('\0').update(files.get(name))
  const buildId = id.update(html).digest('hex').slice(0, 12)
  if (!html.includes('{build}')) throw new Error('src/index.html has no {build}: the page could not tell that it is older than the server')
  files.set('index.html', Buffer.from(html.replaceAll('{build}', buildId)))
  files.set('build.txt', Buffer.from(buildId + '\n'))
  for (const [name, data] of [...files]) {
    if (!packed.has(extname(name))) continue
    files.set(name + '.br', brotli(data))
    files.set(name + '.gz', gzipSync(data, { level: 9 }))
  }
  return files
}

/** Prints what each file weighs and returns the sum in bytes of brotli. */
function weigh(files) {
  let all = 0
  for (const name of [...files.keys()].sort()) {
    if (/\.(br|gz|txt)$/.test(name)) continue
    const n = (files.get(name + '.br') ?? brotli(files.get(name))).length
    all += n
    console.log(`${String(n).padStart(8)}  ${name}`)
  }
  console.log(`${String(all).padStart(8)}  bytes of brotli in all, of ${budget}`)
  return all
}

function write(dir, files) {
  mkdirSync(dir, { recursive: true })
  for (const name of readdirSync(dir)) if (!files.has(name)) rmSync(join(dir, name), { recursive: true })
  for (const [name, data] of files) writeFileSync(join(dir, name), data)
}

function read(dir) {
  return new Map(existsSync(dir) ? readdirSync(dir).sort().map((n) => [n, readFileSync(join(dir, n))]) : [])
}

/** What differs between the files made now and those committed, as sentences. */
function differences(made, have) {
  const out = []
  for (const name of new Set([...made.keys(), ...have.keys()])) {
    if (!have.has(name)) out.push(`dist/${name} is missing`)
    else if (!made.has(name)) out.push(`dist/${name} does not come from these sources`)
    else if (!/\.(br|gz)$/.test(name)) {
      if (!made.get(name).equals(have.get(name))) out.push(`dist/${name} differs from what the sources give`)
    } else {
      let plain
      try {
        plain = name.endsWith('.br') ? brotliDecompressSync(have.get(name)) : gunzipSync(have.get(name))
      } catch {
        plain = undefined
      }
      const of = have.get(name.slice(0, -3))
      if (!plain || !of || !plain.equals(of)) out.push(`dist/${name} does not unpack to dist/${name.slice(0, -3)}`)
    }
  }
  return out
}

const files = await page()
if (weigh(files) > budget) {
  console.error(`build: the page weighs more than ${budget} bytes of brotli: make something smaller, or raise the budget in build.mjs and say why`)
  process.exit(1)
}
if (process.argv.includes('--check')) {
  const bad = differences(files, read(dist))
  for (const b of bad) console.error(`build: ${b}`)
  if (bad.length > 0) {
    console.error('build: dist/ is not what the sources give: run `npm run build` in webui and commit dist/')
    process.exitCode = 1
  } else console.log('dist/ is what the sources give')
} else write(dist, files)
