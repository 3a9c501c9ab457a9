import { type ApiRequest, type ApiResponse, type Http, isFault } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { CallRecord } from '../../ports/journal.ts'
import type { ResponsePlace } from '../../ports/response-cache.ts'
import type { Deps, Setting } from '../deps.ts'
import { faultOf } from '../fault-of.ts'
import { answeredAt } from './answered-at.ts'
import { authorize } from './authorize.ts'
import { breaker } from './breaker.ts'
import { wishesOf } from './cache/cache-control.ts'
import { marked, openCachedReads, placeOf } from './cache/cached-reads.ts'
import type { KeptAnswers } from './cache/kept-answers.ts'
import { openCallLog } from './call-log.ts'
import { classify } from './classify.ts'
import { classifyErrors, openForward, type RawRequest, type RawResponse } from './forward.ts'
import { hedge } from './hedge.ts'
import { httpOf } from './http.ts'
import { inTime } from './in-time.ts'
import { compose, type Intent, openIntent } from './intent.ts'
import { pace } from './pace.ts'
import { type CallIncidents, reportOutage } from './report-outage.ts'
import { acceptedHeaders } from './request-headers.ts'
import { requestIdOf } from './request-id.ts'
import { retry } from './retry.ts'
import { openSharedReads, type SharedRead } from './shared-reads.ts'
import { noticeSunset } from './sunset.ts'
import type { Credentials, Target } from './target.ts'
import { wire } from './wire.ts'

/** Calls for one target, and what they came to. */
export interface CountedHttp extends Http {
  /** What they cost. */
  readonly spent: Readonly<Spent>
  /** When the provider gave its newest answer; null before the first. */
  answeredAt(): Instant | null
}

/** The only way out to a provider's API. */
export interface Gateway {
  /** What provider code gets: calls for that target, nothing else. */
  http(target: Target, signal?: AbortSignal): CountedHttp
  call(target: Target, request: ApiRequest, signal?: AbortSignal): Promise<ApiResponse>
  /**
   * Passes a request on as it is, and the answer back as it comes: the proxy. Status and body are the provider's, whatever they are. Of `headers` goes out
   * what a call may set.
   */
  forward(target: Target, request: PassedOn, signal?: AbortSignal): Promise<RawResponse>
  /** Answers that were given on behalf of that connection are given to nobody any more. */
  forget(place: ResponsePlace): Promise<void>
  /** Writes buffered call records. */
  flush(): Promise<void>
  /** The same, for the last time: a call that somebody left and that ends later is recorded nowhere. */
  close(): Promise<void>
}

/** A caller's request with all of its headers, among them what it wishes of answers that were given before. */
export interface PassedOn extends Omit<RawRequest, 'headers' | 'length'> {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** State that one process needs for all its calls: breakers, retry budgets, call records that wait to be written. */
export function openGateway(
  deps: Pick<Deps, 'clock' | 'random' | 'log' | 'networks' | 'limiter' | 'journal'>,
  setting: Pick<Setting, 'publicUrl'>,
  credentials: Credentials,
  incidents: CallIncidents,
  /** Null where nothing is kept. */
  kept: KeptAnswers | null = null,
): Gateway {
  const { clock, random, log } = deps
  const calls = openCallLog(deps)
  // Google compresses answers only for clients that say `gzip` here too: developers.google.com/youtube/v3/getting-started, "Using gzip".
  const userAgent = `Patchbay (gzip; +${setting.publicUrl})`
  const again = { ...deps, credentials }
  const shared = [
    hedge(deps), // where a second request is declared safe
    reportOutage(incidents), // an outage is told once
    breaker(deps), // not while the host is down
    pace(deps), // under every known quota
    authorize(credentials), // in whose name
    noticeSunset(deps, incidents), // said once a day
    inTime(deps), // while what was granted still holds
  ]
  const send = compose(
    retry(again, { attempts: 5 }), // when it can help and cannot hurt
    ...shared,
    classify(), // from here on up: a success or a Fault
  )(wire(deps, { userAgent })) // the provider's own origin only
  const passOn = openForward(
    deps,
    compose(
      retry(again, { attempts: 1, replays: ({ idempotent }) => idempotent }),
      ...shared,
      classifyErrors(classify()),
    ),
    {
      userAgent,
    },
  )

  async function call(target: Target, request: ApiRequest, options: { signal?: AbortSignal; course?: Course }) {
    const startedAt = clock.now()
    const intent = openIntent(target, request, { now: startedAt, signal: options.signal })
    let fault: string | null = null
    try {
      const { status, headers, body, at } = await send(intent)
      return { status, headers, body, at }
    } catch (error) {
      fault = faultCodeOf(error, options.signal)
      throw error
    } finally {
      record(intent, fault, startedAt)
      if (options.course) follow(options.course, intent)
      // Reports and searches are asked for by POST too, and say that they change nothing.
      const writes = intent.method !== 'GET' && !(intent.method === 'POST' && intent.idempotent)
      if (writes) await forgetOf(target)
    }
  }

  const reads = openSharedReads(deps, pass)
  const cached = kept && openCachedReads(deps, kept, reads, credentials)

  async function pass(target: Target, request: RawRequest, signal: AbortSignal | undefined): Promise<RawResponse> {
    const startedAt = clock.now()
    const unanswered = (intent: Intent, error: unknown) => record(intent, faultCodeOf(error, signal), startedAt)
    const { intent, fault, response } = await passOn(target, request, signal, unanswered)
    const { status, headers, body } = response
    if (!(body instanceof Uint8Array))
      return { status, headers, body: counted(body, intent, () => record(intent, fault, startedAt)) }
    intent.tally.responseBytes += body.length
    record(intent, fault, startedAt)
    return response
  }

  async function forward(target: Target, request: PassedOn, signal?: AbortSignal): Promise<RawResponse> {
    const { method, body, headers } = request
    const passed: RawRequest = { ...request, headers: acceptedHeaders(target.provider, headers) }
    if (body !== undefined || (method !== 'GET' && method !== 'HEAD')) {
      const length = headers['content-length']
      return write(target, typeof length === 'string' ? { ...passed, length } : passed, signal)
    }
    const { alone, cache } = wishesOf(method, headers)
    if (cached && cache) return cached.read(target, passed, cache, signal)
    return reads.read(target, passed, signal, { alone }).then(responseOf)
  }

  async function write(target: Target, request: RawRequest, signal: AbortSignal | undefined): Promise<RawResponse> {
    try {
      return await pass(target, request, signal)
    } finally {
      await forgetOf(target)
    }
  }

  /** After a write: what was read before it is not what there is now. */
  async function forgetOf(target: Target): Promise<void> {
    const place = placeOf(target)
    if (place) await forget(place)
  }

  async function forget(place: ResponsePlace): Promise<void> {
    reads.overtake(place.environmentId, place.connectionId)
    await kept?.forget(place).catch((error) => log.warn('response.not_forgotten', { ...place, error }))
  }

  function record(intent: Intent, fault: string | null, startedAt: Instant): void {
    const { environment } = intent.target
    calls.add(environment.id, recordOf(intent, fault, { id: random.id('cal'), startedAt, endedAt: clock.now() }))
  }

  return {
    http(target, signal) {
      const course: Course = { spent: { calls: 0, cost: {} }, answeredAt: null }
      const { spent } = course
      return httpOf((request) => call(target, request, { signal, course }), {
        spent,
        answeredAt: () => course.answeredAt,
      })
    },
    call: (target, request, signal) => call(target, request, { signal }),
    forward,
    forget,
    flush: calls.flush,
    close: calls.close,
  }
}

const responseOf = ({ response, joined }: SharedRead) => (joined ? marked(response, 'fwd=bypass; collapsed') : response)

const faultCodeOf = (error: unknown, signal: AbortSignal | undefined): string =>
  !isFault(error) && signal?.aborted ? 'aborted' : faultOf(error).code

/** Recorded when the last byte went through, or when nobody wants more of it. */
async function* counted(
  body: AsyncIterable<Uint8Array>,
  { tally }: Intent,
  record: () => void,
): AsyncIterable<Uint8Array> {
  try {
    for await (const piece of body) {
      tally.responseBytes += piece.length
      yield piece
    }
  } finally {
    record()
  }
}

interface Spent {
  calls: number
  cost: Record<string, number>
}

/** What the calls of one target came to so far. */
interface Course {
  readonly spent: Spent
  answeredAt: Instant | null
}

function follow(course: Course, { tally }: Intent): void {
  const { spent } = course
  if (tally.answer) course.answeredAt = answeredAt(tally.answer)
  spent.calls += tally.sent
  for (const [quota, amount] of Object.entries(tally.cost)) spent.cost[quota] = (spent.cost[quota] ?? 0) + amount
}

function recordOf(
  { target, method, place, tally }: Intent,
  fault: string | null,
  { id, startedAt, endedAt }: { id: string; startedAt: Instant; endedAt: Instant },
): CallRecord {
  return {
    id,
    environmentId: target.environment.id,
    connectionId: target.connection?.id ?? null,
    integrationId: target.integration.id,
    runId: target.runId,
    provider: target.provider.id,
    lane: target.lane,
    method,
    address: place.slice(0, 500),
    attempts: tally.attempts,
    status: tally.status,
    fault,
    cost: tally.cost,
    startedAt,
    durationMs: endedAt - startedAt,
    waitedMs: tally.waitedMs,
    requestBytes: tally.requestBytes,
    responseBytes: tally.responseBytes,
    requestId: (tally.answer && requestIdOf(tally.answer.headers)) ?? null,
  }
}
