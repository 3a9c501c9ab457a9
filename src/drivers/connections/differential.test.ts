import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { exampleConnection } from '../../ports/connections.contract.ts'
import { type ConnectionState, type Connections, connectionEdges } from '../../ports/connections.ts'
import { AlongLog } from '../along/memory.ts'
import { readTraces, tracesOf } from '../along/test-traces.ts'
import { openTestDatabase, type TestDatabase } from '../database/test-database.ts'
import { openMemoryConnections } from './memory.ts'
import { openPostgresConnections } from './postgres.ts'

/** The same operations on both drivers, one after the other: the same answers, the same rows, the same traces. */
describe('connections: memory and PostgreSQL agree', () => {
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
        const drivers = [openMemoryConnections(log), openPostgresConnections(testDatabase.database)]
        const answers = await Promise.all(drivers.map((connections) => play(connections, environmentId, operations)))
        assert.deepEqual(answers[0], answers[1])
        const [memory, postgres] = [
          tracesOf(log, environmentId),
          await readTraces(testDatabase.database, environmentId),
        ]
        assert.deepEqual(
          memory.tasks.map(({ id, closedAt }) => [id, closedAt]).sort(),
          postgres.tasks.map(({ id, closedAt }) => [id, closedAt]).sort(),
        )
        assert.deepEqual(memory.audit, postgres.audit)
      }),
      { numRuns: 25, seed: 20260303 },
    )
  })
})

const states = Object.keys(connectionEdges) as ConnectionState[]
const id = fc.constantFrom('con_1', 'con_2', 'con_3')
const state = fc.constantFrom(...states)
const name = fc.constantFrom('one', 'two')

const operation = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), id, profile: name, account: name }),
  fc.record({ kind: fc.constant('move' as const), id, from: fc.subarray(states, { minLength: 1 }), to: state }),
  fc.record({
    kind: fc.constant('update' as const),
    id,
    grant: fc.option(name),
    missing: fc.option(fc.subarray(['a', 'b'])),
  }),
  fc.record({
    kind: fc.constant('list' as const),
    profile: fc.option(name),
    state: fc.option(state),
    after: fc.option(id),
  }),
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

async function play(
  connections: Connections,
  environmentId: string,
  operations: readonly Operation[],
): Promise<unknown[]> {
  const answers: unknown[] = []
  for (const [n, one] of operations.entries()) {
    answers.push(await step(connections, environmentId, one, n).catch(() => 'failed'))
    for (const each of ['con_1', 'con_2', 'con_3']) {
      answers.push(await connections.read(environmentId, each))
      answers.push(await connections.transitions(environmentId, each, 3))
    }
    answers.push(await connections.count(environmentId))
  }
  return answers
}

async function step(connections: Connections, environmentId: string, one: Operation, n: number): Promise<unknown> {
  const task = { kind: 'reconnect', category: 'connection', priority: 'high', impact: 1, dueAt: null } as const
  const along = {
    at: n,
    actor: 'owner',
    audit: [{ id: `aud_${n}`, action: one.kind, subject: 'x', detail: { n } }],
    ...(one.kind === 'move' &&
      (one.to === 'needs_reauth'
        ? { openTasks: [{ ...task, id: `tsk_${n}`, connectionId: one.id, title: 't', description: 'd' }] }
        : { closeTasks: [{ connectionId: one.id, kind: 'reconnect' }] })),
  } as const
  switch (one.kind) {
    case 'create': {
      const account = { id: one.account, name: one.account, kind: 'channel' } as const
      const made = exampleConnection(environmentId, one.id, { profileId: one.profile, account })
      return connections.create(made, along)
    }
    case 'move':
      return connections.move(environmentId, one.id, { from: one.from, to: one.to, reason: `r${n}` }, along)
    case 'update': {
      const change = { grantId: one.grant ?? undefined, missingScopes: one.missing ?? undefined }
      return connections.update(environmentId, one.id, change, along)
    }
    case 'list': {
      const { profile, state, after } = one
      const page = { limit: 2, profile: profile ?? undefined, state: state ?? undefined, after: after ?? undefined }
      return connections.list(environmentId, page)
    }
  }
}
