import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { dayMs, Fault } from '@patchbay/kit'
import Fastify from 'fastify'
import { z } from 'zod'
import { openMemoryAccess } from '../drivers/access/memory.ts'
import { SimulatedClock } from '../drivers/clock/simulated.ts'
import { openCapturedLog } from '../drivers/log/captured.ts'
import { runAccessSweep } from '../engine/access/access-jobs.ts'
import { Secret } from '../engine/vault/secret.ts'
import { problemOf, sendProblem } from './problem.ts'
import { openRequestRate } from './request-rate.ts'
import { route } from './route.ts'
import { type Serving, serveRoute } from './serve-route.ts'

const environment = { id: 'env_1', workspace: 'w', mode: 'test', createdAt: 0 } as const

suite('an idempotency key', () => {
  test('of an action is good for thirty days, others for one', async () => {
    for (const [keysLastMs, days] of [
      [30 * dayMs, 30],
      [undefined, 1],
    ] as const) {
      const { ask, clock, sweep } = open(async () => ({ done: true }), { keysLastMs })
      const first = await ask('k')
      assert.deepEqual([first.status, first.replayed], [200, false])
      await clock.run(() => clock.sleep(days * dayMs - 1))
      await sweep()
      const again = await ask('k')
      assert.deepEqual([again.status, again.body, again.replayed], [200, first.body, true])
      assert.equal((await ask('k', { other: 'body' })).status, 422)
      await clock.run(() => clock.sleep(1))
      await sweep()
      assert.equal((await ask('k', { other: 'body' })).replayed, false)
    }
  })

  test('keeps what may have happened from happening again, and lets what did not happen be tried again', async () => {
    for (const [code, kept] of [
      ['provider.unsure', true],
      ['provider.rejected', true],
      ['provider.down', false],
      ['provider.throttled', false],
      ['platform.storage', false],
    ] as const) {
      let times = 0
      const { ask } = open(async () => {
        times++
        throw new Fault(code)
      })
      const [first, second] = [await ask('k'), await ask('k')]
      assert.deepEqual([first.body.code, second.body.code], [code, code])
      assert.deepEqual([times, second.replayed], [kept ? 1 : 2, kept], code)
    }
  })

  test('says where the request was begun before and nobody knows how it ended', async () => {
    const seen: boolean[] = []
    let dies = true
    const { ask, clock, access } = open(async (again) => {
      seen.push(again)
      return { done: true }
    })
    const { end } = access
    // A process that ends in the middle writes down neither.
    Object.assign(access, { end: async (...args: Parameters<typeof end>) => (dies ? undefined : end(...args)) })
    await ask('k')
    assert.equal((await ask('k')).status, 409)
    await clock.run(() => clock.sleep(121_000))
    dies = false
    assert.equal((await ask('k')).status, 200)
    assert.equal((await ask('k')).replayed, true)
    assert.deepEqual(seen, [false, true])
  })

  test('is not free again where the request went through and only its answer could not be kept', async () => {
    for (const fails of ['seal', 'end'] as const) {
      const seen: boolean[] = []
      const { ask, clock, access, vault } = open(async (again) => {
        seen.push(again)
        return { done: true }
      })
      const { end } = access
      let away = true
      const unlessAway = <Args extends unknown[], Answer>(go: (...args: Args) => Promise<Answer>) => ({
        [fails]: (...args: Args) => (away ? Promise.reject(new Error('away')) : go(...args)),
      })
      Object.assign(fails === 'seal' ? vault : access, fails === 'seal' ? unlessAway(vault.seal) : unlessAway(end))
      assert.equal((await ask('k')).status, 200)
      away = false
      assert.equal((await ask('k')).status, 409)
      await clock.run(() => clock.sleep(121_000))
      assert.equal((await ask('k')).status, 200)
      assert.deepEqual(seen, [false, true])
    }
  })
})

/** One POST that does what `work` does. */
function open(work: (again: boolean) => Promise<{ done: boolean }>, more: { keysLastMs?: number } = {}) {
  const clock = new SimulatedClock(Date.UTC(2026, 0, 2))
  const access = openMemoryAccess()
  const vault: Serving['vault'] = {
    seal: async (_environment, _binding, text) => `sealed ${text}`,
    open: async (_environment, _binding, sealed, use) => use(new Secret(Buffer.from(sealed.slice('sealed '.length)))),
  }
  const serving: Serving = {
    deps: { access, clock, log: openCapturedLog() },
    vault,
    authenticate: async () => ({ environment, actor: 'key:1', scopes: ['*'], via: 'key' }),
    rate: openRequestRate(clock),
  }
  const app = Fastify()
  app.setErrorHandler((error, request, reply) => sendProblem(reply, problemOf(error, request.id)))
  serveRoute(
    app,
    serving,
    route({
      ...{ method: 'POST', path: '/v1/things', name: 'things.do', summary: 'Do it', scope: 'actions:call' },
      ...more,
      body: z.looseObject({}),
      answer: z.strictObject({ done: z.boolean() }),
      handle: ({ again }) => work(again),
    }),
  )
  return {
    clock,
    access,
    vault,
    sweep: () =>
      runAccessSweep({ access, clock, log: openCapturedLog(), directory: { environments: async () => [environment] } }),
    async ask(key: string, body: object = {}) {
      const answer = await app.inject({
        ...{ method: 'POST', url: '/v1/things', headers: { 'idempotency-key': key }, payload: body },
      })
      return { status: answer.statusCode, body: answer.json(), replayed: 'idempotent-replayed' in answer.headers }
    },
  }
}
