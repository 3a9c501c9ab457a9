import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { faults } from '@patchbay/kit'
import { catalogue } from './fault-catalogue.ts'
import { faultsFile, generateFaults } from './generate-faults.ts'

test('the page about faults is what would be written now', () => {
  assert.equal(readFileSync(faultsFile, 'utf8'), generateFaults(), 'run `npm run generate`')
})

test('it lists exactly the table, row by row', () => {
  const rows = readFileSync(faultsFile, 'utf8').matchAll(/^\| `([\w.]+)` \| (\d+) \| (\w+) \| (\w+) \| (.+) \|$/gm)
  const listed = Object.fromEntries(
    [...rows].map(([, code, status, fixedBy, retry, says]) => [code, { status: Number(status), fixedBy, retry, says }]),
  )
  assert.deepEqual(listed, faults)
})

test('everything that can go wrong is named by a test', () => {
  const named = new Set<string>()
  for (const text of testFiles())
    for (const title of titlesIn(text)) for (const id of title.match(/\bF\d{2,3}\b/g) ?? []) named.add(id)
  assert.deepEqual(
    Object.keys(catalogue).filter((id) => !named.has(id)),
    [],
    'no test names these',
  )
  assert.deepEqual(
    [...named].filter((id) => !(id in catalogue)),
    [],
    'these stand in titles and not in the catalogue',
  )
})

test('a number in a comment or in the code names nothing', () => {
  assert.deepEqual(
    titlesIn("// 'F01: no'\nconst F02 = 3 /* `F03` */\ntest('F04: yes', () => {})\nstory(`the end (F05)`)"),
    ['F04: yes', 'the end (F05)'],
  )
})

/** What stands in quotes, without comments. */
const titlesIn = (text: string): string[] =>
  [
    ...text
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/(^|\s)\/\/.*$/gm, '')
      .matchAll(/'([^'\n]*)'|"([^"\n]*)"|`([^`]*)`/g),
  ].map(([, one, two, three]) => one ?? two ?? three ?? '')

const root = join(import.meta.dirname, '..')

function* testFiles(folder = root): Iterable<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.') || ['node_modules', 'dist', 'generated'].includes(entry.name)) continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* testFiles(path)
    else if (/\.(test|contract)\.ts$/.test(entry.name) && path !== import.meta.filename)
      yield readFileSync(path, 'utf8')
  }
}
