import assert from 'node:assert/strict'
import { test } from 'node:test'
import { minute, second } from '@patchbay/kit'
import { Registry } from 'prom-client'
import { openTestWorld } from '../engine/delivery/test-world.ts'
import type { Engine } from '../engine/engine.ts'
import { message } from '../ports/inbox.contract.ts'
import { openBacklogGauges } from './backlog-gauges.ts'

test('what waits is counted for each environment, with how late the latest is, and endpoints by how they stand', async () => {
  const world = await openTestWorld(({ url }) => (url.includes('gone') ? { status: 410 } : { status: 500 }))
  const { clock, deps, environment } = world
  const registry = new Registry()
  const { look, reset } = openBacklogGauges({ deps } as unknown as Pick<Engine, 'deps'>, registry)
  const check = async (expected: Record<string, number>) => {
    const note = await look(environment.id)
    note()
    const said = await registry.metrics()
    const seen = Object.fromEntries(
      [...said.matchAll(/^patchbay_(\w+)\{environment="env_test"(?:,state="(\w+)")?\} (.+)$/gm)].map(
        ([, name, state, value]) => [state ?? name!, Math.round(Number(value))],
      ),
    )
    assert.deepEqual(seen, expected)
  }
  await clock.run(
    async () => {
      const nothing = {
        messages_waiting: 0,
        messages_oldest_seconds: 0,
        deliveries_waiting: 0,
        deliveries_lag_seconds: 0,
      }
      await check({ ...nothing, working: 0, failing: 0, off: 0, disabled: 0 })
      await world.create({ url: 'https://gone.example/' })
      await world.create({ url: 'https://off.example/', enabled: false })
      await world.create()
      await world.create({ url: 'https://unasked.example/', types: ['connection.*'] })
      await deps.inbox.store([message(environment.id, 'msg_1', { receivedAt: clock.now() - 3 * second })])
      await world.write(2)
      await world.send(second)
      const waits = { messages_waiting: 1, deliveries_waiting: 2 }
      const standing = { working: 1, failing: 1, off: 1, disabled: 1 }
      await check({ ...waits, messages_oldest_seconds: 4, deliveries_lag_seconds: 0, ...standing })
      // Nobody sends any more.
      await clock.sleep(minute)
      await check({ ...waits, messages_oldest_seconds: 64, deliveries_lag_seconds: 56, ...standing })
      reset()
      assert.ok(!(await registry.metrics()).includes(environment.id), 'no old number where there is no new one')
    },
    { limitMs: 10 * minute },
  )
})
