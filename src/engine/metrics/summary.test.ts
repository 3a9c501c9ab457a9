import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addDays, dayMs, type Provider } from '@patchbay/kit'
import { observed, pageOf } from '../../ports/records.contract.ts'
import { catalogOnly } from '../definitions/providers.ts'
import { environmentId, madeUp, openTestWorld } from '../sync/test-world.ts'
import { explainPoint } from './explain.ts'
import { summarizeProfile } from './summary.ts'

const provider: Provider = { ...madeUp, notOffered: { 'audience.monthly_listeners': 'not given' } }
const setting = { providers: catalogOnly([provider]), publicUrl: 'http://127.0.0.1' }

test('a summary has every platform with what it has: newest numbers, change, freshness', async () => {
  const world = await openTestWorld()
  const { deps, clock } = world
  await world.clock.run(async () => {
    const connection = await world.connect('con_1')
    const { profileId } = connection
    await deps.directory.saveProfile({ id: profileId, environmentId, name: 'Nova', createdAt: clock.now() })
    const save = (day: string, value: number) =>
      deps.records.save(environmentId, [pageOf({ observations: [observed(value, { day })] })], {
        at: clock.now(),
        actor: 'system',
      })
    const today = '2026-10-05'
    await save(addDays(today, -28), 80)
    await save(addDays(today, -1), 99)
    await world.runDue()
    const { profile, accounts } = await summarizeProfile(deps, setting, environmentId, profileId)
    assert.deepEqual(profile, { id: profileId, name: 'Nova' })
    assert.deepEqual(accounts, [
      {
        connection: 'con_1',
        provider: 'madeup',
        account: { id: 'acc_1', name: 'con_1', handle: null, url: null, imageUrl: null },
        state: 'healthy',
        reason: null,
        freshness: { syncedAt: clock.now(), badge: 'fresh', dataAsOf: today },
        metrics: [
          {
            metric: 'audience.followers',
            value: 100,
            reason: null,
            unit: 'count',
            day: today,
            provenance: 'measured',
            change: { value: 20, reason: null, since: '2026-09-07' },
          },
        ],
        notOffered: { 'audience.monthly_listeners': 'not given' },
      },
    ])
  })
})

test('an account of which nothing came for months still shows its last numbers, and how old they are', async () => {
  const world = await openTestWorld()
  const { deps, clock } = world
  await world.clock.run(async () => {
    const { profileId } = await world.connect('con_1')
    await deps.directory.saveProfile({ id: profileId, environmentId, name: 'Nova', createdAt: clock.now() })
    await world.runDue()
    await clock.sleep(200 * dayMs)
    const [account] = (await summarizeProfile(deps, setting, environmentId, profileId)).accounts
    assert.partialDeepStrictEqual(account, {
      freshness: { badge: 'stale', dataAsOf: '2026-10-05' },
      metrics: [{ value: 100, change: { value: null } }],
    })
  })
})

test('of more accounts than a summary holds nothing is added up, since a part would look like all', async () => {
  const world = await openTestWorld()
  const { deps } = world
  await world.clock.run(async () => {
    const first = await world.connect('con_1')
    await deps.directory.saveProfile({ id: first.profileId, environmentId, name: 'Nova', createdAt: world.clock.now() })
    const accounts = Array.from({ length: 201 }, (_, n) => ({
      ...{ ...first, id: `con_${n + 1}`, account: { ...first.account, id: `acc_${n + 1}` } },
    }))
    const pages = ['con_1', 'con_2'].map((connectionId) =>
      pageOf({ connectionId, observations: [observed(4, { metric: 'engagement.likes' })] }),
    )
    await deps.records.save(environmentId, pages, { at: world.clock.now(), actor: 'system' })
    const summaryOf = (count: number) => {
      const list: typeof deps.connections.list = async (_, { limit }) => accounts.slice(0, Math.min(count, limit))
      const many = { ...deps, connections: { ...deps.connections, list } }
      return summarizeProfile(many, setting, environmentId, first.profileId)
    }
    const [whole, cut] = [await summaryOf(200), await summaryOf(201)]
    assert.deepEqual([whole.accounts.length, whole.together[0]?.value], [200, 8])
    assert.deepEqual([cut.accounts.length, cut.together], [200, []])
  })
})

test('an account whose numbers are split by much takes no other account’s numbers from the summary', async () => {
  const world = await openTestWorld()
  const { deps, clock } = world
  await clock.run(async () => {
    const first = await world.connect('con_1')
    const { profileId } = first
    await deps.directory.saveProfile({ id: profileId, environmentId, name: 'Nova', createdAt: clock.now() })
    const theirs = { ...first, id: 'con_2', account: { ...first.account, id: 'acc_2' } }
    await deps.connections.create(theirs, { at: clock.now(), actor: 'system' })
    const [today, before] = ['2026-10-05', addDays('2026-10-05', -28)]
    const groups = Array.from({ length: 10_500 }, (_, n) => ({ city: `${n}` }))
    const split = Array.from({ length: 10 }, (_, ago) => addDays(today, -ago)).flatMap((day) =>
      groups.map((dimensions) => observed(1, { metric: 'consumption.views_daily', day, dimensions })),
    )
    const followers = [observed(80, { day: before }), observed(100, { day: today })]
    const likes = observed(7, { metric: 'engagement.likes' })
    const pages = [
      pageOf({ observations: [...split, ...followers, likes] }),
      pageOf({ connectionId: 'con_2', observations: followers }),
    ]
    await deps.records.save(environmentId, pages, { at: clock.now(), actor: 'system' })
    const { accounts } = await summarizeProfile(deps, setting, environmentId, profileId)
    for (const { metrics } of accounts)
      assert.partialDeepStrictEqual(metrics[0], { value: 100, change: { value: 20, since: before } })
    assert.deepEqual(
      accounts.map(({ metrics }) => metrics.map(({ value }) => value)),
      [[100, 7], [100]],
    )
  })
})

test('an amount of a day that goes on is shown, and not compared with one of a whole day', async () => {
  const world = await openTestWorld()
  const { deps, clock } = world
  await clock.run(async () => {
    const { profileId } = await world.connect('con_1')
    await deps.directory.saveProfile({ id: profileId, environmentId, name: 'Nova', createdAt: clock.now() })
    const views = (value: number, day: string) => observed(value, { metric: 'consumption.views_daily', day })
    const observations = [views(900, '2026-09-07'), views(40, '2026-10-05')]
    await deps.records.save(environmentId, [pageOf({ observations })], { at: clock.now(), actor: 'system' })
    const changed = async () =>
      (await summarizeProfile(deps, setting, environmentId, profileId)).accounts[0]!.metrics.map(
        ({ value, change }) => [value, change.value, change.reason],
      )
    assert.deepEqual(await changed(), [[40, null, 'not_over']])
    await clock.sleep(dayMs)
    assert.deepEqual(await changed(), [[40, -860, null]])
  })
})

test('what two accounts have stands as one number where that is one, and as a reason where it is not', async () => {
  const world = await openTestWorld()
  const { deps, clock } = world
  await world.clock.run(async () => {
    const { profileId } = await world.connect('con_1')
    await deps.directory.saveProfile({ id: profileId, environmentId, name: 'Nova', createdAt: clock.now() })
    const second = await world.connect('con_2', { streams: [] })
    const theirs = { ...second, id: 'con_3', profileId, account: { ...second.account, id: 'acc_3' } }
    await deps.connections.create(theirs, { at: clock.now(), actor: 'system' })
    const likes = (value: number) => observed(value, { metric: 'engagement.likes' })
    const pages = [
      pageOf({ observations: [observed(1), likes(4)] }),
      pageOf({ connectionId: 'con_3', observations: [observed(2), likes(5)] }),
    ]
    await deps.records.save(environmentId, pages, { at: clock.now(), actor: 'system' })
    const { accounts, together } = await summarizeProfile(deps, setting, environmentId, profileId)
    assert.deepEqual(
      accounts.map(({ metrics }) => metrics.length),
      [2, 2],
    )
    assert.partialDeepStrictEqual(together, [
      { metric: 'audience.followers', value: null, known: null, reason: 'not_additive' },
      { metric: 'engagement.likes', value: 9, known: 9, reason: null, says: null },
    ])
    assert.match(together[0]!.says!, /counted twice.*Take the number of each account/)
    assert.deepEqual(
      together[0]!.parts.map(({ value }) => value),
      [1, 2],
    )
  })
})

test('an account that is connected twice stands beside others with the numbers of the connection that is read', async () => {
  const world = await openTestWorld()
  const { deps, clock } = world
  await clock.run(async () => {
    await deps.directory.saveProfile({ id: 'nova', environmentId, name: 'Nova', createdAt: clock.now() })
    await world.connect('con_1', { profile: 'nova', streams: [] })
    await world.connect('con_2', { profile: 'nova', account: 'acc_1', integration: 'int_2' })
    await world.connect('con_3', { profile: 'nova' })
    await world.runDue()
    const { together } = await summarizeProfile(deps, setting, environmentId, 'nova')
    assert.partialDeepStrictEqual(together, [
      { metric: 'audience.followers', parts: [{ connection: 'con_2', value: 100 }, { connection: 'con_3' }] },
    ])
  })
})

test('nobody’s profile is unknown', async () => {
  const { deps } = await openTestWorld()
  await assert.rejects(summarizeProfile(deps, setting, environmentId, 'nobody'), { code: 'input.unknown' })
})

test('a number is explained: its meaning, its source, its earlier values', async () => {
  const world = await openTestWorld()
  const { deps, clock } = world
  await world.clock.run(async () => {
    const connection = await world.connect('con_1')
    await world.runDue()
    world.platform.followers.set('acc_1', 101)
    await deps.schedule.wake(environmentId, 'con_1', { lane: 'interactive', at: clock.now() })
    await world.runDue()
    const wanted = { connection, metric: 'audience.followers', day: '2026-10-05', item: null }
    const { point, says, revisions } = await explainPoint(deps, setting, environmentId, wanted)
    assert.partialDeepStrictEqual(point, { value: 101, source: { native: 'audience.followers', stream: 'channel' } })
    assert.deepEqual(
      revisions.map(({ value }) => value),
      [100],
    )
    assert.deepEqual(says, [
      'Accounts that follow, subscribe to or are fans of this account.',
      'Made-up calls it audience.followers; read by the stream “channel”: Followers.',
      'The platform said exactly this, for exactly this account and day.',
      'The day is a day in UTC.',
      'The platform may still correct it.',
      'It had another value before.',
    ])
    await assert.rejects(explainPoint(deps, setting, environmentId, { ...wanted, day: '2026-01-01' }), {
      code: 'input.unknown',
    })
    await assert.rejects(explainPoint(deps, setting, environmentId, { ...wanted, metric: 'fans' }), {
      code: 'input.invalid',
    })
  })
})

test('a null says why in words', async () => {
  const { deps } = await openTestWorld()
  const hidden = observed(null, { reason: 'hidden' })
  await deps.records.save(environmentId, [pageOf({ observations: [hidden] })], {
    at: deps.clock.now(),
    actor: 'system',
  })
  const connection = { id: 'con_1', provider: 'madeup' } as Parameters<typeof explainPoint>[3]['connection']
  const wanted = { connection, metric: 'audience.followers', day: '2026-10-05', item: null }
  const { point, says } = await explainPoint(deps, setting, environmentId, wanted)
  assert.deepEqual([point.value, point.reason], [null, 'hidden'])
  assert.ok(says.includes('The account or item hides this number.'))
})
