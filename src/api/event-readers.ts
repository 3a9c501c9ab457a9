import { Fault, second } from '@patchbay/kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { checkTypePatterns } from '../engine/delivery/event-types.ts'
import type { Engine } from '../engine/engine.ts'
import type { EventFilter, PlacedEvent } from '../ports/deliveries.ts'
import { openHeads } from './event-heads.ts'
import { idText } from './route.ts'
import { parse, type Serving } from './serve-route.ts'

/** One who may read: what, and from where on. */
export interface EventReader {
  readonly request: FastifyRequest
  readonly environmentId: string
  readonly filter: EventFilter
  readonly after: number
  /** Makes room for another one. To be called when it has gone, however that comes about; a second time does nothing. */
  readonly leave: () => void
}

/** How what is read is put on the wire. Each waits until a slow reader has room for more, and throws when that takes too long. */
export interface EventWriter {
  /** This is where it begins, so that it can be resumed before the first event. */
  begins(place: number): Promise<void>
  /** A page at most. */
  events(events: readonly PlacedEvent[]): Promise<void>
  /** Nothing happened for a while, up to that place. */
  stillHere(place: number): Promise<void>
}

export interface EventReaders {
  /** Checks who reads and what. Throws when they may not, when that place is none or not kept any more, and when too many read already. */
  admit(request: FastifyRequest, reply: FastifyReply): Promise<EventReader>
  /** Tells it what happens for as long as it may hear that. `stopping`: this process ends, and another one goes on. */
  tell(reader: EventReader, writer: EventWriter, signal: AbortSignal): Promise<'refused' | 'stopping'>
}

const queryOf = z.strictObject({
  /** The place after which it begins. From now on when absent, and `Last-Event-ID` goes before. */
  after: z.string().max(20).optional(),
  /** `connection.*,item.published`. */
  types: z.string().max(2000).optional(),
  profile: z.string().min(1).max(200).optional(),
  connection: idText.optional(),
})

/**
 * Those who read events as they come, whichever way they are written. A place is one in the order of the environment: whoever comes back with it goes on
 * there, and misses nothing. What was forgotten meanwhile cannot be told any more, and that is said instead of passing over it. Who may read is asked
 * again all the while: a stream has no end of its own, and a key that was revoked or has run out, or a person who was signed out, must not read on.
 */
export function openEventReaders(engine: Engine, serving: Serving): EventReaders {
  const { deliveries, clock, log } = engine.deps
  const heads = openHeads(engine)
  const open = new Map<string, number>()

  return {
    async admit(request, reply) {
      const caller = await serving.authenticate(request, 'journal:read')
      await serving.rate.count(caller, reply)
      const query = parse(queryOf, request.query, 'query') as z.output<typeof queryOf>
      const filter = filterOf(query)
      const { id } = caller.environment
      const lastId = request.headers['last-event-id']
      const after = await placeOf(id, (typeof lastId === 'string' ? lastId : undefined) ?? query.after)
      return { request, environmentId: id, filter, after, leave: enter(id) }
    },

    async tell({ request, environmentId, filter, after: begin }, writer, signal) {
      const reading = heads.follow(environmentId)
      try {
        await writer.begins(begin)
        let askedAt = clock.now()
        for (let after = begin; !engine.isStopping(); ) {
          // There is a turn for each page and each heartbeat, so no page goes out on an answer that is older than some seconds.
          if (clock.now() - askedAt >= askAgainMs) {
            if (!(await isStillAllowed(request, signal))) return 'refused'
            askedAt = clock.now()
          }
          const head = reading.head()
          const events = await deliveries.eventsAfter(environmentId, { ...filter, after, limit: pageSize })
          if (events.length > 0) await writer.events(events)
          if (events.length === pageSize) {
            after = events.at(-1)!.position
            continue
          }
          // What has a place up to the head was seen, wanted or not.
          after = Math.max(after, head, events.at(-1)?.position ?? 0)
          if (!(await reading.moved(after, heartbeatMs, signal))) await writer.stillHere(after)
          signal.throwIfAborted()
        }
        return 'stopping'
      } finally {
        reading.leave()
      }
    },
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
  function enter(environmentId: string): () => void {
    const count = open.get(environmentId) ?? 0
    const all = [...open.values()].reduce((sum, one) => sum + one, 0)
    if (count >= mostOfEnvironment || all >= mostStreams)
      throw new Fault('input.throttled', 'Too many event streams are open. Close one, or read several types in one.')
    open.set(environmentId, count + 1)
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
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

/** How long a reader may leave unread what it was sent, which is a page at most. */
export const patienceMs = 20 * second
const pageSize = 100
const heartbeatMs = 15 * second
/** How long a reader goes on who may not read any more; a look at the key costs less than the page that it spares. */
const askAgainMs = 5 * second
const mostOfEnvironment = 50
const mostStreams = 500
