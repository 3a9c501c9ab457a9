import { minute as minuteMs } from '@patchbay/kit'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { Deps } from '../engine/deps.ts'
import type { RequestCount } from '../ports/history.ts'
import { problemType } from './problem.ts'
import { faultHeader } from './proxy.ts'

/** Counts how requests to the API end, by operation and minute, and writes the counts now and then. */
export interface RequestCounts {
  /** From here on it is known whose request it is. */
  recognise(request: FastifyRequest, environmentId: string): void
  /** Writes what is there. */
  flush(): Promise<void>
}

/** How late a count may be written. */
const longestMs = 10_000

/** While they cannot be written, counts of so many operations, environments and minutes wait; what comes on top is not counted. */
const mostWaiting = 10_000

export function countRequests(
  app: FastifyInstance,
  { clock, history, log }: Pick<Deps, 'clock' | 'history' | 'log'>,
): RequestCounts {
  app.decorateRequest('countedFor', '')
  let waiting = new Map<string, Count>()
  let armed = false
  const closing = new AbortController()
  let writing: Promise<void> = Promise.resolve()

  app.addHook('onRoute', (route) => {
    const operation = operationOf(route)
    if (operation === null) return
    route.onResponse = (request, reply, done) => {
      add(request.countedFor, operation, endingOf(operation, reply))
      done()
    }
  })
  app.addHook('onClose', async () => {
    closing.abort('closing')
    await flush()
  })

  return {
    recognise(request, environmentId) {
      request.countedFor = environmentId
    },
    flush,
  }

  function add(environmentId: string, operation: string, ending: ReturnType<typeof endingOf>): void {
    const minute = Math.floor(clock.now() / minuteMs) * minuteMs
    const count = countOf({ environmentId, operation, minute })
    if (count) {
      count[ending.kind]++
      if (ending.upstream) count.upstream++
    }
    arm()
  }

  /** The count that waits under that name, made where there is none yet and there is room. */
  function countOf(name: Pick<RequestCount, 'environmentId' | 'operation' | 'minute'>): Count | null {
    const key = `${name.environmentId} ${name.operation} ${name.minute}`
    const before = waiting.get(key)
    if (before || waiting.size >= mostWaiting) return before ?? null
    const count = { ...name, ok: 0, refused: 0, failed: 0, upstream: 0, left: 0 }
    waiting.set(key, count)
    return count
  }

  function putBack(written: Count): void {
    const count = countOf({
      environmentId: written.environmentId,
      operation: written.operation,
      minute: written.minute,
    })
    if (count) for (const ending of endings) count[ending] += written[ending]
  }

  function arm(): void {
    if (armed || closing.signal.aborted) return
    armed = true
    const flushed = () => {
      armed = false
      return flush()
    }
    clock.sleep(longestMs, closing.signal).then(flushed, () => {})
  }

  function flush(): Promise<void> {
    writing = writing.then(write)
    return writing
  }

  async function write(): Promise<void> {
    const counts = [...waiting.values()]
    waiting = new Map()
    if (counts.length === 0) return
    try {
      await history.countRequests(counts)
    } catch (error) {
      // Just then requests fail, and those are the ones that matter.
      log.warn('requests.not_counted', { count: counts.length, error })
      for (const count of counts) putBack(count)
      arm()
    }
  }
}

const endings = ['ok', 'refused', 'failed', 'upstream', 'left'] as const
type Ending = (typeof endings)[number]
type Count = Omit<RequestCount, Ending> & Record<Ending, number>

declare module 'fastify' {
  interface FastifyRequest {
    /** The environment whose request it is; empty while nobody knows. */
    countedFor: string
  }
}

/** Null for what is no operation of the API: pages, files, probes. */
function operationOf({ schema, url }: RouteOptions): string | null {
  const { operationId } = (schema ?? {}) as { operationId?: string }
  if (operationId !== undefined) return operationId
  return url.startsWith('/v1/proxy/') ? 'proxy' : null
}

/** A status that a platform answered through the proxy is passed on, and says nothing of us: what we say ourselves carries a fault. */
function endingOf(
  operation: string,
  reply: FastifyReply,
): { kind: 'ok' | 'refused' | 'failed' | 'left'; upstream: boolean } {
  if (reply.raw.destroyed && !reply.raw.writableFinished) return { kind: 'left', upstream: false }
  const ours =
    operation === 'proxy'
      ? reply.hasHeader(faultHeader)
      : reply.getHeader('content-type')?.toString().startsWith(problemType)
  if (!ours) return { kind: 'ok', upstream: false }
  return { kind: reply.statusCode >= 500 ? 'failed' : 'refused', upstream: platformsDoing.has(reply.statusCode) }
}

/** With these our table answers for a platform that is down, cannot be reached or does not answer. */
const platformsDoing = new Set([502, 504])
