import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { Registry } from 'prom-client'
import { openCapturedLog } from '../drivers/log/captured.ts'
import { openMemoryStores } from '../drivers/memory-stores.ts'
import type { Engine } from '../engine/engine.ts'
import { connectionEdges } from '../ports/connections.ts'
import { serveHealth } from './health.ts'

test('what cannot be counted, in an environment or at all, has no numbers for Prometheus, and no old ones; the rest has', async () => {
  const { stores } = openMemoryStores()
  const log = openCapturedLog()
  const broken = new Set<string>()
  const connections = {
    ...stores.connections,
    count: async (id: string) => {
      if (broken.has(id)) throw new Error('canceling statement due to statement timeout')
      return { healthy: 3 }
    },
  }
  for (const id of ['env_a', 'env_b'])
    await stores.directory.saveEnvironment({ id, workspace: 'w', mode: 'test', createdAt: 0 })
  const app = Fastify()
  const deps = { ...stores, connections, log, clock: { now: () => 0, sleep: async () => {} } }
  serveHealth(app, { deps, hooks: { answers: () => [] } } as unknown as Engine, new Registry())
  const healthy = async () => {
    const { statusCode, body } = await app.inject('/metrics')
    assert.equal(statusCode, 200)
    const numbers = body.matchAll(/^patchbay_connections\{environment="(\w+)",state="healthy"\} (\d+)$/gm)
    return [...numbers].map(([, id, count]) => `${id} ${count}`)
  }
  try {
    assert.deepEqual(await healthy(), ['env_a 3', 'env_b 3'])
    broken.add('env_a')
    assert.deepEqual(await healthy(), ['env_b 3'])
    assert.deepEqual(
      log.lines.map(({ level, event, fields }) => [level, event, fields.environmentId]),
      [['error', 'metrics.not_counted', 'env_a']],
    )
    broken.clear()
    assert.deepEqual(await healthy(), ['env_a 3', 'env_b 3'])

    const stored = async () => {
      const { statusCode, body } = await app.inject('/metrics')
      assert.equal(statusCode, 200)
      assert.match(body, /^process_cpu_seconds_total \d/m)
      return [...body.matchAll(/^patchbay_(?:database_up|planner_lag\w*|connections\S+|incidents\S+).*$/gm)].map(String)
    }
    assert.equal((await stored()).length, 2 + 2 * (Object.keys(connectionEdges).length + 1))
    const { nextDueAt } = deps.schedule
    deps.schedule.nextDueAt = () => Promise.reject(Object.assign(new Error('away'), { trouble: 'away' }))
    assert.deepEqual(await stored(), ['patchbay_database_up 0'])
    deps.schedule.nextDueAt = () => Promise.reject(new Error('a bug'))
    assert.equal((await app.inject('/metrics')).statusCode, 500)
    deps.schedule.nextDueAt = nextDueAt
    assert.ok((await stored()).includes('patchbay_database_up 1'))
  } finally {
    await app.close()
  }
})
