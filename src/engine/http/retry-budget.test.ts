import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hour, second } from '@patchbay/kit'
import { RetryBudget } from './retry-budget.ts'

const startAt = Date.UTC(2026, 0, 15, 12)

/** How many of so many can be had at once. */
const takenOf = (budget: RetryBudget, count: number, now: number) =>
  Array.from({ length: count }, () => budget.take('live acme', now)).filter(Boolean).length

test('a few a minute, and a tenth of what there was besides', () => {
  const budget = new RetryBudget()
  assert.equal(takenOf(budget, 20, startAt), 10)
  assert.equal(takenOf(budget, 20, startAt + 59 * second), 0)
  for (let n = 0; n < 300; n++) budget.first('live acme', startAt + 59 * second)
  assert.equal(takenOf(budget, 40, startAt + 59 * second), 20)
  assert.equal(takenOf(budget, 20, startAt + 180 * second), 10)
})

test('F95: a clock that is set back ends no minute, and takes none away for longer', () => {
  const budget = new RetryBudget()
  assert.equal(takenOf(budget, 20, startAt), 10)
  assert.equal(takenOf(budget, 20, startAt - hour), 0)
  assert.equal(takenOf(budget, 20, startAt - hour + 61 * second), 10)
})
