import {
  addDays,
  dayOf,
  type ErrorRule,
  Fault,
  type FaultCode,
  type FaultDetail,
  type Json,
  parseRoutePattern,
  quotaSignals,
  startOfDay,
} from '@patchbay/kit'
import type { Answer, Intent } from './intent.ts'
import type { ReadBody } from './read-json.ts'
import { requestIdOf } from './request-id.ts'
import { clampWait, readRetryAfter } from './retry-after.ts'
import type { Authorization } from './target.ts'

/** What an answer that is no success means: by the provider's table, and where that has no line for it, by what HTTP says. */
export function faultOfAnswer(answer: Answer, read: ReadBody, intent: Intent): Fault {
  const { provider } = intent.target
  const { errors } = provider.api
  const body: Json = 'body' in read ? read.body : read.text.slice(0, 2_000) || null
  const told = tolerant(() => errors.read(body, answer.status)) ?? {}
  const facts = { status: answer.status, reason: told.reason ?? '', message: told.message ?? '' }
  // A page in front of an API is a firewall's, and says nothing about whoever asked.
  const challenged = answer.status === 403 && 'unreadable' in read && read.unreadable === 'html'
  const rule = challenged ? undefined : errors.rules.find((each) => fits(each, facts, intent))
  const code = challenged ? 'provider.down' : (rule?.is ?? usualCode(answer.status, intent.as))
  const waitMs =
    waitOf(answer, intent) ??
    signalledWait(answer, intent, code, rule?.quota) ??
    (challenged ? challengeWaitMs : ruleWait(rule, answer.at))
  const detail: FaultDetail = {
    provider: provider.id,
    status: answer.status,
    path: intent.place,
    requestId: requestIdOf(answer.headers),
    reason: challenged ? 'challenge' : publicText(facts.reason, intent.authorization, 100),
    attempt: intent.tally.attempts,
    ...(waitMs !== null && { waitMs }),
    ...(rule?.quota !== undefined && { quota: rule.quota }),
  }
  const message = publicText(facts.message, intent.authorization, 300)
  if (mayHaveHappened(answer.status, code) && !intent.idempotent) return new Fault('provider.unsure', message, detail)
  return new Fault(code, message, detail)
}

/** How long a firewall's page is heeded when it names no time. */
const challengeWaitMs = 15 * 60_000

function fits(
  rule: ErrorRule,
  facts: { status: number; reason: string; message: string },
  { method, place }: Intent,
): boolean {
  const { status, reason, message, call } = rule
  if (typeof status === 'number' ? status !== facts.status : status && !status.includes(facts.status)) return false
  if (typeof reason === 'string' ? reason !== facts.reason : reason && !reason.test(facts.reason)) return false
  if (message && !message.test(facts.message)) return false
  return call === undefined || parseRoutePattern(call).begins(method, place)
}

function usualCode(status: number, as: 'account' | 'app'): FaultCode {
  if (status === 401) return as === 'app' ? 'setup.credentials' : 'connection.expired'
  if (byStatus[status]) return byStatus[status]
  if (status >= 500) return 'provider.down'
  // A 2xx gets here when the provider says inside that it is an error; a 3xx is nothing that was asked for.
  return status >= 300 && status < 400 ? 'provider.changed' : 'provider.rejected'
}

const byStatus: Readonly<Record<number, FaultCode>> = {
  206: 'provider.changed',
  402: 'setup.plan',
  403: 'provider.forbidden',
  404: 'provider.missing',
  408: 'provider.timeout',
  410: 'provider.missing',
  425: 'provider.down',
  429: 'provider.throttled',
  501: 'provider.rejected',
  504: 'provider.timeout',
  505: 'provider.rejected',
}

/**
 * Somebody broke down while working on it, or a gateway lost whoever was. 503 and 529 are said before any work is done, and what a provider
 * calls throttled or forbidden did not happen. What is answered with something that nobody asked for was at least not refused.
 */
const mayHaveHappened = (status: number, code: FaultCode) =>
  ((code === 'provider.down' || code === 'provider.timeout') &&
    (status === 408 || (status >= 500 && status !== 503 && status !== 529))) ||
  (code === 'provider.changed' && status < 400)

function waitOf(answer: Answer, intent: Intent): number | null {
  const asked = tolerant(() => intent.target.provider.api.errors.wait?.(answer) ?? null)
  const clamped = typeof asked === 'number' ? clampWait(asked) : null
  return clamped ?? readRetryAfter(answer)
}

/** Of a refusal for a quota: until when the headers say that it has no room. The longest, where they tell of several and the answer does not say which. */
function signalledWait(answer: Answer, { target }: Intent, code: FaultCode, quota: string | undefined): number | null {
  if (code !== 'provider.throttled' && code !== 'provider.exhausted') return null
  const signals = tolerant(() => quotaSignals(target.provider.api.errors, answer)) ?? []
  const waits = signals.flatMap((signal) =>
    signal.waitMs === undefined || (quota !== undefined && signal.quota !== quota) ? [] : [signal.waitMs],
  )
  return waits.length === 0 ? null : clampWait(Math.max(...waits))
}

function ruleWait(rule: ErrorRule | undefined, at: number): number | null {
  if (!rule?.wait) return null
  if ('ms' in rule.wait) return rule.wait.ms
  const zone = rule.wait.untilMidnight
  return startOfDay(addDays(dayOf(at, zone), 1), zone) - at
}

/** The provider's own words, fit to be shown: short, on one line, and without the credential that some providers quote. */
function publicText(text: string, authorization: Authorization | null, longest: number): string | undefined {
  let shown = text
  for (const value of Object.values({ ...authorization?.headers, ...authorization?.query }))
    for (const part of [value, ...value.split(' ')]) if (part.length >= 8) shown = shown.replaceAll(part, '[secret]')
  const line = shown.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu, ' ').trim()
  return line === '' ? undefined : line.length > longest ? `${line.slice(0, longest)}…` : line
}

/** Provider code reads what a stranger sent. If it stumbles over that, it found nothing. */
export function tolerant<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError) return null
    throw error
  }
}
