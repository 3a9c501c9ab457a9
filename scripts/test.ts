/**
 * `npm test`: types and style, then every test in the repository on one shared PostgreSQL. Ends with the summary of Node's
 * test runner (`# tests`, `# pass`, `# fail`). `npm test -- src/engine` runs the files under that path, without the checks.
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { joinTestServer } from '../src/drivers/database/test-database.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const filters = process.argv.slice(2).filter((argument) => !argument.startsWith('-'))
const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'))

process.exitCode = await main()

async function main(): Promise<number> {
  const files = findTests()
  if (files.length === 0) {
    console.error(`There is no test file in ${filters.join(', ') || 'the repository'}.`)
    return 1
  }
  // The tests run even when the checks fail: one run shows everything that is wrong.
  const failedChecks = filters.length === 0 ? await check() : []
  await unpackBrowser(files)
  const server = await joinTestServer()
  try {
    const testsCode = await run(process.execPath, [...runnerOptions(), ...options, ...files], {
      PATCHBAY_TEST_DATABASE_URL: server.url,
    })
    // Thousands of lines further up, nobody would find what they said.
    for (const name of failedChecks)
      console.error(`\nThe check "${name}" failed: it says why at the very top. \`npm run check\` runs it alone.`)
    return testsCode || (failedChecks.length > 0 ? 1 : 0)
  } finally {
    await server.leave()
  }
}

function findTests(): string[] {
  const everything = globSync('**/*.test.{ts,tsx}', {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist|\.git|\.patchbay)$/.test(path),
  }).sort()
  if (filters.length === 0) return everything
  return everything.filter((file) => filters.some((filter) => matches(file, filter)))
}

function matches(file: string, filter: string): boolean {
  const path = filter.replace(/^\.\//, '').replace(/\/$/, '')
  const full = join(root, path)
  const isFolder = existsSync(full) && statSync(full).isDirectory()
  return isFolder ? file.startsWith(`${path}/`) : file.includes(path)
}

/** Its package unpacks it when it is first asked and takes a half unpacked one for whole, so files that run side by side must find it there. */
async function unpackBrowser(files: readonly string[]): Promise<void> {
  if (!files.some((file) => readFileSync(join(root, file), 'utf8').includes('test-browser.ts'))) return
  const { default: chromium } = await import('@sparticuz/chromium')
  await chromium.executablePath()
}

/** Which of them failed. */
async function check(): Promise<string[]> {
  const codes = {
    types: await run('node_modules/.bin/tsc', ['--noEmit', '-p', 'tsconfig.json']),
    'format and style': await run('node_modules/.bin/biome', ['check', '.']),
  }
  return Object.entries(codes).flatMap(([name, code]) => (code === 0 ? [] : [name]))
}

/** Simulations and databases keep a processor busy each, and tests that kill servers wait for them: one file more than there are processors, and four at most. */
function runnerOptions(): string[] {
  const concurrency = Math.min(4, availableParallelism() + 1)
  const reporter = new URL('./test-reporter.ts', import.meta.url).href
  return [
    `--import=${new URL('./test-hooks.ts', import.meta.url).href}`,
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-reporter=${reporter}`,
    '--test-reporter-destination=stdout',
  ]
}

function run(program: string, parameters: string[], env: Record<string, string> = {}): Promise<number> {
  return new Promise((done, failed) => {
    const child = spawn(program, parameters, { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit' })
    const stop = (signal: NodeJS.Signals) => child.kill(signal)
    process.on('SIGINT', stop).on('SIGTERM', stop)
    child.on('error', failed)
    child.on('close', (code) => {
      process.off('SIGINT', stop).off('SIGTERM', stop)
      done(code ?? 1)
    })
  })
}
