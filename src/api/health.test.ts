import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify from 'fastify'
import { Registry } from 'prom-client'
import { openCapturedLog } from '../drivers/log/captured.ts'
import { openMemoryStores } from '../drivers/memory-stores.ts'
import type { Engine } from '../engine/engine.ts'
import { serveHealth } from './health.ts'

test('an environment that cannot be counted has no numbers for Prometheus, and no old ones; the others have theirs', async () => {
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
  } finally {
    await app.close()
  }
})
