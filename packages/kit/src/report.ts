import { Fault, type FaultDetail, isFault } from './faults.ts'
import type { ApiRequest } from './http.ts'
import type { Json } from './json.ts'
import type { Page, Read, ReadContext, Subject } from './stream.ts'
import { dayMs, hour, minute, second } from './time.ts'

/** How something stands that a platform makes when it is asked to. `request` reads what is made. */
export type ReportState =
  | { readonly state: 'pending'; readonly waitMs?: number }
  | { readonly state: 'failed'; readonly why: string }
  | { readonly state: 'ready'; readonly request: ApiRequest }

/** What was asked for, and how often by now. Kept as the checkpoint, so that whoever comes next asks after the same one. */
interface Order {
  /** Null: it is to be asked for anew. */
  readonly id: Json
  readonly orderedAt: number
  readonly orders: number
  readonly why?: string
}

/**
 * A read of something that the platform makes first, in minutes or hours: asked for once, asked after in later runs until it is ready, and then read once.
 * Nobody waits for it meanwhile: a run ends as `provider.pending` with the time of the next look. What failed, was forgotten, or is not ready after
 * `patienceMs` is asked for anew, three times at most; an address that is over is asked for once more. For one account a read.
 */
export function readReport(options: {
  order: (subject: Subject, context: ReadContext) => ApiRequest
  /** What it is called, from the answer to `order`. */
  idOf: (body: Json) => Json
  look: (id: Json, subject: Subject) => ApiRequest
  stateOf: (body: Json, id: Json) => ReportState
  parse: (body: Json, subject: Subject, context: ReadContext) => Omit<Page, 'account' | 'checkpoint'>
  /** How long between two looks, where the platform does not say. Ten minutes when absent. */
  everyMs?: number
  /** A day when absent. */
  patienceMs?: number
}): Read {
  const { everyMs = 10 * minute, patienceMs = dayMs } = options
  return async function* read(context) {
    for (const subject of context.subjects) {
      const account = subject.account.id
      const { now } = context.time
      const order = subject.checkpoint as unknown as Order | null
      if (order === null || order.id === null) {
        const { body } = await context.http(options.order(subject, context))
        const fresh: Order = { id: options.idOf(body), orderedAt: now, orders: (order?.orders ?? 0) + 1 }
        if (fresh.id === null)
          throw new Fault('provider.changed', 'The platform did not say what the report is called.')
        yield { account, checkpoint: fresh as unknown as Json }
        throw pending(everyMs)
      }
      const found = await find(context, order, subject)
      if ('waitMs' in found) throw pending(found.waitMs)
      if ('body' in found) {
        yield { account, cursor: null, ...options.parse(found.body, subject, context) }
        continue
      }
      if (order.orders >= mostOrders) {
        yield { account, checkpoint: null }
        throw new Fault('provider.down', `The platform did not make the report, ${order.orders} times: ${found.why}`)
      }
      yield { account, checkpoint: { ...order, id: null, why: found.why } as unknown as Json }
      throw pending(everyMs * 2 ** order.orders)
    }
  }

  /** What it holds, how long it takes, or why there is nothing to wait for. */
  async function find(
    { http, time }: ReadContext,
    order: Order,
    subject: Subject,
  ): Promise<{ body: Json } | { waitMs: number } | { why: string }> {
    let why = 'its address was over each time'
    for (let looks = 0; looks < 2; looks++) {
      const look = await orRefusal(() => http(options.look(order.id, subject)))
      if (isFault(look)) return { why: look.message }
      const found = options.stateOf(look.body, order.id)
      if (found.state === 'failed') return { why: found.why }
      if (found.state === 'pending')
        return time.now - order.orderedAt > patienceMs
          ? { why: 'it was not ready in time' }
          : { waitMs: Math.min(Math.max(found.waitMs ?? everyMs, second), longestWaitMs) }
      const answer = await orRefusal(() => http(found.request))
      if (!isFault(answer)) return { body: answer.body }
      why = answer.message
    }
    return { why }
  }
}

const mostOrders = 3
const longestWaitMs = 6 * hour

const pending = (waitMs: number) => new Fault('provider.pending', undefined, { waitMs } satisfies FaultDetail)

/** It is not there, or not any more. Everything else is nothing that asking for another one would mend. */
async function orRefusal<Answer>(ask: () => Promise<Answer>): Promise<Answer | Fault> {
  try {
    return await ask()
  } catch (error) {
    if (isFault(error, 'provider.missing', 'provider.forbidden', 'provider.rejected')) return error
    throw error
  }
}
