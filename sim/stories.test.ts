import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayMs, dayOf, hour, minute, type Provider, runTime, second, startOfDay } from '@patchbay/kit'
import * as catalog from '../providers/index.ts'
import { tokenRules } from '../sandbox/token-rules.ts'
import { targetOf } from '../src/engine/catalog/target-of.ts'
import type { Owned } from './compare-truth.ts'
import { withQuotas } from './conformance/with-quotas.ts'
import { openPretendWorld, type PretendWorld } from './pretend-world.ts'
import { connectAll, readEverything } from './read-everything.ts'

const providers: Provider[] = Object.values(catalog)
const since = '2026-01-10'

test('however many call when their tokens end, each grant is renewed by one request', async () => {
  const renewing = providers.filter((provider) => tokenRules(provider).refreshable)
  assert.ok(renewing.length > 0)
  const world = await openPretendWorld({ providers: renewing, artists: 10, since })
  const owned = await connectAll(world, renewing)
  for (const { id } of renewing) world.sandbox.weather.add({ kind: 'delay', provider: id, ms: 2 * second })
  await world.run(() => world.clock.sleep(2 * hour))

  const before = world.sandbox.ledger.entries.length
  await world.run(() => Promise.all(owned.flatMap((one) => Array.from({ length: 5 }, () => identifyAgain(world, one)))))
  const requests = world.sandbox.ledger.entries.slice(before).filter(({ what, artist }) => what === 'token' && artist)
  const counts = [...Map.groupBy(requests, ({ grant }) => grant).values()].map((own) => own.length)
  assert.deepEqual(
    counts,
    owned.map(() => 1),
  )
  assert.deepEqual(world.sandbox.ledger.violations, [])
})

test('two days without any answer ask nobody for anything, and within the hour everything is read again', async () => {
  const world = await openPretendWorld({ providers, artists: 4, since, crons: true })
  const owned = await connectAll(world, providers)
  await readEverything(world, owned)
  const until = world.clock.now() + 2 * dayMs
  for (const { id } of providers) world.sandbox.weather.add({ kind: 'outage', provider: id, until })
  await world.passTime(2 * dayMs - minute)
  const during = await statesOf(world, owned)
  assert.ok(
    during.every((state) => state === 'healthy' || state === 'degraded'),
    during.join(),
  )
  assert.deepEqual(world.along.tasks, [])
  const failing = await failingSlots(world, owned)
  assert.ok(failing.length > owned.length, 'nothing failed in an outage')

  await world.passTime(hour + minute)
  assert.deepEqual(await failingSlots(world, owned), [])
  assert.deepEqual(
    await statesOf(world, owned),
    owned.map(() => 'healthy'),
  )
  assert.deepEqual(world.along.tasks, [])
})

test('F36: a quota of the day on which clocks go back lasts for 25 hours', async () => {
  const daily = providers.filter(({ api }) => api.quotas.some(({ window }) => 'day' in window))
  assert.ok(daily.length > 0)
  for (const given of daily) {
    const provider = withQuotas(given, () => 12)
    const zone = provider.api.quotas.flatMap(({ window }) => ('day' in window ? [window.day] : []))[0]!
    const begins = startOfDay('2026-11-01', zone)
    const ends = startOfDay('2026-11-02', zone)
    assert.equal(ends - begins, 25 * hour)
    const world = await openPretendWorld({ providers: [provider], artists: 4, since, startAt: begins + hour })
    await readEverything(world, await connectAll(world, [provider]))
    const { entries, violations } = world.sandbox.ledger
    assert.deepEqual(violations, [])
    // The buckets that were used up on that day are next drawn from when the day is over, and not an hour before.
    const full = Map.groupBy(
      entries.flatMap(({ takes = {}, at }) => Object.keys(takes).map((bucket) => ({ bucket, at }))),
      ({ bucket }) => bucket,
    )
    let waited = 0
    for (const [bucket, draws] of full) {
      const days = Map.groupBy(draws, ({ at }) => dayOf(at, zone))
      if ((days.get('2026-11-01')?.length ?? 0) < 10) continue
      waited++
      const next = draws.find(({ at }) => at >= ends)
      assert.ok(next, `${bucket} was not used again`)
      assert.ok(draws.every(({ at }) => at < begins + 24 * hour || at >= ends))
      assert.ok(next.at < ends + 5 * minute, `${bucket} was free for ${(next.at - ends) / minute} minutes`)
    }
    assert.ok(waited > 0)
  }
})

/** The light call that every connection can make. */
async function identifyAgain(world: PretendWorld, { connection, provider }: Owned): Promise<void> {
  const { setting, environment, engine, clock } = world
  const target = await targetOf(engine.recent, setting, environment, connection.id, {
    lane: 'interactive',
    patienceMs: 2 * minute,
  })
  const now = clock.now()
  await provider.identify({
    http: engine.gateway.http(target),
    inputs: connection.inputs,
    settings: {},
    time: runTime(now),
  })
}

const statesOf = (world: PretendWorld, owned: readonly Owned[]) =>
  Promise.all(owned.map(async ({ connection }) => (await world.connectionNow(connection)).state))

async function failingSlots(world: PretendWorld, owned: readonly Owned[]): Promise<string[]> {
  const slots = await Promise.all(owned.map(({ connection }) => world.slotsOf(connection)))
  return slots
    .flat()
    .filter(({ lastFault }) => lastFault !== null)
    .map(({ provider, stream, lastFault }) => `${provider} ${stream} ${lastFault}`)
}
