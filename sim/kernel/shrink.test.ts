import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shrinkFaults } from './shrink.ts'

const all = Array.from({ length: 60 }, (_, n) => `fault#${n}`)

async function check(needed: readonly string[], most: number): Promise<void> {
  const { faults, runs } = await shrinkFaults(all, async (only) => needed.every((fault) => only.has(fault)))
  assert.deepEqual(faults, needed)
  assert.ok(runs <= most, `${runs} runs`)
}

test('one fault of sixty is found in few runs', () => check(['fault#41'], 20))
test('two that need each other are both kept', () => check(['fault#3', 'fault#50'], 120))
test('where no fault is needed none is kept', () => check([], 1))
