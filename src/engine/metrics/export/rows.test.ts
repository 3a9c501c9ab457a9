import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AlongLog } from '../../../drivers/along/memory.ts'
import { openMemoryConnections } from '../../../drivers/connections/memory.ts'
import type { Connection } from '../../../ports/connections.ts'
import { observed, pageOf } from '../../../ports/records.contract.ts'
import { queryMetrics } from '../query.ts'
import { connection, now, openNumbers } from '../test-numbers.ts'
import { columns, type ExportQuery, type ExportRow, exportRows } from './rows.ts'

const connectionOf = (id: string): Connection =>
  ({
    ...connection(id, 'alpha'),
    ...{ profileId: 'nova', integrationId: 'int_1', account: { id, name: id, kind: 'channel' }, state: 'healthy' },
  }) as Connection

/** Some connections with numbers, and how large the largest step was that an export of them took. */
async function openExport(ids: readonly string[], perConnection: number) {
  const { deps, records } = await openNumbers({})
  const connections = openMemoryConnections(new AlongLog())
  for (const id of ids) await connections.create(connectionOf(id), { at: now, actor: 'system' })
  const observations = Array.from({ length: perConnection }, (_, i) => observed(i, { item: `v${i}` }))
  const pages = ids.map((connectionId) => pageOf({ connectionId, observations: [observed(0), ...observations] }))
  await records.save('env_1', pages, { at: now, actor: 'system' })
  return async (query: Partial<ExportQuery> = {}) => {
    const seen: string[] = []
    let largest = 0
    for await (const rows of exportRows({ ...deps, connections }, 'env_1', { metrics: [], about: 'all', ...query })) {
      largest = Math.max(largest, rows.length)
      seen.push(...rows.map(({ connection, observation }) => `${connection.id} ${observation.item}`))
    }
    return { seen, largest }
  }
}

test('an export walks every row of every connection once, some thousand at a time', async () => {
  const read = await openExport(['con_1', 'con_2'], 4_500)
  const { seen, largest } = await read()
  assert.equal(seen.length, 2 * 4_501)
  assert.equal(new Set(seen).size, seen.length)
  assert.ok(largest <= 2_000, `${largest} rows at once`)
})

test('connections are looked up step by step, and none is left out', async () => {
  const ids = Array.from({ length: 450 }, (_, i) => `con_${String(i).padStart(3, '0')}`)
  const read = await openExport(ids, 0)
  const { seen } = await read()
  assert.deepEqual(
    seen,
    ids.map((id) => `${id} null`),
  )
})

test('an export is of the accounts, of their items, of some metrics or connections', async () => {
  const read = await openExport(['con_1', 'con_2'], 2)
  const count = async (query: Partial<ExportQuery>) => (await read(query)).seen.length
  assert.equal(await count({}), 6)
  assert.equal(await count({ about: 'accounts' }), 2)
  assert.equal(await count({ about: 'items' }), 4)
  assert.equal(await count({ connections: [connectionOf('con_2')] }), 3)
  assert.equal(await count({ connections: [] }), 0)
  assert.equal(await count({ metrics: ['audience.followers', 'audience.followers', 'catalogue.tracks'] }), 6)
  assert.equal(await count({ metrics: ['catalogue.tracks'] }), 0)
  assert.equal(await count({ from: '2026-10-06' }), 0)
})

test('what the registry has no more is exported all the same', async () => {
  const { deps, records } = await openNumbers({})
  const former = observed(1, { metric: 'audience.former' as 'audience.followers' })
  await records.save('env_1', [pageOf({ observations: [former] })], { at: now, actor: 'system' })
  const connections = openMemoryConnections(new AlongLog())
  const query = { connections: [connectionOf('con_1')], metrics: [], about: 'all' } as const
  const rows: ExportRow[] = []
  for await (const step of exportRows({ ...deps, connections }, 'env_1', query)) rows.push(...step)
  const [row] = rows
  const empty = columns.filter(({ of }) => of(row!) === null).map(({ name }) => name)
  assert.deepEqual(empty, ['item', 'dimensions', 'reason', 'unit', 'kind', 'version'])
  const points = await queryMetrics(deps, 'env_1', {
    connections: [connectionOf('con_1')],
    granularity: 'day',
    compare: 'previous',
    limit: 9,
  })
  assert.deepEqual(points, { points: [], truncated: false })
})
