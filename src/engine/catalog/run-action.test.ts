import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApiRequest, defineAction, isFault } from '@patchbay/kit'
import { z } from 'zod'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import { testConnection, testProvider, testTarget } from '../http/test-provider.ts'
import type { Recent } from '../recent.ts'
import { runAction } from './run-action.ts'

/** What an action sends, whether it was begun before, what the platform answers, and what comes of it after how many calls. */
function check(
  title: string,
  request: Pick<ApiRequest, 'method' | 'idempotent'>,
  { again, body }: { again: boolean; body: { id: string } | { other: number } },
  expected: string,
) {
  test(title, async () => {
    const provider = testProvider(
      {},
      {
        actions: {
          send: defineAction({
            ...{ summary: 'Send', input: z.strictObject({}), output: z.object({ id: z.string() }), example: {} },
            call: (_input, key) => ({ ...request, path: '/send', headers: { 'idempotency-key': key } }),
          }),
        },
      },
    )
    const { environment, integration } = testTarget(provider)
    const clock = new SimulatedClock(0)
    const sent: ApiRequest[] = []
    const ended = await runAction(
      { clock, random: new SeededRandom('action', clock), journal: { note: async () => {} } } as unknown as Deps,
      { providers: new Map([[provider.id, provider]]) } as unknown as Setting,
      { connection: () => testConnection(), integration: () => integration } as unknown as Recent,
      {
        call: async (_target: unknown, request: ApiRequest) => {
          sent.push(request)
          return { status: 200, headers: {}, body, at: 0 }
        },
      } as unknown as Gateway,
      environment,
      {
        ...{ connectionId: 'con_1', provider: provider.id, action: 'send', input: {}, key: 'k' },
        actor: 'key:1',
        again,
      },
    ).then(
      () => 'done',
      (error: unknown) => (isFault(error) ? error.code : error),
    )
    assert.equal(`${ended} after ${sent.length}`, expected)
    for (const { headers } of sent) assert.equal(headers?.['idempotency-key'], 'k')
  })
}

const good = { id: 'x' }
const bad = { other: 1 }
check('an action is done', { method: 'POST' }, { again: false, body: good }, 'done after 1')
check(
  'a write whose first attempt is lost is not done a second time',
  { method: 'POST' },
  { again: true, body: good },
  'provider.unsure after 0',
)
check(
  'F23: a platform that takes keys is asked again, with the same one',
  { method: 'POST', idempotent: true },
  { again: true, body: good },
  'done after 1',
)
check('a search is made again', { method: 'GET' }, { again: true, body: good }, 'done after 1')
check(
  'a write whose answer is not understood was done',
  { method: 'POST' },
  { again: false, body: bad },
  'provider.unsure after 1',
)
check(
  'a search whose answer is not understood may be made again',
  { method: 'GET' },
  { again: false, body: bad },
  'provider.changed after 1',
)
