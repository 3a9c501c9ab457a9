import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { exampleCall, exampleRun } from '../../ports/history.contract.ts'
import { openMemoryStores } from '../memory-stores.ts'
import { countStores } from './counted-stores.ts'

test('F73: what is written down is counted, once, by how it ended', async () => {
  const registry = new Registry()
  const { stores } = openMemoryStores()
  const { journal, history, inbox } = countStores(stores, registry)
  await journal.calls('env', [
    exampleCall('env', { id: 'call_1', provider: 'acme', durationMs: 900, waitedMs: 700 }),
    exampleCall('env', { id: 'call_2', provider: 'acme', fault: 'provider.down' }),
  ])
  await journal.run(exampleRun('env', { id: 'run_1', provider: 'acme', endedAt: null, inserted: 3 }))
  await journal.run(exampleRun('env', { id: 'run_1', provider: 'acme', state: 'succeeded', endedAt: 5, inserted: 3 }))
  await history.countRequests([
    {
      ...{ environmentId: 'env', operation: 'runs.list', minute: 0 },
      ...{ ok: 2, refused: 0, failed: 3, upstream: 1, left: 0 },
    },
  ])
  await inbox.store([
    {
      ...{ id: 'm1', environmentId: 'env', integrationId: 'int', provider: 'acme', callback: null, dedupe: 'id:1' },
      ...{ accounts: ['a'], types: ['t'], headers: {}, body: Buffer.from('{}'), receivedAt: 1, signedAt: null },
    },
  ])
  await inbox.claim('env', { now: 10, until: 20, claim: 'clm', limit: 1 })
  const ended = { id: 'm1', attempts: 0, dueAt: 1, fault: null, says: 'A stranger.', effects: null, processedAt: 10 }
  const unmatched = { ...ended, state: 'unmatched' } as const
  for (const claim of ['clm', 'of somebody else']) await inbox.finish('env', claim, [unmatched])

  const said = (await registry.metrics()).split('\n')
  for (const line of [
    'patchbay_calls_total{provider="acme",lane="scheduled",outcome="ok"} 1',
    'patchbay_calls_total{provider="acme",lane="scheduled",outcome="provider.down"} 1',
    'patchbay_call_seconds_bucket{le="0.25",provider="acme"} 2',
    'patchbay_rows_total{provider="acme",kind="inserted"} 3',
    'patchbay_requests_total{operation="runs.list",ending="failed"} 2',
    'patchbay_requests_total{operation="runs.list",ending="upstream"} 1',
    'patchbay_messages_total{state="unmatched"} 1',
  ])
    assert.ok(said.includes(line), `${line}\n${said.join('\n')}`)
  assert.equal(said.filter((line) => line.startsWith('patchbay_runs_total{')).length, 1)
  assert.equal((await journal.readCalls('env', { limit: 9 })).length, 2)
})

test('what could not be kept is not counted', async () => {
  const registry = new Registry()
  const { stores } = openMemoryStores()
  const broken = {
    ...stores.journal,
    calls: async () => {
      throw new Error('away')
    },
  }
  const { journal } = countStores({ ...stores, journal: broken }, registry)
  await assert.rejects(journal.calls('env', [exampleCall('env', {})]), /away/)
  assert.doesNotMatch(await registry.metrics(), /^patchbay_calls_total\{/m)
})
