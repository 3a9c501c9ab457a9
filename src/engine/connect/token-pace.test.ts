import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Auth } from '@patchbay/kit'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openMemoryLimiter } from '../../drivers/limiter/memory.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import type { Integration } from '../../ports/directory.ts'
import { awaitTurn } from './token-pace.ts'

const auth = { scheme: 'oauth2', tokenRate: { limit: 1, perMs: 10_000 } } as Auth
const integration = { environmentId: 'env_1', id: 'int_1' } as Integration

function openDesk() {
  const clock = new SimulatedClock(0)
  const deps = { clock, limiter: openMemoryLimiter(), log: openCapturedLog(), random: new SeededRandom('pace', clock) }
  const stopping = new AbortController()
  return { clock, stopping, turn: () => awaitTurn(deps, auth, integration, 'scheduled', stopping.signal) }
}

test('a turn comes when the platform takes another request, and at once when the one before sent none', async () => {
  const { clock, turn } = openDesk()
  await clock.run(async () => {
    const first = await turn()
    first!({ sent: false })
    const second = await turn()
    assert.equal(clock.now(), 0)
    second!({ sent: true })
    assert.ok(await turn())
    assert.ok(clock.now() >= 10_000, `${clock.now()}`)
  })
})

test('whoever waits when the process is told to stop gets no turn, and need not wait for it', async () => {
  const { clock, stopping, turn } = openDesk()
  await clock.run(async () => {
    const first = await turn()
    first!({ sent: true })
    const waiting = turn()
    await clock.sleep(1_000)
    stopping.abort()
    assert.equal(await waiting, null)
    assert.equal(clock.now(), 1_000)
    assert.equal(await turn(), null)
  })
})
