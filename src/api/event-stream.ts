import { Fault, second } from '@patchbay/kit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { eventJson } from '../engine/delivery/event-body.ts'
import { checkTypePatterns } from '../engine/delivery/event-types.ts'
import type { Engine } from '../engine/engine.ts'
import type { EventFilter, PlacedEvent } from '../ports/deliveries.ts'
import { openHeads } from './event-heads.ts'
import { idText } from './route.ts'
import { parse, type Serving } from './serve-route.ts'
import { writeInTime } from './write-in-time.ts'

const queryOf = z.strictObject({
  /** The place after which it begins: what `id` said. From now on when absent, and `Last-Event-ID` goes before. */
  after: z.string().max(20).optional(),
  /** `connection.*,item.published`. */
  types: z.string().max(2000).optional(),
  profile: z.string().min(1).max(200).optional(),
  connection: idText.optional(),
})

/**
 * `GET /v1/events/stream`: events as server-sent events, as they come. `id` is a place in the order of the environment: whoever comes back with
 * `Last-Event-ID` goes on there, and misses nothing. One that does not read what it is sent is cut off, and can do the same. What was forgotten meanwhile
 * cannot be sent any more, and that is said instead of passing over it. Who may read is asked again all the while: a stream has no end of its own, and a
 * key that was revoked or has run out, or a person who was signed out, must not read on.
 */
export function serveEventStream(app: FastifyInstance, engine: Engine, serving: Serving): void {
  const { deliveries, clock, log } = engine.deps
  const heads = openHeads(engine)
  const open = new Map<string, number>()

  app.get('/v1/events/stream', { schema: { hide: true }, exposeHeadRoute: false }, async (request, reply) => {
    const caller = await serving.authenticate(request, 'journal:read')
    serving.rate.count(caller, reply)
    const query = parse(queryOf, request.query, 'query') as z.output<typeof queryOf>
    const filter = filterOf(query)
    const { id } = caller.environment
    const lastId = request.headers['last-event-id']
    const after = await placeOf(id, (typeof lastId === 'string' ? lastId : undefined) ?? query.after)
    const close = begin(id)
    reply.hijack()
    const response = reply.raw
    const gone = new AbortController()
    response.once('close', () => gone.abort('the reader went away'))
    response.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    })
    try {
      const mayRead = () => isStillAllowed(request, gone.signal)
      await run(response, id, after, { filter, mayRead, signal: gone.signal })
      response.end()
    } catch (error) {
      if (!gone.signal.aborted) log.warn('api.stream_broken', { requestId: request.id, environmentId: id, error })
      response.destroy()
    } finally {
      close()
    }
  })

  async function run(
    response: FastifyReply['raw'],
    environmentId: string,
    begin: number,
    { filter, mayRead, signal }: { filter: EventFilter; mayRead: () => Promise<boolean>; signal: AbortSignal },
  ): Promise<void> {
    const reading = heads.follow(environmentId)
    try {
      // Reconnect after a second; and this is where the stream begins, so that it can be resumed before the first event.
      await write(response, `retry: 1000\nid: ${begin}\n: patchbay\n\n`, signal)
      let askedAt = clock.now()
      for (let after = begin; !engine.isStopping(); ) {
        // There is a turn for each page and each heartbeat, so no page goes out on an answer that is older than some seconds.
        if (clock.now() - askedAt >= askAgainMs) {
          if (!(await mayRead())) return
          askedAt = clock.now()
        }
        const head = reading.head()
        const events = await deliveries.eventsAfter(environmentId, { ...filter, after, limit: pageSize })
        if (events.length > 0) await write(response, events.map(frameOf).join(''), signal)
        if (events.length === pageSize) {
          after = events.at(-1)!.position
          continue
        }
        // What has a place up to the head was seen, wanted or not.
        after = Math.max(after, head, events.at(-1)?.position ?? 0)
        if (!(await reading.moved(after, heartbeatMs, signal)))
          await write(response, `id: ${after}\n: still here\n\n`, signal)
        signal.throwIfAborted()
      }
    } finally {
      reading.leave()
    }
  }

  /** Whatever else goes wrong breaks the stream too: the reader comes back, and is told then. */
  async function isStillAllowed(request: FastifyRequest, signal: AbortSignal): Promise<boolean> {
    try {
      await serving.authenticate(request, 'journal:read')
      signal.throwIfAborted()
      return true
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      log.info('api.stream_refused', { requestId: request.id, code: error.code })
      return false
    }
  }

  function write(response: FastifyReply['raw'], text: string, signal: AbortSignal): Promise<void> {
    return writeInTime(response, text, { clock, patienceMs, signal })
  }

  async function placeOf(environmentId: string, text: string | undefined): Promise<number> {
    const { head, swept } = await heads.look(environmentId)
    if (text === undefined || text === '') return head
    const after = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(after <= head))
      throw new Fault(
        'input.invalid',
        'That is no place in this stream. Use an id that it gave, or 0 for its beginning.',
        {
          field: 'after',
        },
      )
    // At the very beginning nobody has missed anything.
    if (after < swept && after > 0)
      throw new Fault(
        'input.expired',
        `Events after that place are not kept any more. Begin with after=${swept}, and fetch what you need from the API instead.`,
        { field: 'after' },
      )
    return Math.max(after, swept)
  }

  /** Throws when too many are open. Gives what ends this one. */
  function begin(environmentId: string): () => void {
    const count = open.get(environmentId) ?? 0
    const all = [...open.values()].reduce((sum, one) => sum + one, 0)
    if (count >= mostOfEnvironment || all >= mostStreams)
      throw new Fault('input.throttled', 'Too many event streams are open. Close one, or read several types in one.')
    open.set(environmentId, count + 1)
    return () => {
      const left = open.get(environmentId)! - 1
      if (left > 0) open.set(environmentId, left)
      else open.delete(environmentId)
    }
  }
}

function filterOf({ types, profile, connection }: z.output<typeof queryOf>): EventFilter {
  const patterns = types?.split(',').map((type) => type.trim())
  checkTypePatterns(patterns ?? [])
  return { types: patterns ?? null, profiles: profile === undefined ? null : [profile], connectionId: connection }
}

const frameOf = (event: PlacedEvent) => `id: ${event.position}\ndata: ${JSON.stringify(eventJson(event))}\n\n`

const pageSize = 100
const heartbeatMs = 15 * second
/** How long a reader goes on who may not read any more; a look at the key costs less than the page that it spares. */
const askAgainMs = 5 * second
/** How long a reader may leave unread what it was sent, which is a page at most. */
const patienceMs = 20 * second
const mostOfEnvironment = 50
const mostStreams = 500
