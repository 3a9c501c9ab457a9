import { type EmulatorReply, type Json, type Provider, parseJson } from '@patchbay/kit'
import type { Clock } from '../src/ports/clock.ts'
import { NetworkFailure, type WireLimits } from '../src/ports/network.ts'
import { fromReply, type Outgoing } from './outgoing.ts'
import type { Fired, RetryAfter } from './weather.ts'

/** What the provider answers instead of doing anything, with the wait that it really means and the quota it names; null when no such fault fired. */
export function answerInstead(
  fired: readonly Fired[],
  provider: Provider,
  now: number,
): { reply: Outgoing; waitMs?: number; quota?: string; why: string } | null {
  const { refuse } = provider.emulator
  for (const rule of fired) {
    const why = `weather ${rule.id}`
    if (rule.kind === 'outage') return { reply: fromReply(refuse.down()), why }
    if (rule.kind === 'fail') return { reply: { ...fromReply(refuse.down()), status: rule.status ?? 500 }, why }
    if (rule.kind === 'html') return { reply: portal, why }
    if (rule.kind === 'throttle') {
      const waitMs = rule.waitMs ?? 30_000
      const form = rule.retryAfter ?? retryAfterForms[Math.floor(rule.draw('form') * retryAfterForms.length)]!
      const quota = provider.api.quotas[0]?.id ?? 'general'
      return {
        reply: throttled(refuse.quota(quota, waitMs), form, waitMs, now),
        waitMs: obeyed[form] ? waitMs : 0,
        quota,
        why,
      }
    }
  }
  return null
}

/** The answer with a field missing or called otherwise, or cut short. */
export function bend(fired: readonly Fired[], outgoing: Outgoing): Outgoing {
  let bent = outgoing
  for (const rule of fired) if (rule.kind === 'drift') bent = { ...bent, text: drift(bent.text, rule) }
  return bent
}

/** How long request and reply are held up. */
export function delayOf(fired: readonly Fired[], side: 'request' | 'reply'): number {
  let delayMs = 0
  for (const rule of fired) if (rule.kind === 'delay' && (rule.side ?? 'reply') === side) delayMs += rule.ms
  return delayMs
}

/** The body as slow or broken weather brings it; undefined when it comes as it is. */
export function brokenBody(
  fired: readonly Fired[],
  text: string,
  clock: Clock,
  limits: Partial<WireLimits>,
): AsyncIterable<Uint8Array> | undefined {
  const slow = fired.find((rule) => rule.kind === 'slow')
  const cut = fired.some((rule) => rule.kind === 'truncate')
  if (!slow && !cut) return undefined
  return deliver(Buffer.from(text), { pauseMs: slow ? (slow.pauseMs ?? 1000) : 0, cut, clock, limits })
}

async function* deliver(
  bytes: Uint8Array,
  how: { pauseMs: number; cut: boolean; clock: Clock; limits: Partial<WireLimits> },
) {
  const end = how.cut ? Math.floor(bytes.length / 2) : bytes.length
  const size = how.pauseMs > 0 ? Math.max(1, Math.ceil(bytes.length / 8)) : bytes.length
  let waitedMs = 0
  for (let from = 0; from < end; from += size) {
    if (how.pauseMs > 0) {
      const { idleMs = Number.POSITIVE_INFINITY, totalMs = Number.POSITIVE_INFINITY } = how.limits
      const leftMs = Math.min(how.pauseMs, idleMs, totalMs - waitedMs)
      await how.clock.sleep(leftMs)
      waitedMs += leftMs
      if (leftMs < how.pauseMs) throw new NetworkFailure('timeout', true, 'the body came too slowly')
    }
    yield bytes.subarray(from, Math.min(from + size, end))
  }
  if (how.cut) throw new NetworkFailure('truncated', true, 'the body ended in the middle')
}

function throttled(reply: EmulatorReply, form: RetryAfter, waitMs: number, now: number): Outgoing {
  const outgoing = fromReply(reply)
  const { 'retry-after': _replaced, ...headers } = outgoing.headers
  const value = {
    seconds: String(Math.ceil(waitMs / 1000)),
    'http-date': new Date(Math.ceil((now + waitMs) / 1000) * 1000).toUTCString(),
    float: (waitMs / 1000 + 0.5).toFixed(3),
    zero: '0',
    negative: '-30',
    huge: '99999999999',
    absent: null,
  }[form]
  return { ...outgoing, status: 429, headers: value === null ? headers : { ...headers, 'retry-after': value } }
}

const retryAfterForms = [
  'seconds',
  'http-date',
  'float',
  'zero',
  'negative',
  'huge',
  'absent',
] as const satisfies readonly RetryAfter[]

/** The forms that name a wait one can hold a client to. */
const obeyed: Readonly<Record<RetryAfter, boolean>> = {
  ...{ seconds: true, 'http-date': true, float: true },
  ...{ zero: false, negative: false, huge: false, absent: false },
}

const portal: Outgoing = {
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  text: '<!doctype html><title>Welcome</title><h1>Sign in to this network</h1>',
}

function drift(text: string, rule: Extract<Fired, { kind: 'drift' }>): string {
  let body: Json
  try {
    body = parseJson(text)
  } catch {
    return text
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return text
  const names = Object.keys(body)
  const field = rule.field ?? names[Math.floor(rule.draw('field') * names.length)]
  return field === undefined ? text : JSON.stringify(without(body, field, rule.rename))
}

/** Everywhere in the answer, however deep. */
function without(value: Json, field: string, rename?: string): Json {
  if (Array.isArray(value)) return value.map((item) => without(item, field, rename))
  if (value === null || typeof value !== 'object') return value
  const kept: Record<string, Json> = {}
  for (const [name, item] of Object.entries(value)) {
    if (name !== field) kept[name] = without(item, field, rename)
    else if (rename !== undefined) kept[rename] = item
  }
  return kept
}
