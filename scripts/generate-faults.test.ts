import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { faults } from '@patchbay/kit'
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
