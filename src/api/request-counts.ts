import { minute as minuteMs } from '@patchbay/kit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
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
  const environments = new WeakMap<FastifyRequest, string>()
  let waiting = new Map<string, RequestCount>()
  let armed = false
  const closing = new AbortController()
  let writing: Promise<void> = Promise.resolve()

  app.addHook('onResponse', async (request, reply) => {
    const operation = operationOf(request)
    if (operation === null) return
    add(environments.get(request) ?? '', operation, endingOf(operation, reply))
  })
  app.addHook('onClose', async () => {
    closing.abort('closing')
    await flush()
  })

  return { recognise: (request, environmentId) => void environments.set(request, environmentId), flush }

  function add(environmentId: string, operation: string, ending: ReturnType<typeof endingOf>): void {
    const minute = Math.floor(clock.now() / minuteMs) * minuteMs
    merge({ environmentId, operation, minute, ...none, [ending.kind]: 1, upstream: ending.upstream ? 1 : 0 })
    arm()
  }

  function merge(count: RequestCount): void {
    const { environmentId, operation, minute } = count
    const key = `${environmentId} ${operation} ${minute}`
    const before = waiting.get(key)
    if (before === undefined && waiting.size >= mostWaiting) return
    const sum = (of: keyof typeof none) => count[of] + (before?.[of] ?? 0)
    const [ok, refused, failed, upstream, left] = names.map(sum) as [number, number, number, number, number]
    waiting.set(key, { environmentId, operation, minute, ok, refused, failed, upstream, left })
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
      for (const count of counts) merge(count)
      arm()
    }
  }
}

const none = { ok: 0, refused: 0, failed: 0, upstream: 0, left: 0 }
const names = ['ok', 'refused', 'failed', 'upstream', 'left'] as const

/** Null for what is no operation of the API: pages, files, probes. */
function operationOf({ routeOptions }: FastifyRequest): string | null {
  const { operationId } = (routeOptions.schema ?? {}) as { operationId?: string }
  if (operationId !== undefined) return operationId
  return routeOptions.url?.startsWith('/v1/proxy/') ? 'proxy' : null
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
