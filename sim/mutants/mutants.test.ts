import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutants } from './mutants.ts'
import { misplaced } from './run-mutants.ts'

test('every planted bug has its place in the code of today', () => {
  assert.deepEqual(mutants.flatMap(misplaced), [])
})
