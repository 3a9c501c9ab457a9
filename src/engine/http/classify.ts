import {
  type ApiResponse,
  addDays,
  dayOf,
  type ErrorFacts,
  type ErrorRule,
  Fault,
  type FaultDetail,
  type Provider,
  parseRoutePattern,
  startOfDay,
} from '@patchbay/kit'
import { NetworkFailure, type NetworkFailureKind } from '../../ports/network.ts'
import { isIdempotent, type OutgoingCall, type Step } from './outgoing-call.ts'
import { clampWait, parseRetryAfter } from './retry-after.ts'

/** From here on: 2xx, or a Fault with the provider's own words in it. */
export function classify(): Step {
  return (next) => async (call) => {
    let response: ApiResponse
    try {
      response = await next(call)
    } catch (error) {
      throw error instanceof NetworkFailure ? faultOfFailure(error, call) : error
    }
    const fault = faultOfResponse(call.target.provider, response, call)
    if (fault) throw fault
    return response
  }
}

/** What an answer is when it is no success; null when it is one. Also what the conformance suite asks about each line of an error table. */
export function faultOfResponse(
  provider: Provider,
  response: ApiResponse,
  call: Pick<OutgoingCall, 'method' | 'place'> & { requestId?: string | null },
): Fault | null {
  const { errors } = provider.api
  const success = response.status >= 200 && response.status < 300
  if (success && !errors.failed?.(response.body)) return null
  const read = errors.read(response.body, response.status)
  const facts: ErrorFacts = { status: response.status, reason: read?.reason ?? '', message: read?.message ?? '' }
  const rule = errors.rules.find((candidate) => fits(candidate, facts, call))
  const detail: FaultDetail = {
    provider: provider.id,
    status: response.status,
    path: call.place,
    ...(call.requestId && { requestId: call.requestId }),
    ...(facts.reason !== '' && { reason: facts.reason.slice(0, 100) }),
    ...(rule?.quota !== undefined && { quota: rule.quota }),
  }
  const says = facts.message === '' ? undefined : `${provider.name}: ${facts.message.slice(0, 300)}`
  const code = rule?.is ?? codeOfStatus(response.status)
  const waitMs =
    code === 'provider.throttled' || code === 'provider.exhausted' || code === 'provider.down'
      ? waitOf(provider, response, rule)
      : null
  return new Fault(code, says, waitMs === null ? detail : { ...detail, waitMs })
}

function fits(rule: ErrorRule, facts: ErrorFacts, call: Pick<OutgoingCall, 'method' | 'place'>): boolean {
  if (rule.status !== undefined && ![rule.status].flat().includes(facts.status)) return false
  if (
    rule.reason !== undefined &&
    !(typeof rule.reason === 'string' ? rule.reason === facts.reason : rule.reason.test(facts.reason))
  )
    return false
  if (rule.message !== undefined && !rule.message.test(facts.message)) return false
  return rule.call === undefined || parseRoutePattern(rule.call).begins(call.method, call.place)
}

/** What a status means where the provider's table says nothing. A 403 with no words of the API is a wall in between, not a verdict about the token (F21). */
function codeOfStatus(status: number) {
  if (status === 401) return 'connection.expired'
  if (status === 403) return 'provider.forbidden'
  if (status === 404 || status === 410) return 'provider.missing'
  if (status === 408) return 'provider.timeout'
  if (status === 429) return 'provider.throttled'
  if (status >= 500) return 'provider.down'
  if (status >= 300 && status < 400) return 'provider.changed'
  return status >= 200 && status < 300 ? 'provider.changed' : 'provider.rejected'
}

function waitOf(provider: Provider, response: ApiResponse, rule: ErrorRule | undefined): number | null {
  const asked = provider.api.errors.wait?.(response) ?? null
  if (asked !== null && Number.isFinite(asked)) return clampWait(asked)
  const header = parseRetryAfter(response.headers['retry-after'], { date: response.headers.date, now: response.at })
  if (header !== null) return header
  if (!rule?.wait) return null
  if ('ms' in rule.wait) return clampWait(rule.wait.ms)
  const zone = rule.wait.untilMidnight
  // A quota day may have 25 hours: the wait until it ends is not cut to a day's 24.
  return startOfDay(addDays(dayOf(response.at, zone), 1), zone) - response.at
}

const codeOfFailure = {
  dns: 'provider.unreachable',
  connect: 'provider.unreachable',
  tls: 'provider.unreachable',
  reset: 'provider.unreachable',
  timeout: 'provider.timeout',
  truncated: 'provider.changed',
  too_large: 'provider.changed',
  encoding: 'provider.changed',
  blocked: 'platform.egress',
  aborted: 'provider.timeout',
} as const satisfies Record<NetworkFailureKind, string>

/** No whole answer came. A write that may have arrived is neither done nor failed: that is said, and never guessed. */
function faultOfFailure(failure: NetworkFailure, call: OutgoingCall): Fault {
  const detail: FaultDetail = { provider: call.target.provider.id, path: call.place, reason: failure.kind }
  if (failure.sent && !isIdempotent(call)) return new Fault('provider.unsure', undefined, detail, failure)
  return new Fault(codeOfFailure[failure.kind], undefined, detail, failure)
}
