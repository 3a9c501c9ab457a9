import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Account, type AccountFacts, dayMs, Fault, type Item } from '@patchbay/kit'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryStores } from '../../drivers/memory-stores.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import type { Connection } from '../../ports/connections.ts'
import { pageOf } from '../../ports/records.contract.ts'
import { type Identity, openIdentity } from './identity.ts'
import { profileConnections } from './profile-connections.ts'
import { readRecordings } from './read-catalogue.ts'

const environmentId = 'env_1'
const mbid = 'f27ec8db-af05-4f36-916e-3d57f91ecf5e'
const merged = 'a27ec8db-af05-4f36-916e-3d57f91ecf5e'
const providers = { in: async () => new Map(), catalog: new Map() } as never

/** Accounts of profiles on made-up platforms, and what is said of them. */
async function openWorld() {
  const clock = new SimulatedClock(Date.parse('2026-10-05T12:00:00Z'))
  const { along, stores } = openMemoryStores()
  const deps = { ...stores, clock, random: new SeededRandom('identity', clock) }
  const identity = openIdentity(deps)
  const system = () => ({ at: clock.now(), actor: 'system' }) as const
  for (const id of ['nova', 'vega'])
    await deps.directory.saveProfile({ id, environmentId, name: id, createdAt: clock.now() })

  return {
    ...{ clock, deps, identity, along },
    async connect(id: string, profileId: string, account: Partial<Account> = {}) {
      const connection: Connection = {
        ...{ id, environmentId, profileId, provider: `platform-${id}`, integrationId: 'int_1', grantId: 'gra_1' },
        ...{ inputs: {}, state: 'healthy', reason: null, missingScopes: [], stateAt: 0, createdAt: clock.now() },
        account: { id: `acc_${id}`, name: `Account ${id}`, kind: 'artist_page', ...account },
      }
      await deps.connections.create(connection, system())
    },
    async says(connectionId: string, facts: AccountFacts) {
      await deps.records.save(environmentId, [pageOf({ connectionId, facts })], system())
    },
    async publish(connectionId: string, isrcs: readonly string[], titles: readonly string[] = []) {
      const items = isrcs.map(
        (isrc, n): Item => ({
          ...{ kind: 'track', id: `t${n}`, title: titles[n] ?? `${connectionId} ${n}`, durationMs: 200_000 },
          ...(isrc === '' ? {} : { identifiers: { isrc } }),
        }),
      )
      await deps.records.save(environmentId, [pageOf({ connectionId, items })], system())
    },
    /** Links as `target state rule,rule`. */
    async links(profileId = 'nova') {
      const links = await identity.list(environmentId, profileId, { limit: 100 })
      return links.map(({ target, state, evidence }) =>
        [target, state, [...new Set(evidence.map(({ rule }) => rule))].join(',')].join(' ').trim(),
      )
    },
    decide: (connection: string, decision: Parameters<Identity['decide']>[3]) =>
      identity.decide(environmentId, 'nova', { connection }, decision, 'user:usr_1'),
    /** Whose items stand behind the recordings of a profile. */
    async behind(profileId = 'nova') {
      const connections = await profileConnections(deps, environmentId, profileId)
      const { data } = await readRecordings(deps, { providers }, environmentId, { connections, limit: 100 })
      return [...new Set(data.flatMap(({ items }) => items.map(({ connectionId }) => connectionId)))].sort().join(' ')
    },
  }
}

const isrcs = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => `QZEX126${String(from + n).padStart(5, '0')}`)

test('a catalogue leads to accounts that are connected and to addresses that are not', async () => {
  const world = await openWorld()
  await world.connect('con_1', 'nova', { url: 'https://music.example/artist/4711' })
  await world.connect('con_2', 'nova', { url: 'https://catalogue.example/artist/x' })
  await world.says('con_2', {
    links: [
      { url: 'http://www.music.example/artist/4711/', by: 'catalogue' },
      { url: 'https://tube.example/@nova', by: 'catalogue' },
      { url: 'https://tube.example/@nova/', by: 'profile' },
      { url: 'https://catalogue.example/artist/x', by: 'catalogue' },
    ],
  })
  assert.deepEqual(await world.links(), [
    'address:https://tube.example/@nova found url_relation,cross_link',
    'connection:con_1 found connected,url_relation',
    'connection:con_2 found connected,url_relation',
  ])
})

test('who was joined with another is found by either code', async () => {
  const world = await openWorld()
  await world.connect('con_1', 'nova')
  await world.connect('con_2', 'nova')
  await world.says('con_1', { identifiers: { mbid: merged } })
  await world.says('con_2', { identifiers: { mbid } })
  assert.deepEqual(await world.links(), ['connection:con_1 found connected', 'connection:con_2 found connected'])
  await world.says('con_2', { identifiers: { mbid }, former: { mbid: merged } })
  await world.identity.check(environmentId, 'nova')
  assert.deepEqual(await world.links(), [
    'connection:con_1 found connected,same_identifier',
    'connection:con_2 found connected,same_identifier',
  ])
})

test('an account that is called by its MBID is found by it, also after that was merged into another', async () => {
  const world = await openWorld()
  await world.connect('con_1', 'nova')
  await world.connect('con_2', 'nova', { id: merged })
  await world.connect('con_3', 'nova')
  await world.says('con_1', { identifiers: { mbid: merged.toUpperCase() } })
  await world.says('con_2', { identifiers: { mbid } })
  await world.says('con_3', { identifiers: { mbid } })
  assert.deepEqual(await world.links(), [
    'connection:con_1 found connected,same_identifier',
    'connection:con_2 found connected,same_identifier',
    'connection:con_3 found connected,same_identifier',
  ])
})

test('a namesake is suggested and nothing is done with it until a person says so', async () => {
  const world = await openWorld()
  await world.connect('con_1', 'nova', { name: 'Nova Reef' })
  await world.connect('con_2', 'vega', { name: 'NOVA REEF' })
  await world.connect('con_3', 'vega', { name: 'Somebody Else' })
  await world.publish('con_1', isrcs(0, 2), ['Low Tide', 'Harbour'])
  await world.publish('con_2', ['', ''], ['Low Tide', 'Harbour'])
  const [own, suggested, ...others] = await world.links()
  assert.deepEqual(others, [])
  assert.deepEqual([own, suggested], ['connection:con_1 found connected', 'connection:con_2 suggested name_overlap'])
  const link = await world.deps.identityLinks.read(environmentId, 'nova', 'connection:con_2')
  assert.equal(link!.confidence, 0.6)
  assert.equal(await world.behind(), 'con_1')
  await world.decide('con_2', 'accepted')
  assert.equal(await world.behind(), 'con_1 con_2')
  assert.equal(await world.behind('vega'), 'con_2', 'what one profile accepts says nothing of another')
  await world.decide('con_2', 'refused')
  assert.equal(await world.behind(), 'con_1')
  await world.decide('con_2', 'undecided')
  assert.deepEqual((await world.links())[1], 'connection:con_2 suggested name_overlap')
})

test('however many recordings another profile’s account shares, its numbers wait for a person', async () => {
  const world = await openWorld()
  await world.connect('con_1', 'nova')
  await world.connect('con_2', 'vega')
  await world.connect('con_3', 'vega')
  await world.publish('con_1', isrcs(0, 10))
  await world.publish('con_2', isrcs(7, 10))
  await world.publish('con_3', isrcs(9, 10))
  assert.deepEqual(await world.links(), [
    'connection:con_1 found connected',
    'connection:con_2 found shared_recordings',
  ])
  assert.equal(await world.behind(), 'con_1')
  await world.decide('con_2', 'accepted')
  assert.equal(await world.behind(), 'con_1 con_2')
})

test('what a person refused or named stays, whatever the rules find', async () => {
  const world = await openWorld()
  await world.connect('con_1', 'nova')
  await world.connect('con_2', 'vega')
  await world.connect('con_3', 'vega')
  await world.publish('con_1', isrcs(0, 5))
  await world.publish('con_2', isrcs(0, 5))
  await world.publish('con_3', isrcs(50, 5))
  await world.decide('con_2', 'refused')
  assert.equal((await world.decide('con_3', 'accepted'))!.state, 'manual')
  const settled = [
    'connection:con_1 found connected',
    'connection:con_2 refused shared_recordings',
    'connection:con_3 manual',
  ]
  assert.deepEqual(await world.links(), settled)
  assert.equal(await world.behind(), 'con_1 con_3')
  await world.clock.run(() => world.clock.sleep(2 * dayMs))
  await world.publish('con_1', isrcs(0, 6))
  assert.deepEqual(await world.links(), settled)
  assert.equal((await world.decide('con_3', 'accepted'))!.state, 'manual')
  assert.equal(await world.decide('con_3', 'undecided'), null)
  assert.deepEqual(await world.links(), settled.slice(0, 2))
  assert.deepEqual(world.along.audit.map(({ action, subject, actor }) => [action, subject, actor]).slice(0, 2), [
    ['identity.refused', 'nova', 'user:usr_1'],
    ['identity.accepted', 'nova', 'user:usr_1'],
  ])
})

test('what the rules no longer say does not come back when a decision is taken back', async () => {
  const world = await openWorld()
  await world.connect('con_1', 'nova')
  await world.connect('con_2', 'vega')
  for (const id of ['con_1', 'con_2']) await world.says(id, { identifiers: { mbid } })
  assert.equal((await world.links()).length, 2)
  await world.decide('con_2', 'refused')
  await world.says('con_2', { identifiers: { mbid: merged } })
  await world.identity.check(environmentId, 'nova')
  assert.deepEqual(await world.links(), ['connection:con_1 found connected', 'connection:con_2 refused'])
  assert.equal(await world.decide('con_2', 'undecided'), null)
})

test('of a profile with very many accounts some have to be named, and any can be', async () => {
  const world = await openWorld()
  for (let n = 0; n < 250; n++) await world.connect(`con_${String(n).padStart(3, '0')}`, 'nova')
  const behind = async (named?: readonly string[]) =>
    (await profileConnections(world.deps, environmentId, 'nova', named)).map(({ id }) => id)
  await assert.rejects(behind(), (error) => error instanceof Fault && error.code === 'input.too_large')
  assert.deepEqual(await behind(['con_003', 'con_249']), ['con_003', 'con_249'])
  await assert.rejects(
    behind(['con_249', 'con_250']),
    (error) => error instanceof Fault && /con_250/.test(error.message),
  )
})

test('an account of its own that a person refused is left out, and speaks for nobody', async () => {
  const world = await openWorld()
  await world.connect('con_1', 'nova')
  await world.connect('con_2', 'nova')
  await world.publish('con_1', isrcs(0, 3))
  await world.publish('con_2', isrcs(3, 3))
  await world.says('con_2', { links: [{ url: 'https://tube.example/@wrong', by: 'profile' }] })
  assert.equal((await world.links())[0], 'address:https://tube.example/@wrong suggested cross_link')
  await world.decide('con_2', 'refused')
  await world.identity.check(environmentId, 'nova')
  assert.deepEqual(await world.links(), ['connection:con_1 found connected', 'connection:con_2 refused connected'])
  assert.equal(await world.behind(), 'con_1')
})

test('evidence keeps the day on which it fired first, and is asked for once a day', async () => {
  const world = await openWorld()
  await world.connect('con_1', 'nova')
  await world.connect('con_2', 'nova')
  const start = world.clock.now()
  for (const id of ['con_1', 'con_2']) await world.says(id, { identifiers: { mbid } })
  assert.equal((await world.links()).length, 2)
  await world.connect('con_3', 'nova')
  assert.equal((await world.links()).length, 2)
  await world.clock.run(() => world.clock.sleep(dayMs))
  assert.equal((await world.links()).length, 3)
  const link = await world.deps.identityLinks.read(environmentId, 'nova', 'connection:con_1')
  assert.deepEqual([link!.seenAt, link!.evidence.map(({ since }) => since)], [start + dayMs, [start, start]])
})

test('what cannot be decided is refused with why', async () => {
  const world = await openWorld()
  await world.connect('con_1', 'nova')
  const refused = async (attempt: Promise<unknown>, code: string, why: RegExp) =>
    assert.rejects(attempt, (error) => error instanceof Fault && error.code === code && why.test(error.message))
  const decide = (profileId: string, target: Parameters<Identity['decide']>[2]) =>
    world.identity.decide(environmentId, profileId, target, 'accepted', 'user:usr_1')
  await refused(decide('nobody', { connection: 'con_1' }), 'input.unknown', /profile/)
  await refused(decide('nova', { connection: 'con_9' }), 'input.unknown', /connection/)
  await refused(decide('nova', { address: 'javascript:alert(1)' }), 'input.invalid', /https:/)
  for (let n = 0; n < 500; n++) await decide('nova', { address: `https://a.example/${n}` })
  await refused(decide('nova', { address: 'https://a.example/500' }), 'input.too_large', /500/)
  assert.ok(await decide('nova', { address: 'https://a.example/7' }), 'what is decided can be decided again')
})

test('of very many addresses the strongest are kept', async () => {
  const world = await openWorld()
  await world.connect('con_1', 'nova')
  await world.says('con_1', {
    links: Array.from({ length: 900 }, (_, n) => ({
      url: `https://a.example/${n}`,
      by: n < 100 ? 'profile' : 'catalogue',
    })),
  })
  await world.identity.check(environmentId, 'nova')
  const links = await world.deps.identityLinks.list(environmentId, 'nova', { limit: 2000 })
  assert.equal(links.length, 400)
  assert.ok(links.every(({ confidence }) => confidence >= 0.95))
})
