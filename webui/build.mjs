// Builds the page: src/ → dist/, which is committed and embedded into the binary.
//
//   node build.mjs          writes dist/
//   node build.mjs --check  builds in memory and fails if dist/ differs
//
// Every file but index.html and build.txt bears a hash of what it is made of in its name, so that it may be cached for ever. A text file of
// that kind is in dist/ as .br and .gz alone, since the binary carries all of it; the server unpacks it for who takes neither.
// index.html is filled in by the server (see webui.go). The same sources give the same bytes; only .br and .gz may differ with the
// zlib of the Node version, so they are compared unpacked.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib'
import { build, transform } from 'esbuild'
import { minify } from 'terser'
import { catalogues, faults, saidIn, shortNames, sources } from './words.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const src = join(here, 'src')
const dist = join(here, 'dist')
// Bytes of brotli. The first load is what index.html needs before anything is shown; all is that and what the room then loads by
// itself. Everything else that is imported later comes with the first touch, or when somebody asks for it, each file weighed alone: a
// language, the emoji, a view of its own, the first visit, the bell.
const budgets = { first: 45_000, all: 60_000, aside: 25_000 }
const unasked = ['src/live.ts', 'src/view/later.ts']
const before = new Set([...unasked, 'src/view/welcome.tsx', 'src/store/plain.ts']) // what may come without view/later.ts
// Parts that several of these need, in one file for each line: what dialogs are made of, what is done in a room and may be refused, what
// files are shown with. Not everybody needs all of a line, but apart each of its parts would be a file of its own.
const together = [
  ['view/dialog.tsx', 'view/dialog.css', 'view/control.tsx', 'view/control.css', 'view/field.css', 'view/reach.ts', 'store/invite.ts', 'store/namecheck.ts', 'i18n/ownnames.ts', 'popup.ts', 'view/modal.ts'],
  ['view/refusal.ts', 'i18n/moment.ts', 'view/no.tsx', 'view/tend.ts', 'view/ordering.ts', 'view/hand.tsx', 'view/copy.tsx', 'clipboard.ts', 'view/handicons.ts'],
  ['view/fileicons.ts', 'view/proof.ts', 'store/picture.ts', 'i18n/size.ts'],
].map((names) => names.map((n) => `src/${n}`))
const packed = new Set(['.js', '.css', '.svg', '.json', '.webmanifest'])

const sha = (data, n) => createHash('sha256').update(data).digest('hex').slice(0, n)
const brotli = (data) => brotliCompressSync(data, {
  params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length },
})

const options = {
  absWorkingDir: here, preserveSymlinks: true, // the paths of modules decide what comes first: they are the same where node_modules is a link
  entryPoints: ['src/main.ts'],
  outdir: 'dist', write: false, metafile: true,
  bundle: true, minify: true, splitting: true, format: 'esm', target: 'es2022', charset: 'utf8', legalComments: 'none',
  jsx: 'automatic', jsxImportSource: 'preact',
  entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]', assetNames: '[name]-[hash]',
  loader: { '.svg': 'file' },
  logLevel: 'warning',
}

/** What is reached from a node without import(): the nodes are inputs or outputs of a metafile. */
function reached(from, graph) {
  const out = new Set([from])
  for (const name of out) for (const i of graph[name]?.imports ?? []) if (i.kind !== 'dynamic-import' && !i.external) out.add(i.path)
  return out
}

/**
 * Keeps apart what is loaded at first and what is loaded when needed. The sheet of a later view travels inside its script and is
 * adopted by the document: esbuild would put it into a file that nothing loads. And what is imported later imports main.ts, which is
 * there, and what is opened imports view/later.ts: so that each of these loads is one file, instead of one for each set of views that
 * share something. What is loaded brings the English messages that only it says. The keys of messages become short.
 */
function apart(first, soon, later) {
  const name = (path) => relative(here, path).replaceAll('\\', '/')
  const code = (path) => readFileSync(path, 'utf8')
  const messages = (path) => JSON.parse(code(path))
  const english = Object.entries(messages(join(src, 'i18n/en.json')))
  const short = shortNames(english.map(([key]) => key), sources(src))
  const saidAt = (names) => saidIn([...names].filter((n) => /\.tsx?$/.test(n)).map((n) => code(join(here, n))).join(''))
  const saidFirst = saidAt(first)
  const saidSoon = saidAt(soon)
  const beside = (is) => together.filter((names) => names.includes(is)).flat().filter((n) => n !== is).map((n) => `import ${JSON.stringify(join(here, n))};`).join('')
  const brings = (path, text) => {
    const said = saidIn(text)
    const there = soon.has(path) || !later.has(path) || before.has(path) ? saidFirst : (key) => saidFirst(key) || saidSoon(key)
    const own = english.filter(([key]) => said(key) && !there(key))
    return own.length === 0 ? '' : `import { learn } from ${JSON.stringify(join(src, 'i18n/format.ts'))}; learn(${JSON.stringify(short.ofCatalogue(Object.fromEntries(own)))});`
  }
  return {
    name: 'apart',
    setup(b) {
      b.onLoad({ filter: /\.css$/ }, async ({ path }) => {
        if (first.has(name(path))) return undefined
        const sheet = await transform(code(path), { loader: 'css', minify: true, charset: 'utf8' })
        return { contents: `${beside(name(path))}import { adopt } from ${JSON.stringify(join(src, 'platform.ts'))}; adopt(${JSON.stringify(sheet.code.trim())})`, loader: 'js', resolveDir: here }
      })
      b.onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
        if (!path.startsWith(src)) return undefined
        const text = code(path)
        const is = name(path)
        const there = !later.has(is) ? [] : before.has(is) ? ['main.ts'] : ['main.ts', 'view/later.ts']
        const loads = there.map((n) => `import ${JSON.stringify(join(src, n))};`).join('')
        return { contents: (first.has(is) ? '' : loads + beside(is) + brings(is, text)) + short.ofText(text), loader: path.endsWith('x') ? 'tsx' : 'ts' }
      })
      b.onLoad({ filter: /i18n[\\/][\w-]+\.json$/ }, ({ path }) => {
        const all = path.endsWith('en.json') ? Object.fromEntries(english.filter(([key]) => saidFirst(key))) : messages(path)
        return { contents: JSON.stringify(short.ofCatalogue(all)), loader: 'json' }
      })
    },
  }
}

/**
 * An entry point whose code others need, too, is a file of its own that only passes on what a chunk exports. The chunk takes its place:
 * it exports the same by the same names, and is asked for in its stead. Both names bear the hash of what is in there.
 */
function folded(files) {
  for (const [name, data] of files) {
    const [, imported, chunk, exported] = /^import\{([^}]*)\}from"\.\/([^"]+)";(?:import"[^"]+";)*export\{([^}]*)\};\s*$/.exec(data) ?? []
    if (!chunk) continue
    const pairs = (list) => list.split(',').map((x) => x.split(' as ')).map(([a, b = a]) => [a, b])
    const text = files.get(chunk).toString()
    const [, offered] = /export\{([^}]*)\};\s*$/.exec(text)
    const inChunk = new Map(pairs(offered).map(([local, alias]) => [alias, local]))
    const inStub = new Map(pairs(imported).map(([alias, local]) => [local, inChunk.get(alias)]))
    files.set(chunk, Buffer.from(`${text}export{${pairs(exported).map(([local, as]) => `${inStub.get(local)} as ${as}`)}};`))
    files.delete(name)
    for (const [n, d] of files) if (n.endsWith('.js')) files.set(n, Buffer.from(d.toString().replaceAll(`"./${name}"`, `"./${chunk}"`)))
  }
}

/** Makes the scripts smaller still: terser puts together what esbuild, which looks at one statement at a time, leaves apart. */
async function squeezed(files) {
  for (const [name, data] of files) {
    if (!name.endsWith('.js')) continue
    const { code } = await minify(data.toString(), { module: true, compress: { ecma: 2022, passes: 2, booleans: false, comparisons: false, lhs_constants: false, conditionals: false, sequences: false, keep_fargs: false, side_effects: false }, format: { ecma: 2022 } })
    files.set(name, Buffer.from(code + '\n'))
  }
}

/**
 * Gives scripts and sheets their names, in all that imports them. esbuild's hash tells the sources; what was done to them is told by this
 * file and by the versions of the tools, so that a browser never puts together what two builds made. 25 bits tell two contents of one
 * file apart, and a longer name weighs as much as a line of code: no packer makes it smaller.
 */
function named(files, kinds, refs) {
  const made = ['build.mjs', 'words.mjs', 'package-lock.json'].map((n) => readFileSync(join(here, n)))
  const names = new Map()
  for (const old of files.keys()) {
    const [, name, hash, ext] = /^(.*)-([A-Z0-9]{8})(\.(?:js|css))$/.exec(old) ?? []
    if (!hash) continue
    const is = sha(Buffer.concat([Buffer.from(hash), ...made]), 8)
    names.set(old, `${name === 'chunk' ? 'c' : name}-${Number.parseInt(is, 16).toString(36).padStart(5, '0').slice(-5)}${ext}`)
  }
  if (new Set(names.values()).size < names.size) throw new Error('two files have one name: change a letter anywhere')
  for (const [old, name] of names) {
    const data = files.get(old)
    files.delete(old)
    files.set(name, old.endsWith('.js') ? Buffer.from(data.toString().replace(/(?<=")\.\/([^"]+)(?=")/g, (all, n) => (names.has(n) ? `./${names.get(n)}` : all))) : data)
    if (kinds.has(old)) kinds.set(name, kinds.get(old))
  }
  for (const [ref, old] of refs) if (names.has(old)) refs.set(ref, names.get(old))
}

/** What index.html runs before anything else has come: main is the name of what it begins. */
async function early(main) { // classic: a module would wait for the document
  const { outputFiles: [{ text }] } = await build({ ...options, entryPoints: ['src/early.ts'], external: ['./main.ts'], splitting: false, format: 'iife', metafile: false })
  const { code } = await minify(text, { toplevel: true, compress: { ecma: 2022, passes: 3 }, format: { ecma: 2022 } })
  if (code.includes('</')) throw new Error('src/early.ts would end its own element')
  return code.replace('./main.ts', `./${main}`)
}

/** Bundles src/main.ts; files maps names to bytes, refs what index.html asks for to names, kinds names to when they are loaded. */
async function bundle() {
  const { metafile: { inputs } } = await build(options)
  const later = new Set(Object.values(inputs).flatMap((i) => i.imports).filter((i) => i.kind === 'dynamic-import').map((i) => i.path))
  const r = await build({ ...options, plugins: [apart(reached('src/main.ts', inputs), reached('src/view/later.ts', inputs), later)] })
  const { outputs } = r.metafile
  const find = (what) => Object.entries(outputs).find(([, o]) => what(o))
  const [stub, entry] = find((o) => o.entryPoint === 'src/main.ts')
  const [main] = find((o) => o.inputs['src/main.ts'])
  const refs = new Map([['main.js', basename(main)]])
  if (entry.cssBundle) refs.set('main.css', basename(entry.cssBundle))
  const needless = (n) => (n.endsWith('.css') && n !== refs.get('main.css')) || (n === basename(stub) && stub !== main) // a stub only imports main
  const files = new Map(r.outputFiles.map((f) => [basename(f.path), Buffer.from(f.contents)]).filter(([n]) => !needless(n)))
  const first = reached(main, outputs)
  const scripts = Object.entries(outputs).filter(([n]) => n.endsWith('.js'))
  const soon = scripts.filter(([, o]) => unasked.includes(o.entryPoint)).flatMap(([n]) => [...reached(n, outputs)])
  folded(files)
  await squeezed(files)
  const kinds = new Map(scripts.map(([n]) => [basename(n), first.has(n) ? 'first' : soon.includes(n) ? 'lazy' : 'aside']))
  named(files, kinds, refs)
  return { files, refs, kinds }
}

/** Everything that belongs into dist/: file name → bytes, and when each is loaded. */
async function page() {
  const { files, refs, kinds } = await bundle()
  // A relative href or src in index.html is main.js or main.css, and becomes the hashed name; or a picture, which stands there itself: to
  // ask for one would weigh more.
  const inside = (name) => `data:image/svg+xml,${encodeURIComponent(readFileSync(join(src, name), 'utf8').trim()).replace(/%(?:20|2C|2F|3D)/g, decodeURIComponent)}`
  let html = readFileSync(join(src, 'index.html'), 'utf8').replace(/\b(href|src)="(?!#|\/|[a-z]+:)([^"]+)"/g, (_, attr, name) => `${attr}="${refs.get(name) ?? inside(name)}"`)
  const script = await early(refs.get('main.js'))
  html = html.replace(/<!--(?!\[)[\s\S]*?-->/g, '').replace(/^\s+/gm, '').replace('{early}', () => script)
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
  return { files, kinds }
}

/** Prints what each file weighs in bytes of brotli, and returns what is too heavy as sentences. */
function weigh(files, kinds) {
  const sums = { first: 0, lazy: 0, aside: 0 }
  const bad = []
  for (const name of [...files.keys()].sort()) {
    if (/\.(br|gz|txt)$/.test(name)) continue
    const n = (files.get(name + '.br') ?? brotli(files.get(name))).length
    const kind = kinds.get(name) ?? 'first'
    sums[kind] += n
    console.log(`${String(n).padStart(8)}  ${kind.padEnd(5)}  ${name}`)
    if (kind === 'aside' && n > budgets.aside) bad.push(`${name} weighs ${n} bytes of brotli, of ${budgets.aside}`)
  }
  const all = sums.first + sums.lazy
  if (sums.first > budgets.first) bad.push(`the first load weighs ${sums.first} bytes of brotli, of ${budgets.first}`)
  if (all > budgets.all) bad.push(`the page weighs ${all} bytes of brotli, of ${budgets.all}`)
  console.log(`${String(sums.first).padStart(8)}  bytes of brotli at first, of ${budgets.first}; ${all} in all, of ${budgets.all}; ${sums.aside} aside`)
  return bad
}

/** What of the files is in dist/: what is packed is not there plain. */
function stored(files) {
  return new Map([...files].filter(([name]) => !files.has(`${name}.gz`)))
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
function differences(files, have) {
  const made = stored(files)
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
      if (!plain?.equals(files.get(name.slice(0, -3)))) out.push(`dist/${name} does not unpack to what the sources give`)
    }
  }
  return out
}

const untrue = faults(catalogues(join(src, 'i18n')), sources(src))
for (const f of untrue) console.error(`build: ${f}`)
if (untrue.length > 0) process.exit(1)
const { files, kinds } = await page()
const heavy = weigh(files, kinds)
for (const h of heavy) console.error(`build: ${h}: make something smaller, load it when it is first needed, or raise the budget in build.mjs and say why`)
if (heavy.length > 0) process.exit(1)
if (process.argv.includes('--check')) {
  const bad = differences(files, read(dist))
  for (const b of bad) console.error(`build: ${b}`)
  if (bad.length > 0) {
    console.error('build: dist/ is not what the sources give: run `npm run build` in webui and commit dist/')
    process.exitCode = 1
  } else console.log('dist/ is what the sources give')
} else write(dist, stored(files))
