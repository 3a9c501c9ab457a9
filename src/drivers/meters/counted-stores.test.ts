import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { exampleCall, exampleRun } from '../../ports/history.contract.ts'
import { message as exampleMessage } from '../../ports/inbox.contract.ts'
import { systemClock } from '../clock/system.ts'
import { openMemoryStores } from '../memory-stores.ts'
import { countStores } from './counted-stores.ts'

test('F73: what is written down is counted, once, by how it ended', async () => {
  const registry = new Registry()
  const { stores } = openMemoryStores()
  const { journal, history, inbox } = countStores(stores, registry, systemClock)
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
    'patchbay_messages_total{provider="acme",state="unmatched"} 1',
  ])
    assert.ok(said.includes(line), `${line}\n${said.join('\n')}`)
  assert.equal(said.filter((line) => line.startsWith('patchbay_runs_total{')).length, 1)
  assert.equal((await journal.readCalls('env', { limit: 9 })).length, 2)
})

test('messages are counted as they come in and as they end, once, by provider, with how long each waited to be acknowledged', async () => {
  const registry = new Registry()
  const { stores } = openMemoryStores()
  const { inbox } = countStores(stores, registry, { now: () => 250 })
  const message = (id: string, provider: string, receivedAt: number) =>
    exampleMessage('env', id, { provider, receivedAt })
  await inbox.store([message('msg_1', 'acme', 240), message('msg_2', 'other', 0)])
  await inbox.store([message('msg_1', 'acme', 240), message('msg_3', 'acme', 249)])
  const claim = async (by: string) => {
    const claimed = await inbox.claim('env', { now: 250, until: 260, claim: by, limit: 9 })
    return claimed.map(({ id }) => ({
      ...{ id, attempts: 1, dueAt: 300, fault: null, says: null, effects: null, processedAt: 250 },
      state: id === 'msg_3' ? ('failed' as const) : ('processed' as const),
    }))
  }
  const outcomes = await claim('clm_1')
  assert.equal(outcomes.length, 3)
  // Of a claim that is not one's own, nothing is.
  assert.equal(await inbox.finish('env', 'clm_other', outcomes), 0)
  await stores.inbox.endClaims('env')
  await inbox.finish('env', 'clm_2', await claim('clm_2'))
  const said = (await registry.metrics()).split('\n')
  for (const line of [
    'patchbay_messages_received_total{provider="acme",outcome="stored"} 2',
    'patchbay_messages_received_total{provider="acme",outcome="duplicate"} 1',
    'patchbay_messages_received_total{provider="other",outcome="stored"} 1',
    'patchbay_message_ack_seconds_bucket{le="0.01",provider="acme"} 3',
    'patchbay_message_ack_seconds_bucket{le="0.1",provider="other"} 0',
    'patchbay_message_ack_seconds_bucket{le="0.25",provider="other"} 1',
    'patchbay_messages_total{provider="acme",state="processed"} 1',
    'patchbay_messages_total{provider="acme",state="failed"} 1',
    'patchbay_messages_total{provider="other",state="processed"} 1',
  ])
    assert.ok(said.includes(line), `${line}\n${said.join('\n')}`)
})

test('tries of deliveries are counted by what came of them, and what was given back untried is not', async () => {
  const registry = new Registry()
  const { stores } = openMemoryStores()
  const { deliveries } = countStores(stores, registry, systemClock)
  const settled = (eventId: string, state: 'delivered' | 'waiting' | 'failed', durationMs: number | null) => ({
    ...{ eventId, state, nextAt: 5 },
    tried: durationMs === null ? null : { at: 1, durationMs, status: 200, says: null, response: null },
  })
  await deliveries.settle('env', 'end_1', 'clm_1', [
    ...[settled('evt_1', 'delivered', 20), settled('evt_2', 'delivered', 80), settled('evt_3', 'waiting', 15_000)],
    ...[settled('evt_4', 'failed', 80), settled('evt_5', 'waiting', null)],
  ])
  const broken = {
    ...stores.deliveries,
    settle: async () => {
      throw new Error('away')
    },
  }
  const uncounted = countStores({ ...stores, deliveries: broken }, new Registry(), systemClock).deliveries
  await assert.rejects(uncounted.settle('env', 'end_1', 'clm_1', [settled('evt_1', 'delivered', 1)]), /away/)
  const said = (await registry.metrics()).split('\n')
  for (const line of [
    'patchbay_deliveries_total{outcome="delivered"} 2',
    'patchbay_deliveries_total{outcome="retried"} 1',
    'patchbay_deliveries_total{outcome="given_up"} 1',
    'patchbay_delivery_seconds_bucket{le="0.1"} 3',
    'patchbay_delivery_seconds_count 4',
  ])
    assert.ok(said.includes(line), `${line}\n${said.join('\n')}`)
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
  const { journal } = countStores({ ...stores, journal: broken }, registry, systemClock)
  await assert.rejects(journal.calls('env', [exampleCall('env', {})]), /away/)
  assert.doesNotMatch(await registry.metrics(), /^patchbay_calls_total\{/m)
})
