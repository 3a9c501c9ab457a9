import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { dayMs, dayOf, hour, type Provider } from '@patchbay/kit'
import * as catalog from '../providers/index.ts'
import type { RunRecord } from '../src/ports/journal.ts'
import { compareEveryDay, compareStored, compareTrue, noComparison, type Owned } from './compare-truth.ts'
import { openPretendWorld, type PretendWorld, type PretendWorldOptions } from './pretend-world.ts'

/** More than any provider's batch, page or window of quota. */
const everybody = Number(process.env.N ?? 220)

const providers = Object.values(catalog)

test('the numbers of every artist, metric and day are the true ones', async (t) => {
  await compareDays(t, { providers, artists: everybody, since: '2026-01-10' }, [0, 1])
})

test.skip('so a week of ordinary days, with a history of years', async (t) => {
  await compareDays(t, { providers, artists: 6, seed: 'week' }, [0, 9])
})

for (const provider of providers)
  for (const settings of otherSettings(provider))
    test.skip(`so ${provider.name} and ${JSON.stringify(settings)}`, async (t) => {
      const options = { providers: [provider], settings: { [provider.id]: settings }, since: '2026-01-10' }
      await compareDays(t, { ...options, artists: everybody }, [0])
    })

async function compareDays(t: TestContext, options: PretendWorldOptions, days: readonly number[]): Promise<void> {
  const world = await openPretendWorld({ seed: 'truth', ...options })
  const began = world.clock.now()
  const owned = await connectAll(world, options.providers)
  const result = noComparison()
  let comparedAt = began
  for (const day of days) {
    await world.run(() => world.clock.sleep(Math.max(0, began + day * dayMs - world.clock.now())))
    const sweptAt = world.clock.now()
    const lap=(w:string)=>console.log(w, (process.cpuUsage().user/1e6).toFixed(1)); lap('before sweep '+day); await readAll(world, owned, sweptAt); lap('read')
    const runs = await lastRuns(world)
    const rows = Map.groupBy(await world.rowsOf(owned.map(({ connection }) => connection)), (row) => row.connectionId)
    for (const one of owned) {
      const own = rows.get(one.connection.id) ?? []
      compareStored(world, one, own, comparedAt, result)
      const isFirst = day === days[0]
      compareTrue(world, one, own, runs.get(one.connection.id)!, { itemDays: isFirst ? 0 : 8 }, result)
    }
    comparedAt = world.clock.now(); lap('compared')
    if (day === days[0] || day !== days.at(-1)) continue
    const between = Array.from({ length: day - days[0]! - 1 }, (_, index) =>
      dayOf(began + (days[0]! + index + 1) * dayMs),
    )
    for (const one of owned)
      compareEveryDay(
        world,
        one,
        rows.get(one.connection.id) ?? [],
        between,
        [...runs.get(one.connection.id)!.keys()],
        result,
      )
  }
  const { compared, expected, differences } = result
  t.diagnostic(
    `${world.artists.length} artists, ${owned.length} accounts: ${compared} observations compared, ${expected} looked for, ${differences.length} differences`,
  )
  assert.deepEqual(differences.slice(0, 20), [])
  assert.deepEqual(world.sandbox.ledger.violations.slice(0, 5), [])
}

async function connectAll(world: PretendWorld, providers: readonly Provider[]): Promise<Owned[]> {
  const owned: Owned[] = []
  await world.run(() =>
    Promise.all(
      providers.map(async (provider) => {
        for (const artist of world.artists)
          owned.push({ artist, provider, connection: await world.connect(artist, provider) })
      }),
    ),
  )
  return owned
}

/** Wakes every stream of every account, and waits until each was read once, however long the quotas make it last. */
async function readAll(world: PretendWorld, owned: readonly Owned[], since: number): Promise<void> {
  for (const { connection } of owned) await world.wake(connection)
  for (;;) {
    await world.settle()
    const slots = await Promise.all(owned.map(({ connection }) => world.slotsOf(connection)))
    const unread = slots.flat().filter(({ blocked, syncedAt }) => blocked === null && (syncedAt ?? 0) < since)
    if (unread.length === 0) return
    assert.ok(world.clock.now() < since + 20 * dayMs, `${unread.length} streams were not read in 20 days`)
    await world.passTime(hour)
  }
}

/** Connection → stream → the last run that read it to its end. */
async function lastRuns({ deps, environment }: PretendWorld): Promise<Map<string, Map<string, RunRecord>>> {
  const last = new Map<string, Map<string, RunRecord>>()
  for (const run of (await deps.journal.readRuns(environment.id, { limit: 1e9 })).toReversed())
    if (run.state === 'succeeded' || run.state === 'partial')
      for (const id of run.connectionIds) last.set(id, (last.get(id) ?? new Map()).set(run.stream, run))
  return last
}

/** Each choice that the sandbox's own app does not have. */
function otherSettings({ settings = {} }: Provider): Record<string, string>[] {
  return Object.entries(settings).flatMap(([name, { choices = [], sandbox, initial }]) =>
    choices.filter((choice) => choice !== (sandbox ?? initial)).map((choice) => ({ [name]: choice })),
  )
}
