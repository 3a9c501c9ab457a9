import assert from 'node:assert/strict'
import { test } from 'node:test'
import { observed, pageOf } from '../../ports/records.contract.ts'
import { keyOf, readHistory } from './history.ts'
import { both, now, openNumbers } from './test-numbers.ts'

const wanted = { connection: both[0]!, metric: 'audience.followers', day: '2026-10-05', item: null }

async function openHistory(values: readonly (number | null)[]) {
  const { deps, records } = await openNumbers({})
  for (const [i, value] of values.entries()) {
    const observation = observed(value, value === null ? { reason: 'hidden' } : {})
    await records.save('env_1', [pageOf({ observations: [observation], runId: `run_${i}` })], {
      at: now + i,
      actor: 'system',
    })
  }
  const key = await keyOf(deps, 'env_1', wanted)
  return async (page: { before?: number; limit: number }) =>
    (await readHistory(deps, 'env_1', key, page)).map(({ value, replaced }) => [
      value.revision,
      value.value,
      value.observedAt - now,
      replaced && [replaced.by, replaced.at - now],
    ])
}

test('every value a number ever had, with what replaced it and when; the one that counts has no successor', async () => {
  const read = await openHistory([10, null, 0, 10])
  const all = [
    [3, 10, 3, null],
    [2, 0, 2, [3, 3]],
    [1, null, 1, [2, 2]],
    [0, 10, 0, [1, 1]],
  ]
  assert.deepEqual(await read({ limit: 10 }), all)
  assert.deepEqual(await read({ limit: 2 }), all.slice(0, 2))
  assert.deepEqual(await read({ before: 2, limit: 1 }), all.slice(2, 3), 'a page knows what its first was replaced by')
  assert.deepEqual(await read({ before: 2, limit: 5 }), all.slice(2))
  assert.deepEqual(await read({ before: 0, limit: 5 }), [])
})

test('a value that is read again has no new revision', async () => {
  const read = await openHistory([10, 10, 10])
  assert.deepEqual(await read({ limit: 10 }), [[0, 10, 0, null]])
})

test('a number of a breakdown is found by its dimensions, and the first one without them', async () => {
  const group = observed(3, { dimensions: { country: 'FR' } })
  const { deps } = await openNumbers({ con_1: [group] })
  assert.deepEqual((await keyOf(deps, 'env_1', wanted)).dimensions, { country: 'FR' })
  const other = await keyOf(deps, 'env_1', { ...wanted, dimensions: { country: 'DE' } })
  await assert.rejects(readHistory(deps, 'env_1', other, { limit: 1 }), { code: 'input.unknown' })
})

test('a number that nobody read, and a metric that there is not, are named as such', async () => {
  const { deps } = await openNumbers({})
  await assert.rejects(keyOf(deps, 'env_1', wanted), { code: 'input.unknown' })
  await assert.rejects(keyOf(deps, 'env_1', { ...wanted, metric: 'fans' }), { code: 'input.invalid' })
})
