import { type ApiRequest, type ApiResponse, Fault, type Http } from '@patchbay/kit'
import type { Deps } from '../deps.ts'
import { openDrawings } from '../quota/draws.ts'
import { authorize } from './authorize.ts'
import { breaker } from './breaker.ts'
import { buildUrl } from './build-url.ts'
import { openCallLog } from './call-log.ts'
import { classify } from './classify.ts'
import { compose, type OutgoingCall } from './outgoing-call.ts'
import { pace } from './pace.ts'
import { retry } from './retry.ts'
import { openRetryBudget } from './retry-budget.ts'
import type { Credentials, Target } from './target.ts'
import { wire } from './wire.ts'

/** The only way out to a provider's API. */
export interface Gateway {
  /** What provider code gets: calls for that target, nothing else. `spent` counts what they cost. */
  http(target: Target, signal?: AbortSignal): Http & { readonly spent: Spent }
  call(target: Target, request: ApiRequest, signal?: AbortSignal): Promise<ApiResponse>
  /** Writes buffered call records. */
  flush(): Promise<void>
}

export interface Spent {
  calls: number
  cost: Record<string, number>
}

export function openGateway(
  deps: Pick<Deps, 'clock' | 'random' | 'log' | 'networks' | 'limiter' | 'journal'>,
  credentials: Credentials,
): Gateway {
  const log = openCallLog(deps)
  const send = compose(
    log.step, //                                                      one record an intent
    retry(deps, credentials, openRetryBudget(deps.clock), { attempts: 4 }), // when it can help and cannot hurt
    breaker(deps.clock), //                                           not into an outage
    pace(deps, openDrawings()), //                                    under every known quota
    classify(), //                                                    from here on: 2xx or a Fault
    authorize(credentials), //                                        with a fresh credential
  )(wire(deps)) //                                                    to the provider's own origin only

  const call: Gateway['call'] = (target, request, signal) => send(outgoing(target, request, signal))
  return {
    call,
    http(target, signal) {
      const spent: Spent = { calls: 0, cost: {} }
      const http = async (request: ApiRequest) => {
        const one = outgoing(target, request, signal)
        try {
          return await send(one)
        } finally {
          spent.calls += one.attempts
          for (const [quota, amount] of Object.entries(one.cost)) spent.cost[quota] = (spent.cost[quota] ?? 0) + amount
        }
      }
      return Object.assign(http, {
        spent,
        get: async (path: string, query?: ApiRequest['query'], more?: Omit<ApiRequest, 'path' | 'query' | 'method'>) =>
          (await http({ ...more, path, query })).body,
      })
    },
    flush: log.flush,
  }

  function outgoing(target: Target, request: ApiRequest, signal: AbortSignal | undefined): OutgoingCall {
    const { host, pathname } = buildUrl(target.provider, request)
    const method = (request.method ?? 'GET').toUpperCase()
    if (!/^[A-Z]{3,7}$/.test(method)) throw new Fault('input.invalid', 'That is no HTTP method.', { field: 'method' })
    return {
      ...{ target, request, signal, method, place: host + pathname, deadlineAt: deps.clock.now() + target.patienceMs },
      ...{
        attempts: 0,
        waitedMs: 0,
        cost: {},
        sent: false,
        generation: 0,
        requestBytes: 0,
        responseBytes: 0,
        requestId: null,
        status: null,
      },
    }
  }
}
