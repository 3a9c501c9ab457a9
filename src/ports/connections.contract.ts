import assert from 'node:assert/strict'
import type { Traces } from './along.contract.ts'
import type { Along } from './along.ts'
import { type Connection, type ConnectionState, type Connections, connectionEdges } from './connections.ts'
import { describeContract } from './contract.ts'
import { exampleGrant } from './grants.contract.ts'
import type { Grants } from './grants.ts'

interface ConnectionsWorld {
  readonly connections: Connections
  /** Of the same store. */
  readonly grants: Pick<Grants, 'create' | 'commit' | 'release'>
  traces(environmentId: string): Promise<Traces>
  close(): Promise<void>
}

/** What every store of connections owes. */
export function connectionsContract(name: string, open: () => Promise<ConnectionsWorld>): void {
  describeContract(`connections ${name}`, open, (story) => {
    story('a connection comes back as it was created', async ({ connections, traces }, environmentId) => {
      const connection = exampleConnection(environmentId, 'con_1', {
        missingScopes: ['x'],
        reason: 'why',
        inputs: { a: '1' },
      })
      assert.deepEqual(await connections.create(connection, along(9)), { created: true })
      assert.deepEqual(await connections.read(environmentId, 'con_1'), connection)
      assert.equal(await connections.read('env_other', 'con_1'), null)
      assert.deepEqual(await connections.transitions(environmentId, 'con_1', 10), [
        { connectionId: 'con_1', from: null, to: 'pending', reason: 'why', actor: 'owner', at: 10 },
      ])
      assert.equal((await traces(environmentId)).events.length, 1)
    })

    story('the same account twice is one connection', async ({ connections, traces }, environmentId) => {
      const first = exampleConnection(environmentId, 'con_1')
      await connections.create(first, along(1))
      const again = await connections.create(exampleConnection(environmentId, 'con_2'), along(2))
      assert.deepEqual(again, { created: false, exists: first })
      assert.equal((await traces(environmentId)).events.length, 1)
      const others: Partial<Connection>[] = [{ profileId: 'other' }, { integrationId: 'int_2' }]
      for (const [index, other] of others.entries()) {
        const made = await connections.create(exampleConnection(environmentId, `con_${index + 3}`, other), along(3))
        assert.equal(made.created, true)
      }
      assert.equal((await connections.create(exampleConnection('env_other', 'con_1'), along(4))).created, true)
    })

    story('of 10 at the same time one is made', async ({ connections }, environmentId) => {
      const made = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          connections.create(exampleConnection(environmentId, `con_${n}`), along(1)),
        ),
      )
      assert.equal(made.filter(({ created }) => created).length, 1)
      assert.equal((await connections.list(environmentId, { limit: 20 })).length, 1)
    })

    story('a disconnected one leaves room for its successor', async ({ connections }, environmentId) => {
      await connections.create(exampleConnection(environmentId, 'con_1'), along(1))
      const change = { from: ['pending'], to: 'disconnected', reason: null } as const
      assert.equal(await connections.move(environmentId, 'con_1', change, along(2)), true)
      assert.equal((await connections.create(exampleConnection(environmentId, 'con_2'), along(3))).created, true)
    })

    for (const from of Object.keys(connectionEdges) as ConnectionState[])
      story(`from ${from} only along its edges`, async ({ connections, traces }, environmentId) => {
        const states = Object.keys(connectionEdges) as ConnectionState[]
        for (const [index, to] of states.entries()) {
          const id = `con_${index}`
          await connections.create(exampleConnection(environmentId, id, { state: from, profileId: id }), along(1))
          const before = (await traces(environmentId)).events.length
          const change = { from: states, to, reason: 'because' }
          const moved = await connections.move(environmentId, id, change, { ...along(50), actor: 'schedule' })
          const allowed = connectionEdges[from].includes(to)
          assert.equal(moved, allowed, `${from} → ${to}`)
          assert.equal((await traces(environmentId)).events.length, before + (allowed ? 1 : 0))
          const connection = (await connections.read(environmentId, id))!
          assert.equal(connection.state, allowed ? to : from)
          assert.equal(connection.stateAt, allowed ? 50 : 10)
          if (allowed)
            assert.deepEqual((await connections.transitions(environmentId, id, 1))[0], {
              connectionId: id,
              from,
              to,
              reason: 'because',
              actor: 'schedule',
              at: 50,
            })
        }
      })

    story('of 10 who move it one does', async ({ connections }, environmentId) => {
      await connections.create(exampleConnection(environmentId, 'con_1', { state: 'healthy' }), along(1))
      const change = { from: ['healthy'], to: 'needs_reauth', reason: 'refused' } as const
      const moves = Array.from({ length: 10 }, () => connections.move(environmentId, 'con_1', change, along(2)))
      assert.equal((await Promise.all(moves)).filter(Boolean).length, 1)
      assert.equal((await connections.transitions(environmentId, 'con_1', 10)).length, 2)
      assert.equal(await connections.move(environmentId, 'con_x', change, along(3)), false)
    })

    story('it is moved only while its grant stands so', async ({ connections, grants, traces }, environmentId) => {
      await grants.create(exampleGrant(environmentId, 'gra_over', { state: 'dead', generation: 3 }), along(1))
      await grants.create(exampleGrant(environmentId, 'gra_other', { state: 'dead', generation: 3 }), along(1))
      await connections.create(exampleConnection(environmentId, 'con_1', { grantId: 'gra_over' }), along(1))
      const before = (await traces(environmentId)).events.length
      const move = (grant: Parameters<Connections['move']>[2]['grant'], more: object = {}) =>
        connections.move(environmentId, 'con_1', { ...over, grant, ...more }, along(2))
      const over = { from: ['pending'], to: 'needs_reauth', reason: 'refused' } as const
      for (const grant of [
        { id: 'gra_over', states: ['live', 'unknown', 'revoked'] },
        { id: 'gra_over', states: ['dead'], generation: 2 },
        { id: 'gra_other', states: ['dead'], generation: 3 },
        { id: 'gra_none', states: ['dead'] },
        { id: 'gra_over', states: [] },
      ] as const)
        assert.equal(await move(grant), false, JSON.stringify(grant))
      assert.equal((await connections.transitions(environmentId, 'con_1', 9)).length, 1)
      assert.equal((await traces(environmentId)).events.length, before)
      assert.equal(await move({ id: 'gra_over', states: ['dead'], generation: 3 }, { missingScopes: ['x'] }), true)
      const { state, missingScopes } = (await connections.read(environmentId, 'con_1'))!
      assert.deepEqual([state, missingScopes], ['needs_reauth', ['x']])
      const back = { from: ['needs_reauth'], to: 'healthy', reason: null }
      assert.equal(await move({ id: 'gra_over', states: ['unknown', 'dead'] }, back), true)
      assert.deepEqual((await connections.read(environmentId, 'con_1'))!.missingScopes, ['x'])
    })

    story(
      'of a grant that is renewed meanwhile none is told after that it is over',
      async ({ connections, grants }, env) => {
        const grant = exampleGrant(env, 'gra_1', { state: 'dead', generation: 1 })
        await grants.create(grant, along(1))
        const ids = Array.from({ length: 20 }, (_, n) => `con_${n}`)
        for (const id of ids)
          await connections.create(exampleConnection(env, id, { grantId: 'gra_1', profileId: id }), along(1))
        const change = { from: ['pending'], to: 'needs_reauth', reason: 'refused' } as const
        const over = { id: 'gra_1', states: ['dead'], generation: 1 } as const
        let late: string[] = []
        const renewing = grants.commit(env, 'gra_1', 1, grant, along(2)).then(async (stored) => {
          assert.ok(stored)
          late = (await connections.list(env, { limit: 50, state: 'pending' })).map(({ id }) => id)
        })
        await Promise.all(ids.map((id) => connections.move(env, id, { ...change, grant: over }, along(3))))
        await renewing
        // Whoever stored the new tokens sees every connection that was told, and nobody tells one after that.
        const pending = (await connections.list(env, { limit: 50, state: 'pending' })).map(({ id }) => id)
        assert.deepEqual(pending, late)
        for (const id of late)
          assert.equal(await connections.move(env, id, { ...change, grant: over }, along(4)), false)
      },
    )

    story('lists are pages in the order of ids', async ({ connections }, environmentId) => {
      const make = (id: string, more: Partial<Connection>) =>
        connections.create(exampleConnection(environmentId, id, { account: account(id), ...more }), along(1))
      const named = { ...account('con_b'), otherIds: ['also', 'b'] }
      await make('con_b', { profileId: 'nova', grantId: 'gra_1', account: named })
      await make('con_a', { provider: 'tube' })
      await make('con_c', { state: 'disconnected' })
      await make('con_Z', { integrationId: 'int_2', state: 'healthy', reason: 'why', stateAt: 12 })
      const ids = async (page: Partial<Parameters<Connections['list']>[1]>) =>
        (await connections.list(environmentId, { limit: 10, ...page })).map(({ id }) => id)
      assert.deepEqual(await ids({}), ['con_Z', 'con_a', 'con_b'])
      assert.deepEqual(await ids({ after: 'con_Z', limit: 1 }), ['con_a'])
      assert.deepEqual(await ids({ profile: 'nova' }), ['con_b'])
      assert.deepEqual(await ids({ provider: 'tube' }), ['con_a'])
      assert.deepEqual(await ids({ state: 'disconnected' }), ['con_c'])
      assert.deepEqual(await ids({ state: 'healthy' }), ['con_Z'])
      assert.deepEqual(await ids({ reason: 'why' }), ['con_Z'])
      assert.deepEqual(await ids({ stateSince: 12 }), ['con_Z'])
      assert.deepEqual(await ids({ stateSince: 13 }), [])
      assert.deepEqual(await ids({ grant: 'gra_1' }), ['con_b'])
      assert.deepEqual(await ids({ integration: 'int_2' }), ['con_Z'])
      assert.deepEqual(await ids({ account: 'con_a' }), ['con_a'])
      assert.deepEqual(await ids({ accounts: ['con_b', 'con_c', 'con_x', 'con_Z'] }), ['con_Z', 'con_b'])
      assert.deepEqual(await ids({ otherId: 'also' }), ['con_b'])
      assert.deepEqual(await ids({ otherId: 'con_b' }), [])
      assert.deepEqual(await ids({ ids: ['con_b', 'con_c', 'con_x'] }), ['con_b'])
      assert.deepEqual(await ids({ ids: [] }), [])
      assert.deepEqual(await connections.count(environmentId), { pending: 2, disconnected: 1, healthy: 1 })
      assert.deepEqual(await connections.count(environmentId, { integration: 'int_2' }), { healthy: 1 })
      assert.deepEqual(await connections.count(environmentId, { integration: 'int_9' }), {})
    })

    story('a reconnect changes what it names and nothing else', async ({ connections, traces }, environmentId) => {
      const connection = exampleConnection(environmentId, 'con_1', { state: 'needs_reauth', missingScopes: ['a'] })
      await connections.create(connection, along(1))
      await connections.update(environmentId, 'con_1', { grantId: 'gra_2', missingScopes: [] }, along(2))
      assert.deepEqual(await connections.read(environmentId, 'con_1'), {
        ...connection,
        grantId: 'gra_2',
        missingScopes: [],
      })
      const renamed = { ...account('acc_1'), name: 'New', handle: '@new' }
      await connections.update(environmentId, 'con_1', { account: renamed, inputs: { a: 'b' } }, along(3))
      assert.deepEqual(await connections.read(environmentId, 'con_1'), {
        ...connection,
        grantId: 'gra_2',
        missingScopes: [],
        account: renamed,
        inputs: { a: 'b' },
      })
      assert.equal((await connections.list(environmentId, { limit: 5, account: 'acc_1' })).length, 1)
      assert.equal((await traces(environmentId)).events.length, 3)
      await connections.update(environmentId, 'con_x', { grantId: 'gra_3' }, along(4))
      assert.equal((await traces(environmentId)).events.length, 3)
    })
  })
}

const account = (id: string) => ({ id, name: 'Nova Reef', kind: 'channel' as const })

export const exampleConnection = (environmentId: string, id: string, more: Partial<Connection> = {}): Connection => ({
  id,
  environmentId,
  profileId: 'artist',
  provider: 'melody',
  integrationId: 'int_1',
  grantId: 'gra_0',
  account: account('acc_1'),
  inputs: {},
  state: 'pending',
  reason: null,
  missingScopes: [],
  stateAt: 10,
  createdAt: 10,
  ...more,
})

let count = 0
const along = (at: number): Along => ({
  at,
  actor: 'owner',
  events: [{ id: `evt_${++count}`, type: 'connection.changed', data: {} }],
})
