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

/** There are as many counts as operations and environments, so what waits for a database that is away stays small. */
export function countRequests(
  app: FastifyInstance,
  { clock, history, log }: Pick<Deps, 'clock' | 'history' | 'log'>,
): RequestCounts {
  const environments = new WeakMap<FastifyRequest, string>()
  let waiting = new Map<string, RequestCount>()
  let armed = false
  let writing: Promise<void> = Promise.resolve()

  app.addHook('onResponse', async (request, reply) => {
    const operation = operationOf(request)
    if (operation === null) return
    add(environments.get(request) ?? '', operation, endingOf(operation, reply))
  })
  app.addHook('onClose', flush)

  return { recognise: (request, environmentId) => void environments.set(request, environmentId), flush }

  function add(environmentId: string, operation: string, ending: ReturnType<typeof endingOf>): void {
    const minute = Math.floor(clock.now() / 60_000) * 60_000
    const key = `${environmentId} ${operation} ${minute}`
    const before = waiting.get(key) ?? { environmentId, operation, minute, ...none }
    waiting.set(key, {
      ...before,
      [ending.kind]: before[ending.kind] + 1,
      upstream: before.upstream + (ending.upstream ? 1 : 0),
    })
    if (armed) return
    armed = true
    void clock.sleep(longestMs).then(() => {
      armed = false
      return flush()
    })
  }

  function flush(): Promise<void> {
    writing = writing.then(write)
    return writing
  }

  async function write(): Promise<void> {
    const counts = [...waiting.values()]
    waiting = new Map()
    if (counts.length === 0) return
    await history.countRequests(counts).catch((error: unknown) => {
      log.warn('requests.not_counted', { count: counts.length, error })
    })
  }
}

const none = { ok: 0, refused: 0, failed: 0, upstream: 0, left: 0 }

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
  if (!reply.raw.writableFinished) return { kind: 'left', upstream: false }
  const ours =
    operation === 'proxy'
      ? reply.hasHeader(faultHeader)
      : reply.getHeader('content-type')?.toString().startsWith(problemType)
  if (!ours) return { kind: 'ok', upstream: false }
  return { kind: reply.statusCode >= 500 ? 'failed' : 'refused', upstream: platformsDoing.has(reply.statusCode) }
}

/** With these our table answers for a platform that is down, cannot be reached or does not answer. */
const platformsDoing = new Set([502, 504])
