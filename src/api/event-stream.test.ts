import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { Fault, minute, second } from '@patchbay/kit'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { openTestWorld } from '../engine/delivery/test-world.ts'
import type { Engine } from '../engine/engine.ts'
import { isStreamUpgrade, serveEventStream } from './event-stream.ts'
import type { Serving } from './serve-route.ts'

type Route = Required<Pick<RouteOptions, 'preHandler' | 'handler' | 'wsHandler'>>

interface Story {
  /** How often something happens, and for how long. */
  readonly everyMs: number
  readonly forMs: number
  /** From when on its key is refused, and how. */
  readonly refused?: { readonly atMs: number; readonly error: Error }
  readonly stopsAtMs?: number
  /** From when on it reads nothing any more. */
  readonly readsUntilMs?: number
  readonly speaksAtMs?: number
  /** It left while it was let in. */
  readonly isGone?: true
}

/** Has a stream read on a pretend clock. How it ended, when, and when it was told the last event; the rest of a socket's words. */
async function read(kind: 'response' | 'socket', story: Story) {
  const world = await openTestWorld()
  const { clock, environment, start, write } = world
  const since = () => clock.now() - start
  let route: Route | undefined
  const app = {
    register: async () => {},
    route(options: Route) {
      route = options
    },
  }
  const serving = {
    rate: { count: () => {} },
    async authenticate() {
      if (story.refused && since() >= story.refused.atMs) throw story.refused.error
      return { environment, actor: 'key:1', scopes: ['*'], via: 'key' }
    },
  } as unknown as Serving
  const isStopping = () => since() >= (story.stopsAtMs ?? Number.POSITIVE_INFINITY)
  const engine = { deps: world.deps, isStopping } as unknown as Engine
  await serveEventStream(app as unknown as FastifyInstance, engine, serving)

  const seen = { ended: '', endedAt: Number.NaN, lastAt: 0, texts: [] as string[], pongs: 0 }
  const end = (how: string) => {
    if (seen.ended === '') Object.assign(seen, { ended: how, endedAt: since() })
  }
  const reads = () => since() < (story.readsUntilMs ?? Number.POSITIVE_INFINITY)
  const note = (text: string) => {
    seen.texts.push(text)
    if (text.includes('evt_')) seen.lastAt = since()
  }
  const outlet = Object.assign(
    new EventEmitter(),
    kind === 'response'
      ? {
          writeHead: () => {},
          write(text: string) {
            note(text)
            return reads()
          },
          end: () => end('ended'),
          destroy: () => end('broken'),
        }
      : {
          ...{ OPEN: 1, readyState: 1, bufferedAmount: 0 },
          send(text: string, sent: () => void) {
            note(text)
            if (reads()) sent()
          },
          pong: () => seen.pongs++,
          close: (code: number) => end(`closed ${code}`),
          terminate: () => end('broken'),
        },
  )
  const connection = Object.assign(new EventEmitter(), { destroyed: false })
  const request = { query: {}, headers: {}, id: 'req_1', ws: kind === 'socket', raw: { socket: connection } }
  const reply = { hijack: () => {}, header: () => {}, getHeaders: () => ({}), raw: outlet }
  await clock.run(
    async () => {
      const { preHandler, handler, wsHandler } = route! as never as Record<
        string,
        (...about: unknown[]) => Promise<void>
      >
      await preHandler!(request, reply)
      if (story.isGone) Object.assign(outlet, { destroyed: true })
      const reading = kind === 'socket' ? wsHandler!(outlet, request) : handler!(request, reply)
      const happenings = (async () => {
        for (let past = 0; past < story.forMs; past += story.everyMs) {
          await write(1)
          await clock.sleep(story.everyMs)
        }
      })()
      if (story.speaksAtMs !== undefined) {
        await clock.sleep(story.speaksAtMs)
        outlet.emit('ping', Buffer.from('?'))
        Object.assign(outlet, { bufferedAmount: 1 }).emit('ping', Buffer.from('?'))
        outlet.emit('message', 'hello')
      }
      await happenings
      if (seen.ended === '') outlet.emit('close')
      await reading
    },
    { limitMs: 5 * minute },
  )
  return seen
}

const kinds = { response: 'ended', socket: 'closed 1008' } as const
type Kind = keyof typeof kinds
const eachKind = Object.keys(kinds) as Kind[]
const revoked = { atMs: minute, error: new Fault('input.unauthenticated') }

test('a stream ends soon after its key was revoked, however much or little happens', async () => {
  for (const kind of eachKind)
    for (const everyMs of [100, second, 7 * second, 50 * second]) {
      const { ended, endedAt, lastAt } = await read(kind, { everyMs, forMs: 2 * minute, refused: revoked })
      assert.ok(lastAt > 0)
      const late = Math.max(endedAt, lastAt) - minute
      const withinMs = everyMs === second ? 6 * second : 16 * second
      assert.ok(late <= withinMs, `${kind}: read for ${late} ms by a key that was revoked`)
      assert.equal(ended, kinds[kind])
    }
})

test('a stream is broken off where nobody can say whether it may go on', async () => {
  const refused = { atMs: minute, error: new Error('the database went away') }
  for (const kind of eachKind) {
    const { ended, endedAt } = await read(kind, { everyMs: second, forMs: 2 * minute, refused })
    assert.equal(ended, 'broken')
    assert.ok(endedAt <= minute + 6 * second)
  }
})

test('a reader who does not read is cut off after 20 seconds, and is not sent anything more meanwhile', async () => {
  for (const kind of eachKind) {
    const { ended, endedAt, texts, lastAt } = await read(kind, {
      ...{ everyMs: second, forMs: 2 * minute, readsUntilMs: minute },
    })
    assert.equal(ended, 'broken', kind)
    assert.ok(endedAt >= minute + 20 * second && endedAt <= minute + 22 * second, `${endedAt}`)
    assert.ok(lastAt <= minute + 2 * second)
    assert.ok(texts.length < 70, `${texts.length}`)
  }
})

test('a reader who left while it was let in takes nobody’s place', async () => {
  const { ended, endedAt, texts } = await read('response', {
    ...{ everyMs: second, forMs: minute, readsUntilMs: 0, isGone: true },
  })
  assert.deepEqual([ended, endedAt, texts], ['broken', 0, []])
})

test('a server that stops says so to a socket, and lets a response end', async () => {
  for (const [kind, expected] of [
    ['response', 'ended'],
    ['socket', 'closed 1001'],
  ] as const) {
    const { ended, endedAt } = await read(kind, { everyMs: 7 * second, forMs: minute, stopsAtMs: 20 * second })
    assert.equal(ended, expected)
    assert.ok(endedAt <= 22 * second, `${endedAt}`)
  }
})

test('a socket answers pings that there is room for, and closes when its reader says anything', async () => {
  const { ended, endedAt, pongs } = await read('socket', {
    ...{ everyMs: second, forMs: minute, speaksAtMs: 10 * second },
  })
  assert.deepEqual([ended, endedAt, pongs], ['closed 1003', 10 * second, 1])
})

test('only the stream leaves HTTP, and only for a WebSocket', () => {
  const check = (url: string, upgrade: string | undefined, expected: boolean) =>
    assert.equal(isStreamUpgrade({ url, headers: { upgrade } }), expected, `${url} ${upgrade}`)
  check('/v1/events/stream', 'websocket', true)
  check('/v1/events/stream?after=0', 'WebSocket', true)
  check('/v1/events/stream', 'h2c', false)
  check('/v1/events/stream', undefined, false)
  check('/v1/events', 'websocket', false)
  check('/v1/events/streams', 'websocket', false)
})
