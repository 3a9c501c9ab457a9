import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { exampleGrant } from '../../ports/grants.contract.ts'
import type { GrantState, Grants } from '../../ports/grants.ts'
import { AlongLog } from '../along/memory.ts'
import { readTraces, tracesOf } from '../along/test-traces.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openMemoryGrants } from './memory.ts'
import { openPostgresGrants } from './postgres.ts'

/** The same operations on both drivers, one after the other: the same answers, the same rows, the same traces. */
describe('grants: memory and PostgreSQL agree', () => {
  let testDatabase: TestDatabase
  before(async () => {
    testDatabase = await openTestDatabase()
  })
  after(() => testDatabase.drop())

  let world = 0
  test('whatever is done to them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
        const environmentId = `env_${++world}`
        const log = new AlongLog()
        const drivers = [openMemoryGrants(log), openPostgresGrants(testDatabase.database)]
        const answers = await Promise.all(drivers.map((grants) => play(grants, environmentId, operations)))
        assert.deepEqual(answers[0], answers[1])
        const [memory, postgres] = [
          tracesOf(log, environmentId),
          await readTraces(testDatabase.database, environmentId),
        ]
        assert.deepEqual(
          memory.events.map(({ id }) => id),
          postgres.events.map(({ id }) => id),
        )
      }),
      { numRuns: 25, seed: 20260302 },
    )
  })
})

const id = fc.constantFrom('gra_1', 'gra_2', 'gra_3')
const at = fc.integer({ min: 0, max: 1000 })
const generation = fc.integer({ min: 1, max: 3 })
const state = fc.constantFrom<GrantState>('live', 'unknown', 'dead', 'revoked')
const leaseId = fc.constantFrom('lse_1', 'lse_2')
const subject = fc.constantFrom('one', 'two', '')

const operation = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), id, state, subject, at, due: fc.option(at) }),
  fc.record({ kind: fc.constant('lease' as const), id, generation, leaseId, at, ms: at, dead: fc.boolean() }),
  fc.record({
    kind: fc.constant('commit' as const),
    id,
    generation,
    leaseId: fc.option(leaseId, { nil: undefined }),
    at,
    due: fc.option(at),
    subject: fc.option(subject),
  }),
  fc.record({ kind: fc.constant('release' as const), id, generation, leaseId, state, at, due: fc.option(at) }),
  fc.record({ kind: fc.constant('forget' as const), id, at, generation: fc.option(generation, { nil: undefined }) }),
  fc.record({ kind: fc.constant('find' as const), subject }),
  fc.record({
    kind: fc.constant('postpone' as const),
    id,
    generation,
    state,
    late: fc.boolean(),
    at,
    due: fc.option(at),
  }),
  fc.record({ kind: fc.constant('warn' as const), id, at, due: fc.option(at) }),
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

async function play(grants: Grants, environmentId: string, operations: readonly Operation[]): Promise<unknown[]> {
  const answers: unknown[] = []
  for (const [n, one] of operations.entries()) {
    const along = {
      at: 'at' in one ? one.at : 0,
      actor: 'system',
      events: [{ id: `evt_${n}`, type: one.kind, data: {} }],
    } as const
    answers.push(await step(grants, environmentId, one, along).catch(() => 'failed'))
    for (const each of ['gra_1', 'gra_2', 'gra_3']) answers.push(await grants.read(environmentId, each))
    const due = (await grants.due(500, 100)).filter((grant) => grant.environmentId === environmentId)
    const expiring = (await grants.expiring(500, 100)).filter((grant) => grant.environmentId === environmentId)
    answers.push(due, expiring)
  }
  return answers
}

async function step(
  grants: Grants,
  environmentId: string,
  one: Operation,
  along: Parameters<Grants['create']>[1],
): Promise<unknown> {
  switch (one.kind) {
    case 'create': {
      const rest = { state: one.state, consentedAt: one.at, refreshDueAt: one.due, endsAt: one.due, warnDueAt: one.due }
      const grant = exampleGrant(environmentId, one.id, { ...rest, subject: { id: one.subject, name: one.subject } })
      return grants.create(grant, along)
    }
    case 'lease': {
      const { generation, leaseId, at, dead } = one
      return grants.lease(environmentId, one.id, { generation, leaseId, now: at, until: at + one.ms, dead })
    }
    case 'commit': {
      const next = {
        ...{ access: `a${one.at}`, refresh: null, previousRefresh: 'p', scopes: [`s${one.at}`], refreshedAt: one.at },
        ...{ accessExpiresAt: one.at, refreshExpiresAt: null, dataAccessExpiresAt: one.at, refreshDueAt: one.due },
        ...{ endsAt: one.at, warnDueAt: one.due, askedUnder: one.leaseId },
        ...(one.subject && { consentedAt: one.at, subject: { id: one.subject, name: 'New' } }),
      }
      return grants.commit(environmentId, one.id, one.generation, next, along)
    }
    case 'release': {
      const outcome = { leaseId: one.leaseId, state: one.state, cause: 'why', refreshDueAt: one.due }
      return grants.release(environmentId, one.id, one.generation, outcome, along)
    }
    case 'forget':
      return grants.forget(environmentId, one.id, 'revoked', along, one.generation)
    case 'postpone':
      return grants.postpone(
        environmentId,
        one.id,
        (one.late ? null : await grants.read(environmentId, one.id)) ?? { ...one, refreshDueAt: one.due },
        {
          now: one.at,
          refreshDueAt: one.due,
        },
      )
    case 'warn': {
      // What is due is warned of, as the background does it; another moment changes nothing.
      const dueAt = (await grants.read(environmentId, one.id))?.warnDueAt ?? one.at
      return grants.warn(environmentId, one.id, { dueAt: one.at % 3 === 0 ? one.at : dueAt, nextAt: one.due }, along)
    }
    case 'find':
      return grants.findBySubject(environmentId, 'int_1', one.subject)
  }
}
