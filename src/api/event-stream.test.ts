import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { Fault, minute, second } from '@patchbay/kit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { openTestWorld } from '../engine/delivery/test-world.ts'
import type { Engine } from '../engine/engine.ts'
import { serveEventStream } from './event-stream.ts'
import type { Serving } from './serve-route.ts'

/** Reads while an event happens every `everyMs`, by a key that is revoked after a minute, and looks how long after that the stream goes on. */
async function check(everyMs: number, refusal: Error, expected: { ended: string; withinMs: number }) {
  const world = await openTestWorld()
  const { clock, environment, start, write } = world
  let handle: ((request: FastifyRequest, reply: FastifyReply) => Promise<void>) | undefined
  const app = {
    get(_path: string, _options: object, handler: typeof handle) {
      handle = handler
    },
  }
  const authenticate = async () => {
    if (clock.now() - start >= minute) throw refusal
    return { environment, actor: 'key:1', scopes: ['*'], via: 'key' }
  }
  const serving = { authenticate, rate: { count: () => {} } } as unknown as Serving
  serveEventStream(
    app as unknown as FastifyInstance,
    { deps: world.deps, isStopping: () => false } as unknown as Engine,
    serving,
  )
  let lastAt = 0
  let ended = ''
  const response = Object.assign(new EventEmitter(), {
    writeHead: () => {},
    write(text: string) {
      if (text.includes('data: ')) lastAt = clock.now()
      return true
    },
    end() {
      ended = 'ended'
    },
    destroy() {
      ended = 'broken'
    },
  })
  await clock.run(
    async () => {
      const reading = handle!(
        { query: {}, headers: {}, id: 'req_1' } as unknown as FastifyRequest,
        { hijack: () => {}, getHeaders: () => ({}), raw: response } as unknown as FastifyReply,
      ).then(() => clock.now())
      for (let past = 0; past < 2 * minute; past += everyMs) {
        await write(1)
        await clock.sleep(everyMs)
      }
      const endedAt = ended === '' ? Number.POSITIVE_INFINITY : await reading
      assert.ok(lastAt > start)
      const late = Math.max(endedAt, lastAt) - start - minute
      assert.ok(late <= expected.withinMs, `read for ${late} ms by a key that was revoked`)
      assert.equal(ended, expected.ended)
    },
    { limitMs: 3 * minute },
  )
}

test('a stream ends soon after its key was revoked, however much or little happens', async () => {
  const refusal = new Fault('input.unauthenticated')
  for (const everyMs of [100, second, 7 * second, 50 * second])
    await check(everyMs, refusal, { ended: 'ended', withinMs: 16 * second })
  await check(second, refusal, { ended: 'ended', withinMs: 6 * second })
})

test('a stream is broken off where nobody can say whether it may go on', async () => {
  await check(second, new Error('the database went away'), { ended: 'broken', withinMs: 6 * second })
})
