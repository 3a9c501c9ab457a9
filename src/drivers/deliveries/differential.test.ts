import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { exampleEndpoint, exampleTry } from '../../ports/deliveries.contract.ts'
import type { Deliveries } from '../../ports/deliveries.ts'
import type { Journal } from '../../ports/journal.ts'
import { AlongLog } from '../along/memory.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openMemoryJournal } from '../journal/memory.ts'
import { openPostgresJournal } from '../journal/postgres.ts'
import { openMemoryDeliveries } from './memory.ts'
import { openPostgresDeliveries } from './postgres.ts'

/** The same operations on both drivers, one after the other: the same answers, the same rows, the same events. */
describe('deliveries: memory and PostgreSQL agree', () => {
  let testDatabase: TestDatabase
  before(async () => {
    testDatabase = await openTestDatabase()
  })
  after(() => testDatabase.drop())

  let world = 0
  test('whatever is done to them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 40 }), async (operations) => {
        const environmentId = `env_${++world}`
        const log = new AlongLog()
        const drivers = [
          { deliveries: openMemoryDeliveries(log), journal: openMemoryJournal(log) },
          {
            deliveries: openPostgresDeliveries(testDatabase.database),
            journal: openPostgresJournal(testDatabase.database),
          },
        ]
        const [memory, postgres] = await Promise.all(drivers.map((stores) => play(stores, environmentId, operations)))
        assert.deepEqual(memory, postgres)
      }),
      { numRuns: 25, seed: 20261128 },
    )
  })
})

const endpoint = fc.constantFrom('end_1', 'end_2')
const event = fc.integer({ min: 0, max: 12 }).map((n) => `evt_${n}`)
const at = fc.integer({ min: 0, max: 500 })
const by = fc.constantFrom('clm_1', 'clm_2')
const of = <const Kind extends string, Rest extends object>(
  kind: Kind,
  rest: { [Key in keyof Rest]: fc.Arbitrary<Rest[Key]> },
) => fc.record({ kind: fc.constant(kind), ...rest }) as fc.Arbitrary<{ kind: Kind } & Rest>

const off = fc.integer({ min: 0, max: 3 }).map((n) => n === 0)
const types = fc.constantFrom(null, ['connection.*'], ['*'], ['item.published', 'grant.*'])
const profiles = fc.constantFrom(null, null, ['nova'])
const undefinedToo = { nil: undefined }

const operation = fc.oneof(
  of('save', { endpoint, ordered: fc.boolean(), off, types, profiles }),
  of('change', {
    ...{ endpoint, at, ordered: fc.option(fc.boolean(), undefinedToo), off: fc.option(off, undefinedToo) },
    types: fc.option(types, undefinedToo),
    profiles: fc.option(profiles, undefinedToo),
  }),
  of('remove', { endpoint, really: fc.integer({ min: 0, max: 4 }).map((n) => n === 0) }),
  of('write', {
    ...{ event, at },
    type: fc.constantFrom('connection.created', 'item.published', 'grant.refreshed', 'endpoint.failing'),
    profile: fc.constantFrom(null, 'nova', 'luna'),
    about: endpoint,
  }),
  of('place', { at, limit: fc.integer({ min: 1, max: 5 }) }),
  of('place', { at, limit: fc.constant(100) }),
  of('claim', { endpoint, at, by, ms: fc.integer({ min: 0, max: 300 }), limit: fc.integer({ min: 1, max: 4 }) }),
  of('settle', {
    ...{ endpoint, by, at, next: at, tried: fc.boolean() },
    state: fc.constantFrom('waiting' as const, 'delivered' as const, 'failed' as const),
    events: fc.uniqueArray(event, { minLength: 1, maxLength: 4 }),
  }),
  of('fared', { endpoint, ok: fc.boolean(), at, rest: fc.option(at) }),
  of('tell', { endpoint, news: fc.constantFrom('failing' as const, 'recovered' as const, 'disabled' as const), at }),
  of('resend', { event, endpoint, at }),
  of('recover', {
    endpoint,
    since: at,
    at,
    after: fc.integer({ min: 0, max: 4 }),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
  of('sweep', { failed: at, events: at, really: fc.integer({ min: 0, max: 4 }).map((n) => n === 0) }),
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

interface Stores {
  readonly deliveries: Deliveries
  readonly journal: Journal
}

async function play(stores: Stores, environmentId: string, operations: readonly Operation[]): Promise<unknown[]> {
  const { deliveries } = stores
  const answers: unknown[] = []
  for (const [n, one] of operations.entries()) {
    answers.push(await step(stores, environmentId, one, n))
    answers.push(await deliveries.endpoints(environmentId))
    answers.push((await deliveries.list(environmentId, { limit: 100 })).map(plain))
    answers.push(await deliveries.look(environmentId, 250), await deliveries.places(environmentId))
  }
  const filters = [{}, { types: ['connection.*', 'item.published'] }, { profiles: ['nova'] }]
  for (const filter of filters)
    answers.push(
      (await deliveries.eventsAfter(environmentId, { after: 1, limit: 9, ...filter })).map(
        ({ sequence: _, ...rest }) => rest,
      ),
    )
  answers.push((await stores.journal.readEvents(environmentId, { limit: 100 })).map(({ id, type }) => [id, type]))
  return answers
}

/** Numbers of a sequence are one database's own. */
const plain = ({ event: { sequence: _, ...event }, ...delivery }: Awaited<ReturnType<Deliveries['list']>>[number]) => ({
  ...delivery,
  event,
})

async function step(
  { deliveries, journal }: Stores,
  environmentId: string,
  one: Operation,
  n: number,
): Promise<unknown> {
  const along = (type: string) => ({
    at: n,
    actor: 'system' as const,
    events: [{ id: `evt_told_${n}`, type, data: {} }],
  })
  switch (one.kind) {
    case 'save': {
      const { ordered, types, profiles, off } = one
      const disabled = off ? ({ reason: 'off', at: 1, says: null } as const) : null
      const more = { ordered, types, profiles, disabled }
      if ((await deliveries.endpoint(environmentId, one.endpoint)) !== null) return
      return deliveries.saveEndpoint(exampleEndpoint(environmentId, one.endpoint, more), { at: n, actor: 'system' })
    }
    case 'change': {
      const { ordered, types, profiles, off, at } = one
      const disabled = off === undefined ? undefined : off ? ({ reason: 'off', at, says: null } as const) : null
      const changes = { ordered, types, profiles, disabled }
      return deliveries.changeEndpoint(environmentId, one.endpoint, changes, ({ disabled }) =>
        along(disabled ? 'endpoint.failing' : 'endpoint.recovered'),
      )
    }
    case 'remove':
      return one.really && deliveries.removeEndpoint(environmentId, one.endpoint, { at: n, actor: 'system' })
    case 'write': {
      const profile = one.profile === null ? {} : { profileId: one.profile }
      const written = { id: one.event, type: one.type, data: { endpoint: one.about }, ...profile }
      return journal.note(environmentId, { at: one.at, actor: 'system', events: [written] })
    }
    case 'place':
      return deliveries.place(environmentId, { now: one.at, limit: one.limit })
    case 'claim': {
      const { by, at, ms, limit } = one
      const options = { claim: by, now: at, until: at + ms, limit, limitWhileFailing: Math.min(2, limit) }
      const claimed = await deliveries.claim(environmentId, one.endpoint, options)
      return claimed && [claimed.endpoint, ...claimed.deliveries.map(plain)]
    }
    case 'settle': {
      const { events, state, next, tried, at } = one
      const settled = events.map((eventId) => ({
        eventId,
        state,
        nextAt: next,
        tried: tried ? exampleTry({ at }) : null,
      }))
      return deliveries.settle(environmentId, one.endpoint, one.by, settled)
    }
    case 'fared': {
      const { ok, at, rest } = one
      const how = ok ? { ok, restUntil: rest } : { ok, at, says: `no ${at}`, restUntil: rest }
      return deliveries.fared(environmentId, one.endpoint, how)
    }
    case 'tell': {
      const { news, at } = one
      const disabled = { reason: 'failing', at, says: 'no' } as const
      const told =
        news === 'failing' ? { kind: news, at } : news === 'disabled' ? { kind: news, disabled } : { kind: news }
      return deliveries.tell(environmentId, one.endpoint, told, along(`endpoint.${news}`))
    }
    case 'resend':
      return deliveries.resend(environmentId, one.event, one.endpoint, one.at)
    case 'recover': {
      const { since, at, after, limit } = one
      return deliveries.recover(environmentId, one.endpoint, { since, now: at, after, limit })
    }
    case 'sweep':
      return one.really && deliveries.sweep(environmentId, { failed: one.failed, events: one.events })
  }
}
