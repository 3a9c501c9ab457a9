import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { clampWait, parseRetryAfter, readRetryAfter } from './retry-after.ts'

suite('F25, F32, F33, T28: Retry-After', () => {
  const at = Date.UTC(2026, 10, 22, 8, 0, 0)
  const date = 'Sun, 22 Nov 2026 08:00:00 GMT'
  const day = 86_400_000

  // Seconds
  check('1', 1_000)
  check('17', 17_000)
  check('120', 120_000)
  check(' 120 ', 120_000)
  check('00120', 120_000)
  check('+5', 5_000)
  check('1.5', 1_500)
  check('.5', 1_000)
  check('30.0001', 30_001)
  check('86400', day)
  // Too short, too long
  check('0', 1_000)
  check('0.0', 1_000)
  check('-0', 1_000)
  check('-1', 1_000)
  check('-99999999999', 1_000)
  check('86401', day)
  check('999999999', day)
  check('1000000000000', day)
  check('99999999999999999999999999', day)
  check('9'.repeat(400), day)
  // Instants where seconds belong
  check(String(at / 1000 + 90), 90_000)
  check(String(at + 90_000), 90_000)
  check(String((at + 90_000) * 1000), 90_000)
  check(String(at / 1000 - 90), 1_000)
  check(String(at / 1000 + 40 * 86_400), day)
  // Points in time, in HTTP's three forms and ISO 8601
  check('Sun, 22 Nov 2026 08:02:00 GMT', 120_000)
  check('Sunday, 22-Nov-26 08:02:00 GMT', 120_000)
  check('Sun Nov 22 08:02:00 2026', 120_000)
  check('Sun Nov  8 08:02:00 2026', 1_000)
  check('2026-11-22T08:02:00Z', 120_000)
  check('2026-11-22T09:02:00.250+01:00', 120_250)
  check('Sat, 21 Nov 2026 08:00:00 GMT', 1_000)
  check('Fri, 31 Dec 9999 23:59:59 GMT', day)
  check('Thu, 01 Jan 1970 00:00:00 GMT', 1_000)
  check('Mon, 23 Nov 2026 07:59:59 GMT', day - 1_000)
  // Compared with the answer's own clock, however wrong that is
  check('Sun, 22 Nov 2026 09:02:00 GMT', 120_000, 'Sun, 22 Nov 2026 09:00:00 GMT')
  check('Sun, 22 Nov 2026 07:02:00 GMT', 120_000, 'Sun, 22 Nov 2026 07:00:00 GMT')
  check('Sun, 22 Nov 2026 08:02:00 GMT', 120_000, 'no date')
  check('Sun, 22 Nov 2026 08:02:00 GMT', 120_000, null)
  // Twice the same header
  check('5, 10', 10_000)
  check('5,5', 5_000)
  // Nothing that means anything
  for (const nonsense of [
    '',
    ' ',
    'NaN',
    'Infinity',
    '-Infinity',
    '1e3',
    '0x10',
    '12 s',
    '5s',
    'soon',
    'null',
    '[]',
    '1.2.3',
    '--1',
    '٣',
    '5, soon',
    ';',
    '\u0000',
    '1;2',
  ])
    check(nonsense, null)
  for (const nonsense of [
    'Sun, 32 Nov 2026 08:00:00 GMT',
    'Sun, 22 Foo 2026 08:00:00 GMT',
    'Sun, 22 Nov 2026 25:00:00 GMT',
    'Sun, 22 Nov 2026 08:00:00 PST',
    '2026-11-22',
    '2026-13-22T08:00:00Z',
    '2026-11-22T08:00:00',
  ])
    check(nonsense, null)
  test('no header', () => assert.equal(parseRetryAfter(undefined, { date, at }), null))

  test('T28: takes no time over hostile text', () => {
    const started = performance.now()
    for (const text of [
      '1'.repeat(50_000),
      '1,'.repeat(25_000),
      ' '.repeat(50_000),
      `${'1 ,'.repeat(20_000)}x`,
      '-'.repeat(50_000),
    ])
      parseRetryAfter(text, { date: text, at })
    assert.ok(performance.now() - started < 2_000)
  })

  test('T28: a wait of a provider’s own stays between a second and a day', () => {
    const waits = [Number.NaN, -1, 0, 999.2, 1_000.5, 1e300, Number.POSITIVE_INFINITY].map(clampWait)
    assert.deepEqual(waits, [null, 1_000, 1_000, 1_000, 1_001, day, day])
  })

  function check(value: string, expected: number | null, dateHeader: string | null = date) {
    test(`T28: ${JSON.stringify(value.slice(0, 40))} ${dateHeader === date ? '' : dateHeader}`, () =>
      assert.equal(parseRetryAfter(value, { date: dateHeader ?? undefined, at }), expected))
  }
})

suite('Retry-After-Ms', () => {
  const at = Date.UTC(2026, 10, 22, 8, 0, 0)
  const says = (headers: Record<string, string>, expected: number | null) =>
    test(JSON.stringify(headers), () => assert.equal(readRetryAfter({ headers, at }), expected))
  says({ 'retry-after-ms': '2500' }, 2500)
  says({ 'retry-after-ms': '20.5' }, 1000)
  says({ 'retry-after-ms': '9e9' }, null)
  says({ 'retry-after-ms': 'soon', 'retry-after': '3' }, 3000)
  // Beside the usual one the longer holds.
  says({ 'retry-after-ms': '2500', 'retry-after': '3' }, 3000)
  says({ 'retry-after-ms': '3500', 'retry-after': '3' }, 3500)
  says({}, null)
})
