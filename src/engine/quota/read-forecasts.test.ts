import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dayMs, defineStream, hour, isFault, type Provider, type Quota } from '@patchbay/kit'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryLimiter } from '../../drivers/limiter/memory.ts'
import { openMemoryStores } from '../../drivers/memory-stores.ts'
import { exampleCall, exampleRun } from '../../ports/history.contract.ts'
import { outcomeOf, slotOf } from '../../ports/schedule.contract.ts'
import { testProvider, testTarget } from '../http/test-provider.ts'
import { readCapacity } from './read-capacity.ts'
import { type ForecastQuery, readForecasts } from './read-forecasts.ts'

const now = Date.parse('2026-06-01T12:00:00Z')
const pacific = 'America/Los_Angeles'
const quotas: Quota[] = [
  { id: 'units', per: 'app', limit: 100, window: { day: pacific }, unit: 'units', source: 'docs' },
  { id: 'account', per: 'account', limit: 10, window: { rollingMs: dayMs }, source: 'docs' },
  { id: 'address', per: 'ip', limit: 1000, window: { rollingMs: dayMs }, source: 'docs' },
]
const stream = (every: '24h' | '6h', more: { batch?: number } = {}) =>
  defineStream({ summary: 'S', every, metrics: [], idleCalls: 1, read: () => assert.fail(), ...more })
const provider: Provider = testProvider({ quotas }, { streams: { channel: stream('24h'), videos: stream('24h') } })
const other: Provider = { ...provider, id: 'other', api: { ...provider.api, quotas: quotas.slice(0, 1) } }
const { environment, integration } = testTarget(provider)

/** Two apps of one provider and one of another; the first has four accounts, all due, the others one each. */
async function openWorld() {
  const { stores } = openMemoryStores()
  const deps = { ...stores, limiter: openMemoryLimiter(), clock: new SimulatedClock(now) }
  const along = { at: now, actor: 'system' as const }
  for (const [id, of] of [
    ['int_1', provider],
    ['int_2', provider],
    ['int_3', other],
  ] as const)
    await stores.directory.saveIntegration({ ...integration, id, provider: of.id }, along)
  const put = (connectionId: string, integrationId: string, name: string, dueAt = now) =>
    slotOf({ connectionId, integrationId, provider: 'acme', stream: name, dueAt, everyMs: dayMs })
  await stores.schedule.put(environment.id, [
    ...['con_1', 'con_2', 'con_3', 'con_4'].map((id) => put(id, 'int_1', 'channel')),
    put('con_1', 'int_1', 'videos', now + 3 * dayMs),
    put('con_5', 'int_2', 'channel'),
  ])
  const setting = {
    providers: new Map([provider, other].map((one) => [one.id, one])),
    costCards: new Map([['acme', { channel: { units: 3, account: 3, address: 3 } }]]),
  }
  const read = (query: Partial<ForecastQuery> = {}) =>
    readForecasts(deps, setting, environment, { limit: 50, ...query })
  return { deps, setting, read }
}

/** Runs of `channel` that each read two accounts and took so many units. */
async function measure({ journal }: Awaited<ReturnType<typeof openWorld>>['deps'], amounts: readonly number[]) {
  for (const [i, units] of amounts.entries()) {
    const [id, connectionIds] = [`run_${i}`, ['con_1', 'con_2']]
    await journal.run(exampleRun(environment.id, { id, connectionIds, startedAt: now - hour }))
    await journal.calls(environment.id, [exampleCall(environment.id, { id, runId: id, cost: { units } })])
  }
}

suite('forecasts of an environment', () => {
  test('go by what the last runs took, else by the card, else by what is declared', async () => {
    const { deps, setting, read } = await openWorld()
    const byOf = async (id = 'int_1') => {
      const [row] = await read({ integration: id, limit: 9 }).then((all) =>
        all.filter(({ quota }) => quota.id === 'units'),
      )
      return [row!.expected, row!.streams.map(({ basis, perReading, runs }) => [basis, perReading, runs])]
    }
    assert.deepEqual(await byOf(), [12, [['card', 3, 0]]])
    await measure(deps, [4, 8])
    assert.deepEqual(await byOf(), [12, [['measured', 3, 2]]])
    await measure(deps, [4, 8, 20, 40])
    assert.deepEqual(await byOf(), [36, [['measured', 9, 4]]])
    setting.costCards.clear()
    assert.deepEqual(await byOf('int_2'), [1, [['declared', 1, 0]]])
  })

  test('take one account’s share where each has its own, and everybody’s where our address is counted', async () => {
    const { deps, read } = await openWorld()
    const draw = { amount: 6, limit: 10, window: { rollingMs: dayMs } }
    const taken = await deps.limiter.take([{ ...draw, bucket: 'acme/int_1/UC7/account' }], { now, lane: 'interactive' })
    assert.ok(taken.granted)
    const rows = await read({ integration: 'int_1' })
    assert.deepEqual(
      rows.map(({ quota, whose, used, expected, held }) => [quota.id, whose, used, expected, held?.readings ?? null]),
      [
        // Twice in 24 hours, since readings are 22 apart; 9 of 10 are for readings.
        ['account', 'UC7', 6, 6, 1],
        // Four accounts of the first app and one of the second.
        ['address', null, 0, 30, null],
        ['units', null, 0, 12, null],
      ],
    )
  })

  test('come in pages, by app and quota', async () => {
    const { read } = await openWorld()
    const name = (row: { integration: string; quota: Quota }) => `${row.integration}/${row.quota.id}`
    const all = (await read()).map(name)
    assert.deepEqual(all, [
      ...['int_1/account', 'int_1/address', 'int_1/units', 'int_2/account', 'int_2/address', 'int_2/units'],
      'int_3/units',
    ])
    const seen: string[] = []
    for (;;) {
      const [integrationId, quota] = (seen.at(-1) ?? '').split('/')
      const after = integrationId && quota ? { integration: integrationId, quota } : undefined
      const page = await read({ limit: 2, after })
      if (page.length === 0) break
      seen.push(...page.map(name))
    }
    assert.deepEqual(seen, all)
    assert.deepEqual((await read({ provider: 'other' })).map(name), ['int_3/units'])
    assert.deepEqual(await read({ integration: 'int_9' }), [])
  })

  test('say who waits now, for which quota and until when', async () => {
    const { deps, read } = await openWorld()
    const claim = { now, until: now + hour, claim: 'clm_1', limit: 3 }
    const claimed = await deps.schedule.claim(claim)
    const midnight = Date.parse('2026-06-02T07:00:00Z')
    const outcomes = claimed.map(({ connectionId, stream }, i) =>
      outcomeOf({ connectionId, stream, dueAt: midnight + i, fault: 'provider.throttled', quota: 'units' }),
    )
    await deps.schedule.finish(environment.id, 'clm_1', outcomes)
    const [, , units] = await read({ integration: 'int_1' })
    assert.deepEqual(units!.waiting, { readings: 3, from: midnight, until: midnight + 2 })
    assert.match(units!.says, /3 readings wait for it now, the last until 2026-06-02 00:00 America\/Los_Angeles\.$/)
    assert.equal(units!.expected, 3, 'what waits for the reset draws after it')
  })
})

suite('what a provider has room for', () => {
  test('goes by the app that is set up, and by the form where none is', async () => {
    const { deps, setting } = await openWorld()
    const ask = (more: object) =>
      readCapacity(deps, setting, environment, { provider: 'acme', profiles: 1, everyMs: null, ...more })
    assert.partialDeepStrictEqual(await ask({}), { provider: 'acme', integration: 'int_1', fits: true })
    assert.equal((await ask({ integration: 'int_2' })).integration, 'int_2')
    const elsewhere = await readCapacity(
      deps,
      setting,
      { ...environment, id: 'env_2' },
      {
        ...{ provider: 'acme', profiles: 1, everyMs: null },
      },
    )
    assert.deepEqual([elsewhere.integration, elsewhere.mostProfiles], [null, (await ask({})).mostProfiles])
    for (const wrong of [{ provider: 'none' }, { integration: 'int_3' }, { streams: ['none'] }])
      await assert.rejects(ask(wrong), (error) => isFault(error, 'input.unknown'))
  })

  test('does not take a run of two in a batch of fifty for what a full one costs', async () => {
    const { deps, setting } = await openWorld()
    const batched = { ...provider, streams: { channel: stream('24h', { batch: 50 }) } }
    setting.providers.set('acme', batched)
    await measure(deps, [2])
    const { costs } = await readCapacity(deps, setting, environment, { provider: 'acme', profiles: 9, everyMs: null })
    assert.partialDeepStrictEqual(costs[0], { basis: 'card', accountsPerRun: 50 })
    setting.costCards.clear()
    const { costs: own } = await readCapacity(deps, setting, environment, {
      provider: 'acme',
      profiles: 9,
      everyMs: null,
    })
    assert.partialDeepStrictEqual(own[0], { basis: 'measured', accountsPerRun: 2 })
  })
})
