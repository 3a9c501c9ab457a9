import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'

/** Who may import whom. A new arrow is a decision: change this drawing first, in its own commit. */
const arrows: Record<string, readonly string[]> = {
  'packages/kit': [],
  'packages/definitions': ['packages/kit'],
  'packages/sdk': [],
  providers: ['packages/kit'],
  'src/ports': ['packages/kit'],
  'src/engine': ['packages/kit', 'packages/definitions', 'src/ports'],
  'src/drivers': ['packages/kit', 'src/ports'],
  'src/api': ['packages/kit', 'packages/definitions', 'src/ports', 'src/engine'],
  'src/cli': ['packages/kit', 'packages/definitions', 'packages/sdk', 'src/ports', 'src/engine'],
  // It plays the other side of a definition out of the definition itself.
  sandbox: ['packages/kit', 'packages/definitions', 'src/ports'],
  console: ['packages/sdk'],
  // A person in a story of real processes consents as the demo's pretend browser does.
  sim: ['packages/kit', 'packages/sdk', 'providers', 'src/ports', 'src/engine', 'src/drivers', 'src/cli', 'sandbox'],
  bench: [
    'packages/kit',
    'packages/sdk',
    'providers',
    'src/ports',
    'src/engine',
    'src/drivers',
    'src/api',
    'sandbox',
    'sim',
    'src',
  ],
  scripts: ['src/drivers', 'src/api'],
  // main.ts, config.ts and what is joined with them.
  src: [
    'packages/kit',
    'packages/definitions',
    'packages/sdk',
    'providers',
    'src/ports',
    'src/engine',
    'src/drivers',
    'src/api',
    'src/cli',
    'sandbox',
  ],
}

/** Tests may also reach for what a test needs: pretend drivers, the sandbox, the catalog. */
const inTests: readonly string[] = [
  'packages/kit',
  'packages/definitions',
  'src/ports',
  'src/engine',
  'src/drivers',
  'sandbox',
  'providers',
  'sim',
]

/** The ambient world: only drivers, and the edges named here, may touch it. */
const ambient: readonly { what: string; pattern: RegExp }[] = [
  { what: 'the clock', pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(|\bprocess\.hrtime/ },
  { what: 'timers', pattern: /\bset(Timeout|Interval|Immediate)\(|node:timers|\bAbortSignal\.timeout\(/ },
  { what: 'randomness', pattern: /\bMath\.random\(|\brandomBytes\b|\brandomUUID\b|\bgetRandomValues\b/ },
  { what: 'the network', pattern: /\bfetch\(|from 'node:(http|https|net|tls|dns|dgram)'|from 'undici'/ },
  { what: 'files', pattern: /from 'node:fs(\/promises)?'/ },
  { what: 'the environment', pattern: /\bprocess\.(env|argv|cwd)\b/ },
]
const pure = [
  'packages/kit',
  'packages/definitions',
  'providers',
  'src/ports',
  'src/engine',
  'src/api',
  'sandbox',
  'sim',
]
/** The sandbox's own edges, and the simulation's. */
const edges = [
  'sandbox/serve.ts',
  'sandbox/replay.ts',
  'sim/history-file.ts',
  'sim/kpis/run-scoreboard.ts',
  'sim/mutants/plant.ts',
  'sim/mutants/run-mutants.ts',
]

const root = import.meta.dirname
const skipped = new Set(['node_modules', '.git', '.patchbay', 'dist', 'generated', 'fixtures'])
const files = walk(root).map((path) => relative(root, path))
const sources = files.filter((path) => /\.(ts|tsx|mjs)$/.test(path))

test('every source file has a place in the drawing', () => {
  const homeless = sources.filter((path) => areaOf(path) === undefined && dirname(path) !== '.')
  assert.deepEqual(homeless, [])
  assert.ok(sources.length > 60, `looked at ${sources.length} files only`)
})

test('imports follow the arrows', () => {
  const wrong: string[] = []
  let looked = 0
  for (const path of sources) {
    const from = areaOf(path)
    if (from === undefined) continue
    const allowed = isTest(path) ? [...(arrows[from] ?? []), ...inTests] : (arrows[from] ?? [])
    for (const target of importsOf(path)) {
      looked++
      const to = areaOf(target)
      if (to !== undefined && to !== from && !allowed.includes(to)) wrong.push(`${path} → ${target}`)
      if (
        from === 'providers' &&
        to === 'providers' &&
        !isTest(path) &&
        folderOf(path) !== folderOf(target) &&
        path !== 'providers/index.ts'
      )
        wrong.push(`${path} → ${target}`)
    }
  }
  assert.ok(looked > 150, `looked at ${looked} imports only`)
  assert.deepEqual(wrong, [])
})

test('console features do not import each other', () => {
  const wrong = sources
    .filter((path) => path.startsWith('console/src/features/'))
    .flatMap((path) =>
      importsOf(path)
        .filter((target) => target.startsWith('console/src/features/') && target.split('/')[3] !== path.split('/')[3])
        .map((target) => `${path} → ${target}`),
    )
  assert.deepEqual(wrong, [])
})

test('only drivers touch the ambient world', () => {
  const wrong: string[] = []
  for (const path of sources) {
    if (!pure.some((area) => path.startsWith(`${area}/`)) || isTest(path) || edges.includes(path)) continue
    const text = withoutComments(read(path))
    for (const { what, pattern } of ambient) if (pattern.test(text)) wrong.push(`${path} touches ${what}`)
  }
  assert.deepEqual(wrong, [])
})

test('only config.ts reads the environment, and the entry points hand it over', () => {
  const wrong = sources.filter(
    (path) =>
      path.startsWith('src/') &&
      !isTest(path) &&
      !['src/main.ts', 'src/patchbay.mjs'].includes(path) &&
      !path.startsWith('src/drivers/') &&
      /\bprocess\.env\b/.test(read(path)),
  )
  assert.deepEqual(wrong, [])
})

test('no provider is named outside its folder', () => {
  const ids = providerFolders()
  assert.ok(ids.length >= 3)
  const quoted = new RegExp(`['"\`](${ids.join('|')})['"\`]`)
  const wrong = sources.filter(
    (path) => /^(src|packages|sandbox|console)\//.test(path) && quoted.test(withoutComments(read(path))),
  )
  assert.deepEqual(wrong, [])
})

test('every provider folder is in the catalog and has what a provider owes', () => {
  const catalog = read('providers/index.ts')
  for (const id of providerFolders()) {
    assert.match(catalog, new RegExp(`export \\{ default as \\w+ \\} from './${id}/index.ts'`), id)
    for (const owed of ['index.ts', 'emulator.ts', 'README.md'])
      assert.ok(files.includes(`providers/${id}/${owed}`), `providers/${id}/${owed}`)
    assert.ok(
      files.some((path) => path.startsWith(`providers/${id}/fixtures/`)) ||
        readdirSync(join(root, 'providers', id)).includes('fixtures'),
      `providers/${id}/fixtures`,
    )
  }
})

test('no file is a drawer for leftovers', () => {
  const wrong = sources.filter((path) =>
    /(^|\/)(utils?|helpers?|common|shared|misc|types|interfaces|constants)\.tsx?$/.test(path),
  )
  assert.deepEqual(wrong, [])
})

test('the project names no path outside itself', () => {
  const outside = new RegExp([`/${'work'}/`, `/${'root'}/`, `\\.\\./${'shared'}/(design|providers)`].join('|'))
  const wrong = files.filter(
    (path) =>
      /\.(ts|tsx|mjs|md|sql|json|yml|sh)$/.test(path) && path !== 'package-lock.json' && outside.test(read(path)),
  )
  assert.deepEqual(wrong, [])
})

function areaOf(path: string): string | undefined {
  return Object.keys(arrows)
    .sort((a, b) => b.length - a.length)
    .find((area) => path.startsWith(`${area}/`))
}

function folderOf(path: string): string {
  return path.split('/').slice(0, 2).join('/')
}

function isTest(path: string): boolean {
  return /\.(test|contract)\.tsx?$/.test(path) || /(^|\/)test-[\w-]+\.ts$/.test(path)
}

function providerFolders(): string[] {
  return readdirSync(join(root, 'providers'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
}

/** Relative imports and our own packages, as paths from the root. */
function importsOf(path: string): string[] {
  const found: string[] = []
  for (const [, specifier] of read(path).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
    if (specifier?.startsWith('.')) found.push(relative(root, resolve(root, dirname(path), specifier)))
    else if (specifier?.startsWith('@patchbay/'))
      found.push(`packages/${specifier.slice('@patchbay/'.length)}/src/index.ts`)
  }
  return found
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name) || (entry.name.startsWith('.') && entry.name !== '.ci')) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? walk(path) : [path]
  })
}
