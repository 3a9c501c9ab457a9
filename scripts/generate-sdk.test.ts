import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generateOperations, operationsFile } from './generate-sdk.ts'

test('the SDK’s operations are what would be written from the API’s schemas now', () => {
  assert.equal(readFileSync(operationsFile, 'utf8'), generateOperations(), 'run `npm run generate`')
})

test('they are typed: nothing that a schema says became unknown but what may be anything', () => {
  const unknown = generateOperations()
    .split('\n')
    .filter((line) => /(?<!")\bunknown\b(?![":])/.test(line))
    .map((line) => line.trim())
  for (const line of unknown)
    assert.match(line, /^(input|output|example|data|detail|schema)\??: (unknown|Record<string, unknown>)$/)
})
