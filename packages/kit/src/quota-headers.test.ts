import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseInstant } from './instant.ts'
import type { QuotaSignal } from './quota.ts'
import { type QuotaHeader, quotaSignals } from './quota-headers.ts'

const at = Date.parse('2026-11-28T12:00:00Z')
const check = (header: QuotaHeader, headers: Record<string, string>, ...expected: Omit<QuotaSignal, 'quota'>[]) =>
  test(JSON.stringify(headers), () => {
    const found = quotaSignals({ quotaHeaders: [header] }, { status: 200, headers, body: null, at })
    assert.deepEqual(
      found,
      expected.map((signal) => ({ quota: 'q', ...signal })),
    )
  })

suite('counters, with the seconds to go', () => {
  const header = { quota: 'q', remaining: 'RateLimit-Remaining', reset: 'RateLimit-Reset' } as const
  check(header, { 'ratelimit-remaining': '12', 'ratelimit-reset': '30' }, { remaining: 12 })
  check(header, { 'ratelimit-remaining': '0', 'ratelimit-reset': '30' }, { remaining: 0, waitMs: 30_000 })
  check(header, { 'ratelimit-remaining': '0', 'ratelimit-reset': '1.5' }, { remaining: 0, waitMs: 1500 })
  check(header, { 'ratelimit-remaining': '-3', 'ratelimit-reset': '0' }, { remaining: 0 })
  check(header, { 'ratelimit-remaining': '0' }, { remaining: 0 })
  check(header, { 'ratelimit-remaining': '0', 'ratelimit-reset': 'soon' }, { remaining: 0 })
  for (const broken of ['', 'many', '1,2', 'NaN', '1e9', '0x10']) check(header, { 'ratelimit-remaining': broken })
  check(header, {})
})

suite('F33: counters, with an instant', () => {
  const header = {
    quota: 'q',
    remaining: 'x-rate-limit-remaining',
    reset: 'x-rate-limit-reset',
    resetIs: 'instant',
  } as const
  const left = (reset: string, date?: string) => ({
    'x-rate-limit-remaining': '0',
    'x-rate-limit-reset': reset,
    ...(date && { date }),
  })
  check(header, left(String(at / 1000 + 90)), { remaining: 0, waitMs: 90_000 })
  check(header, left(String(at / 1000 + 0.5)), { remaining: 0, waitMs: 500 })
  check(header, left(String(at + 90_000)), { remaining: 0, waitMs: 90_000 })
  check(header, left(String((at + 90_000) * 1000)), { remaining: 0, waitMs: 90_000 })
  check(header, left(new Date(at + 90_000).toUTCString()), { remaining: 0, waitMs: 90_000 })
  check(header, left('2026-11-28T12:01:30Z'), { remaining: 0, waitMs: 90_000 })
  check(header, left('2026-11-28T12:01:30Z', 'Sat, 28 Nov 2026 12:01:00 GMT'), { remaining: 0, waitMs: 30_000 })
  // It is over, or nobody knows when it is.
  check(header, left(String(at / 1000 - 90)), { remaining: 0 })
  check(header, left('tomorrow'), { remaining: 0 })
  // Nowhere near, in whatever unit; and of no zone, which would be another instant on each machine.
  for (const far of ['90', '4102444800', '1e13', String(at * 1_000_000), '9999-12-31T00:00:00'])
    check(header, left(far), { remaining: 0 })
  check(header, left('2026-11-28 13:00:00'), { remaining: 0 })
  const pacific = { ...header, resetZone: 'America/Los_Angeles' }
  check(pacific, left('2026-11-28 13:00:00'), { remaining: 0, waitMs: 9 * 3_600_000 })
  check(pacific, left('2026-11-28T12:01:30Z'), { remaining: 0, waitMs: 90_000 })
})

suite('counters, with a duration', () => {
  const header = {
    quota: 'q',
    remaining: 'x-ratelimit-remaining-requests',
    reset: 'x-ratelimit-reset-requests',
    resetIs: 'duration',
  } as const
  const left = (reset: string) => ({ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': reset })
  check(header, left('6m0s'), { remaining: 0, waitMs: 360_000 })
  check(header, left('20ms'), { remaining: 0, waitMs: 20 })
  check(header, left('1h2m'), { remaining: 0, waitMs: 3_720_000 })
  check(header, left('7.66s'), { remaining: 0, waitMs: 7660 })
  for (const broken of ['60', '6 minutes', '', '-1s']) check(header, left(broken), { remaining: 0 })
})

suite('used of limit', () => {
  const header = { quota: 'q', usedOf: 'Sforce-Limit-Info', key: 'api-usage' } as const
  check(header, { 'sforce-limit-info': 'api-usage=18/5000' }, { used: 0.0036 })
  check(header, { 'sforce-limit-info': 'per-app-api-usage=17/250(appName=x), api-usage=18/5000' }, { used: 0.0036 })
  check(header, { 'sforce-limit-info': 'per-app-api-usage=17/250(appName=x)' })
  check({ quota: 'q', usedOf: 'x-call-limit' }, { 'x-call-limit': '32/40' }, { used: 0.8 })
  for (const broken of ['32', '32/0', '/40', 'a/b', ''])
    check({ quota: 'q', usedOf: 'x-call-limit' }, { 'x-call-limit': broken })
})

suite('percent in JSON', () => {
  const fields = ['call_count', 'total_cputime', 'total_time']
  const app = { quota: 'q', percentIn: 'X-App-Usage', fields } as const
  check(app, { 'x-app-usage': '{"call_count":28,"total_time":25,"total_cputime":96}' }, { used: 0.96 })
  check(app, { 'x-app-usage': '{"call_count":0}' }, { used: 0 })
  for (const broken of ['{"call_count":', '[3]', 'null', '""', '{"call_count":"28"}', '{"other":1}'])
    check(app, { 'x-app-usage': broken })
  const business = {
    ...{ quota: 'q', percentIn: 'X-Business-Use-Case-Usage', fields },
    waitMinutes: 'estimated_time_to_regain_access',
  } as const
  const usage = (call: number, minutes: number) => ({
    type: 'a',
    call_count: call,
    total_time: 1,
    estimated_time_to_regain_access: minutes,
  })
  const header = (json: unknown) => ({ 'x-business-use-case-usage': JSON.stringify(json) })
  check(business, header({ 1: [usage(28, 0)] }), { used: 0.28 })
  check(business, header({ 1: [usage(28, 0), usage(101, 12)], 2: [usage(3, 7)] }), { used: 1.01, waitMs: 720_000 })
  // Deeper than any platform nests it: not walked.
  check(business, header({ a: { b: { c: { d: { e: [usage(99, 1)] } } } } }))
})

suite('RateLimit of the IETF', () => {
  const header = { rateLimit: { default: 'q', 'day "1"': 'q', '*': 'q' } } as const
  check(header, { ratelimit: '"default";r=50;t=30' }, { remaining: 50 })
  check(header, { ratelimit: '"default";r=0;t=30' }, { remaining: 0, waitMs: 30_000 })
  check(header, { ratelimit: 'default;r=0' }, { remaining: 0 })
  check(
    header,
    { ratelimit: '"default";r=0;t=2, "day \\"1\\"";r=7;t=3600' },
    { remaining: 0, waitMs: 2000 },
    { remaining: 7 },
  )
  check(header, { ratelimit: '"default" ; pk=:cHsdsRa894==: ; r=0 ; t=5' }, { remaining: 0, waitMs: 5000 })
  check(header, { ratelimit: '"default";note="r=9, x;t=1;r=7 ";r=1' }, { remaining: 1 })
  check(header, { ratelimit: '"default";t=5' })
  check(header, { ratelimit: '"default";q=100;w=60' })
  check(header, { ratelimit: '"default";r=many' })
  // Draft 07 and before.
  check(header, { ratelimit: 'limit=100, remaining=50, reset=5' }, { remaining: 50 })
  check(header, { ratelimit: 'limit=100, remaining=0, reset=5' }, { remaining: 0, waitMs: 5000 })
  for (const broken of ['', ';;;', '"unclosed;r=1', '1, 2, 3']) check(header, { ratelimit: broken })
  test('a policy that nobody named says nothing', () => {
    const response = { status: 200, headers: { ratelimit: '"other";r=0;t=5, "constructor";r=0' }, body: null, at }
    assert.deepEqual(quotaSignals({ quotaHeaders: [{ rateLimit: { default: 'q' } }] }, response), [])
  })
})

test('several headers, and what the provider’s own function adds', () => {
  const response = { status: 200, headers: { a: '1', b: '2' }, body: null, at }
  const quotaHeaders = [
    { quota: 'minute', remaining: 'a' },
    { quota: 'day', remaining: 'b' },
  ]
  const signals = () => [{ quota: 'own', used: 0.5 }]
  assert.deepEqual(quotaSignals({ quotaHeaders, signals }, response), [
    { quota: 'minute', remaining: 1 },
    { quota: 'day', remaining: 2 },
    { quota: 'own', used: 0.5 },
  ])
})

test('F33: an instant of a zone is the same on every machine, also in the night in which its clocks change', () => {
  const here = process.env.TZ
  try {
    for (const zone of ['Pacific/Kiritimati', 'America/Los_Angeles', 'UTC']) {
      process.env.TZ = zone
      const said = [
        '2026-03-08 01:59:00',
        '2026-03-08T03:00',
        '2026-11-01 00:00:00',
        '2026-11-02 00:00:00.5',
        '2026-06-01 12:00',
      ]
      assert.deepEqual(
        said.map((text) => new Date(parseInstant(text, 'America/Los_Angeles')!).toISOString()),
        [
          '2026-03-08T09:59:00.000Z',
          '2026-03-08T10:00:00.000Z',
          '2026-11-01T07:00:00.000Z',
          '2026-11-02T08:00:00.500Z',
          '2026-06-01T19:00:00.000Z',
        ],
      )
      assert.deepEqual(
        said.map((text) => parseInstant(text)),
        said.map(() => null),
      )
    }
  } finally {
    if (here === undefined) delete process.env.TZ
    else process.env.TZ = here
  }
})
