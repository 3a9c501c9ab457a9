import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { dayMs, dayOf } from '@patchbay/kit'
import * as catalog from '../providers/index.ts'
import { compareEveryDay, compareStored, compareTrue, noComparison } from './compare-truth.ts'
import { openPretendWorld, type PretendWorldOptions } from './pretend-world.ts'
import { connectAll, lastRuns, otherSettings, readEverything } from './read-everything.ts'

const providers = Object.values(catalog)
/** More than any batch, page or window of a quota holds. */
const everybody = 220
/** A little less than a year of history; all channels of the world were open by now. */
const since = '2026-01-10'

test('the numbers of every artist, metric and day are the true ones', async (t) => {
  await compareOn([0], { providers, artists: everybody, since }, t)
})

test('so they are the next day and after a week of ordinary days, with a history of years', async (t) => {
  await compareOn([0, 1, 9], { providers, artists: 8 }, t)
})

for (const provider of providers)
  for (const settings of otherSettings(provider))
    test(`so they are with ${provider.name} and ${JSON.stringify(settings)}`, async (t) => {
      const options = { providers: [provider], settings: { [provider.id]: settings } }
      await compareOn([0], { ...options, artists: everybody, since }, t)
    })

/** On each of these days everything is read once more and compared in both directions; between them the schedule does as it does. */
async function compareOn(days: readonly number[], options: PretendWorldOptions, t: TestContext): Promise<void> {
  const world = await openPretendWorld({ seed: 'truth', ...options })
  const began = world.clock.now()
  const owned = await connectAll(world, options.providers)
  const result = noComparison()
  let comparedAt = began
  for (const [nth, day] of days.entries()) {
    if (day > 0) await world.passTime(began + day * dayMs - world.clock.now())
    await readEverything(world, owned)
    const runs = await lastRuns(world)
    const rows = Map.groupBy(await world.rowsOf(owned.map(({ connection }) => connection)), (row) => row.connectionId)
    for (const one of owned) {
      const own = rows.get(one.connection.id) ?? []
      const read = runs.get(one.connection.id)!
      compareStored(world, one, own, { since: comparedAt }, result)
      compareTrue(world, one, own, read, { itemDays: nth === 0 ? 0 : 8 }, result)
      const between = Array.from({ length: Math.max(0, day - 1) }, (_, before) => dayOf(began + (before + 1) * dayMs))
      compareEveryDay(world, one, own, between, [...read.keys()], result)
    }
    comparedAt = world.clock.now()
  }
  const { compared, expected, differences } = result
  t.diagnostic(
    `${world.artists.length} artists, ${owned.length} accounts: ${compared} observations compared, ${expected} looked for, ${differences.length} differences`,
  )
  assert.ok(compared > 0 && expected > 0)
  assert.deepEqual(differences.slice(0, 20), [])
  assert.deepEqual(world.sandbox.ledger.violations.slice(0, 5), [])
}
