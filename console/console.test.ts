import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PatchbayError, type Problem } from '@patchbay/sdk'
import { addDays, firstDay } from './src/address/date-range.ts'
import { connectAddress, readSource, safeAddress } from './src/address/safe-address.ts'
import { day, flag, list, oneOf, parseSearch, searchOf, stringifySearch, text } from './src/address/search.ts'
import { readWhy, writeWhy } from './src/address/why.ts'
import { mergeTimeline } from './src/data/merge-timeline.ts'
import { type Page, walkPages } from './src/data/walk-pages.ts'
import { seriesOf } from './src/features/metrics/series.ts'
import { axisSteps, dayLabels, weekSplits } from './src/ui/day-axis.ts'
import { breaksOf, everyPeriod, lastDayIn, lonely, splitFinal } from './src/ui/day-series.ts'
import { idFromName } from './src/words/id-from-name.ts'
import { metricFamily, metricName } from './src/words/metric-names.ts'
import { reasonSays, reasonShort } from './src/words/null-reasons.ts'
import {
  changeText,
  isGoodNews,
  numberText,
  percentUsed,
  shareChangeText,
  shortNumber,
  sizeText,
} from './src/words/numbers.ts'
import { personState, refusalSays, roles, roleWords } from './src/words/people.ts'
import { coverageText, periodText } from './src/words/periods.ts'
import { problemOf } from './src/words/problems.ts'
import { intervalText, windowText } from './src/words/quotas.ts'
import { detailText } from './src/words/shares.ts'
import { shortJson } from './src/words/short-json.ts'
import { absoluteText, lengthText, playingTime, publishedText, relativeText } from './src/words/times.ts'

test('a number is written as its unit is read', () => {
  const check = (value: number, unit: string, expected: string) => assert.equal(numberText(value, unit, 'en'), expected)
  check(0, 'count', '0')
  check(48_213, 'count', '48,213')
  check(9_007_199_254_740_991, 'count', '9,007,199,254,740,991')
  check(12.5, 'percent', '12.5%')
  check(0.125, 'ratio', '12.5%')
  check(3, 'rank', '#3')
  check(59, 'seconds', '59 s')
  check(3_725, 'seconds', '1 h 2 min')
  check(720_000, 'seconds', '200 h')
  check(12.5, 'money', '12.50')
  assert.equal(shortNumber(1_234_567, 'count', 'en'), '1.2M')
})

test('a change has its sign, and its colour depends on what is wanted', () => {
  const check = (value: number, unit: string, expected: string) => assert.equal(changeText(value, unit, 'en'), expected)
  check(1204, 'count', '+1,204')
  check(-1204, 'count', '−1,204')
  check(0, 'count', '±0')
  check(-2, 'rank', '−2')
  assert.deepEqual(
    [0.125, -0.5, 0, 0.0001].map((ratio) => shareChangeText(ratio, 'en')),
    ['+12.5%', '−50%', '±0%', '+0.01%'],
  )
  assert.deepEqual(
    [812, 1_240, 12_400_000].map((sizeBytes) => sizeText(sizeBytes, 'en')),
    ['812 B', '1.2 kB', '12 MB'],
  )
  assert.equal(isGoodNews(5, 'higher_better'), true)
  assert.equal(isGoodNews(5, 'lower_better'), false)
  assert.equal(isGoodNews(5, 'neutral'), null)
  assert.equal(isGoodNews(0, 'higher_better'), null)
})

test('a used limit is never shown as unused, and one that is not full never as full', () => {
  const check = (used: number, limit: number, expected: number) => assert.equal(percentUsed(used, limit), expected)
  check(0, 100, 0)
  check(1, 10_000, 1)
  check(9_999, 10_000, 99)
  check(10_000, 10_000, 100)
  check(15_000, 10_000, 150)
  check(1, 0, 100)
})

test('why there is no number is said in words, also when it is already a sentence or a word nobody knows', () => {
  const check = (reason: string | null, says: string, short: string) =>
    assert.deepEqual([reasonSays(reason), reasonShort(reason)], [says, short])
  check('hidden', 'The account or the item hides this number.', 'hidden')
  check('no_earlier_value', 'There is no value of 28 days before to compare with.', 'too new')
  check('Only shown in the app.', 'Only shown in the app.', 'no number')
  check('some_new_reason', 'Some new reason.', 'some new reason')
  check(null, 'There is no number, and nobody said why.', 'no number')
})

test('a metric is called by its words', () => {
  const check = (metric: string, name: string, family: string) =>
    assert.deepEqual([metricName(metric), metricFamily(metric)], [name, family])
  check('audience.followers', 'Followers', 'Audience')
  check('consumption.views_daily', 'Views per day', 'Consumption')
  check('standing.popularity_index', 'Popularity index', 'Standing')
})

test('a time is relative, with the moment and two zones for whoever asks', () => {
  const now = Date.parse('2026-11-22T12:00:00Z')
  const check = (away: number, expected: string) => assert.equal(relativeText(now + away, now, 'en'), expected)
  check(0, 'now')
  check(-30_000, 'moments ago')
  check(-5 * 60_000, '5 min. ago')
  check(3 * 3_600_000, 'in 3 hr.')
  check(-10 * 86_400_000, '10 days ago')
  assert.match(absoluteText(now, 'en', 'America/New_York'), /7:00:00.*EST · 2026-11-22 12:00:00 UTC$/)
  assert.deepEqual([840, 5_000, 4 * 60_000, 3_600_000, 86_400_000].map(lengthText), [
    '840 ms',
    '5 s',
    '4 min',
    '1 h',
    '1 d',
  ])
  assert.deepEqual([221_000, 3_725_000].map(playingTime), ['3:41', '1:02:05'])
})

test('data in one line leaves out what is not there, and a list is read as one', () => {
  const check = (value: Record<string, unknown>, expected: string) => assert.equal(shortJson(value), expected)
  check({ says: null, reason: null, account: 'nova' }, 'account: nova')
  check({ scopes: ['read', 'write'], app: 'a' }, 'scopes: read, write · app: a')
  check({ scopes: [], more: { deep: [1] } }, 'scopes: none · more: {"deep":[1]}')
  check({ count: 0, last: false }, 'count: 0 · last: false')
  check({ says: null }, '')
})

test('the window of a limit is said as people say it, and no interval shorter than the one that fits', () => {
  assert.deepEqual(['day in America/Los_Angeles', 'month in UTC', '30 s', '3600 s', 'at once'].map(windowText), [
    'a day in America/Los_Angeles',
    'a month in UTC',
    'in 30 s',
    'in 1 h',
    'at once',
  ])
  assert.deepEqual([60_000, 546 * 60_000, 24 * 3_600_000].map(intervalText), ['1 min', '9 h 6 min', '1 d'])
})

test('a day stands once on an axis, and is called by its month only where a month begins', () => {
  const at = (...days: string[]) => days.map((value) => Date.parse(`${value}T00:00:00Z`) / 1000)
  const check = (days: string[], step: 'day' | 'week' | 'month', expected: string[]) =>
    assert.deepEqual(dayLabels(at(...days), step, 'en'), expected)
  check(['2026-11-28', '2026-11-29'], 'day', ['Nov 28', 'Nov 29'])
  check(['2026-11-01', '2026-12-01', '2027-01-01'], 'day', ['Nov', 'Dec', '2027'])
  check(['2026-08-31', '2026-09-28', '2026-10-26'], 'week', ['Aug 31', 'Sep 28', 'Oct 26'])
  check(['2026-08-31', '2026-11-30', '2027-03-01'], 'week', ['Aug 2026', 'Nov 2026', 'Mar 2027'])
  assert.equal(Math.min(...axisSteps.day), 86_400)
  const weeks = at('2026-10-26', '2026-11-02', '2026-11-09', '2026-11-16')
  assert.deepEqual(weekSplits(weeks, 14 * 86_400), at('2026-10-26', '2026-11-09'))
})

test('beside a KPI one is one, and not all of them', () => {
  const check = (kpi: string, name: string, value: number, expected: string) =>
    assert.equal(detailText(kpi, name, value, 'en'), expected)
  check('K3', 'refused', 1, '1')
  check('K3', 'refused', 1_204, '1,204')
  check('K1', 'atOnce', 1, '100%')
  check('K8', 'withinAnHour', 0, '0%')
  check('K8', 'longestMs', 3_725_000, '1 h 2 min')
  check('K7', 'account, with people', 1, '100%')
})

test('what was published is no more exact than what was said', () => {
  const check = (value: string, expected: string) => assert.equal(publishedText(value, 'en'), expected)
  check('1981', '1981')
  check('1981-12', 'Dec 1981')
  check('1981-12-15', 'Dec 15, 1981')
  check('2026-11-22T03:10:04Z', 'Nov 22, 2026')
  check('soon', 'soon')
})

test('only https addresses of a provider become links and pictures', () => {
  const check = (address: string | null, expected: string | null) => assert.equal(safeAddress(address), expected)
  check('https://example.com/a', 'https://example.com/a')
  check('http://example.com/a', null)
  check('javascript:alert(1)', null)
  check(' \u0001javascript:alert(1)', null)
  check('data:image/svg+xml,<svg onload=alert(1)>', null)
  check('https://user:secret@example.com/', null)
  check('//example.com', null)
  check('', null)
  check(null, null)
})

test('a connect page is opened on this server, on https, and nowhere else', () => {
  const check = (address: string, expected: string | null) =>
    assert.equal(connectAddress(address, 'https://patchbay.example/console/'), expected)
  check('https://other.example/connect?token=x', 'https://other.example/connect?token=x')
  check('/connect?token=x', 'https://patchbay.example/connect?token=x')
  check('http://127.0.0.1:4400/connect', 'http://127.0.0.1:4400/connect')
  check('http://other.example/connect', null)
  check('javascript:alert(1)', null)
})

test('the source of a limit is taken apart: a guess or not, and where it stands', () => {
  const check = (source: string, expected: Partial<ReturnType<typeof readSource>>) =>
    assert.partialDeepStrictEqual(readSource(source), expected)
  check('developer.example.com/limits, "Rates": 60 a minute', {
    guess: false,
    href: 'https://developer.example.com/limits',
    after: ', "Rates": 60 a minute',
  })
  check('guess: nobody says the number (docs.example.com/a.)', {
    guess: true,
    before: 'nobody says the number (',
    href: 'https://docs.example.com/a',
    after: '.)',
  })
  check('guess; see README, "Quota"', { guess: true, before: 'see README, "Quota"', href: null })
})

test('an address keeps what a page knows, and drops the rest', () => {
  const read = searchOf({ tab: oneOf(['a', 'b']), after: text, failed: flag })
  const check = (search: string, expected: object) => assert.deepEqual(read(parseSearch(search)), expected)
  check('?tab=a&after=con_1&failed=1', { tab: 'a', after: 'con_1', failed: '1' })
  check('?tab=c&other=1&failed=yes', {})
  check(`?after=${'x'.repeat(301)}`, {})
  check('?after=007&tab=b', { after: '007', tab: 'b' })
  check('', {})
  const days = searchOf({ from: day, ids: list })
  assert.deepEqual(days({ from: '2026-02-30x', ids: 'a'.repeat(4001) }), {})
  assert.deepEqual(days({ from: '2026-02-28', ids: 'a'.repeat(4000) }), { from: '2026-02-28', ids: 'a'.repeat(4000) })
  assert.equal(stringifySearch({ tab: 'a', after: undefined, none: '' }), '?tab=a')
  assert.equal(stringifySearch({}), '')
  assert.deepEqual(parseSearch(stringifySearch({ type: 'a b&c=d' })), { type: 'a b&c=d' })
})

test('a number has a name in the address, whatever the platform calls its items', () => {
  const check = (why: Parameters<typeof writeWhy>[0]) => assert.deepEqual(readWhy(writeWhy(why)), why)
  check({ connection: 'con_1', metric: 'audience.followers', day: '2026-11-21' })
  check({ connection: 'con_1', metric: 'engagement.likes', day: '2026-11-21', item: 'a~b~' })
  assert.equal(readWhy('con_1~audience.followers'), null)
  assert.equal(readWhy('con_1~audience.followers~yesterday'), null)
  assert.equal(readWhy(undefined), null)
})

test('a day without a number is a gap and never zero; before the first reading there is nothing to miss', () => {
  const point = (day: string, value: number | null, final = true) => ({
    day,
    value,
    final,
    reason: value === null ? 'hidden' : null,
  })
  const days = everyPeriod([point('2026-11-20', 5), point('2026-11-18', 3), point('2026-11-21', null)], {
    from: '2026-11-01',
    to: '2026-11-22',
  })
  assert.deepEqual(
    days.map(({ day, value, reason }) => [day, value, reason]),
    [
      ['2026-11-18', 3, null],
      ['2026-11-19', null, 'absent'],
      ['2026-11-20', 5, null],
      ['2026-11-21', null, 'hidden'],
      ['2026-11-22', null, 'absent'],
    ],
  )
  assert.deepEqual(lonely(days.map(({ value }) => value)), [0, 2])
  assert.equal(everyPeriod([]).length, 0)
  assert.deepEqual(
    everyPeriod([point('2026-10-01', 1), point('2026-11-02', 2)], { from: '2026-11-01' }).map(({ day }) => day),
    ['2026-11-01', '2026-11-02'],
  )
})

test('what may still change is drawn apart, and a line of it begins where the certain one ends', () => {
  const days = [1, 2, 3, 4].map((value, index) => ({ day: `2026-11-0${value}`, value, reason: null, final: index < 2 }))
  assert.deepEqual(splitFinal(days, true), { final: [1, 2, null, null], provisional: [null, 2, 3, 4] })
  assert.deepEqual(splitFinal(days, false), { final: [1, 2, null, null], provisional: [null, null, 3, 4] })
})

test('where the platform changed how it counts, the line breaks, also across a gap and towards days without a rule', () => {
  const point = (value: string, version: string | null) => ({
    ...{ day: `2026-11-0${value}`, value: Number(value), reason: null, final: true },
    version,
  })
  const check = (versions: readonly [string, string | null][], expected: string[]) =>
    assert.deepEqual(
      breaksOf(everyPeriod(versions.map(([day, version]) => point(day, version)))).map(
        ({ day, from, to }) => `${day} ${from} ${to}`,
      ),
      expected,
    )
  check(
    [
      ['1', 'v1'],
      ['2', 'v1'],
      ['3', 'v2'],
    ],
    ['2026-11-03 v1 v2'],
  )
  check(
    [
      ['1', 'v1'],
      ['4', 'v2'],
      ['5', 'v1'],
    ],
    ['2026-11-04 v1 v2', '2026-11-05 v2 v1'],
  )
  check(
    [
      ['1', null],
      ['2', 'v1'],
    ],
    ['2026-11-02 null v1'],
  )
  check(
    [
      ['1', null],
      ['3', null],
    ],
    [],
  )
  const days = [point('1', 'v1'), { ...point('2', 'v2'), final: false }]
  assert.deepEqual(splitFinal(days, true).provisional, [null, 2])
})

test('weeks begin on Monday and months on their first, however the range begins', () => {
  const point = (day: string) => ({ day, value: 1, reason: null, final: true })
  const check = (step: 'week' | 'month', points: string[], from: string, expected: string[]) =>
    assert.deepEqual(
      everyPeriod(points.map(point), { from }, step).map(({ day, value }) => `${day} ${value}`),
      expected,
    )
  check('week', ['2026-10-26', '2026-11-16'], '2026-11-04', [...['2026-11-02 null', '2026-11-09 null', '2026-11-16 1']])
  check('month', ['2025-12-01', '2026-02-01'], '2025-01-31', ['2025-12-01 1', '2026-01-01 null', '2026-02-01 1'])
  assert.deepEqual(
    [lastDayIn('2026-11-16', 'week'), lastDayIn('2028-02-01', 'month'), lastDayIn('2026-11-16', 'day')],
    ['2026-11-22', '2028-02-29', '2026-11-16'],
  )
  assert.deepEqual(
    (['day', 'week', 'month'] as const).map((step) => periodText('2026-11-01', step, 'en')),
    ['Nov 1, 2026', 'Week of Nov 1, 2026', 'November 2026'],
  )
})

test('how much of a week is known is said with every missing day and its reason', () => {
  const check = (coverage: Partial<Parameters<typeof coverageText>[0]>, expected: string) =>
    assert.equal(
      coverageText(
        { complete: false, valueDay: null, soFar: null, missing: [], ...coverage },
        { day: '2026-11-16', step: 'week' },
        'en',
      ).replace(/[\u2009\u202f]/g, ' '),
      expected,
    )
  check({ complete: true }, 'whole')
  check({ complete: true, valueDay: '2026-11-22' }, 'as of Nov 22, 2026')
  check(
    {
      missing: [
        { from: '2026-11-17', to: '2026-11-17', reason: 'hidden' },
        { from: '2026-11-20', to: '2026-11-22', reason: 'not_over' },
      ],
    },
    '4 of 7 days missing: Nov 17 hidden; Nov 20 – 22 goes on',
  )
})

test('an account has one line a group, the whole first, and none of its items', () => {
  const point = (more: object) => ({
    ...{ connection: 'con_1', item: null, value: 1, reason: null, final: true, version: null },
    ...{ dimensions: {}, period: { day: '2026-11-01' }, coverage: null, comparison: null },
    ...more,
  })
  const found = seriesOf([
    point({ dimensions: { currency: 'EUR' } }),
    point({}),
    point({ item: 'video' }),
    point({ connection: 'con_2' }),
  ])
  assert.deepEqual(
    [...found].map(([connection, series]) => [connection, series.map(({ dimensions }) => dimensions)]),
    [
      ['con_1', [undefined, '{"currency":"EUR"}']],
      ['con_2', [undefined]],
    ],
  )
})

test('a timeline ends where one of its sources has not been read further', () => {
  const at = (...times: number[]) => times.map((time) => ({ at: time }))
  const check = (sources: Parameters<typeof mergeTimeline>[0], expected: number[]) =>
    assert.deepEqual(
      mergeTimeline(sources).map((entry) => entry.at),
      expected,
    )
  check(
    [
      { entries: at(9, 5, 1), more: false },
      { entries: at(8, 6), more: true },
    ],
    [9, 8, 6],
  )
  check(
    [
      { entries: at(9, 5, 1), more: false },
      { entries: at(8, 6), more: false },
    ],
    [9, 8, 6, 5, 1],
  )
  check([{ entries: [], more: false }], [])
})

test('several lists are walked as one, with a cursor that leads on from exactly there', async () => {
  const listOf =
    (numbers: number[], size: number) =>
    async (cursor: string | undefined): Promise<Page<number>> => {
      const start = cursor === undefined ? 0 : Number(cursor)
      const end = start + size
      return { data: numbers.slice(start, end), nextCursor: end < numbers.length ? String(end) : null }
    }
  const lists = [listOf([1, 2, 3], 2), listOf([], 2), listOf([4, 5, 6, 7], 2)]
  const found: number[] = []
  let cursor: string | undefined
  do {
    const page = await walkPages(lists, { cursor, limit: 2, wanted: (number) => number !== 2 })
    found.push(...page.data)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  assert.deepEqual(found, [1, 3, 4, 5, 6, 7])

  const rare = await walkPages(
    [
      listOf(
        Array.from({ length: 1000 }, (_, index) => index),
        10,
      ),
    ],
    {
      limit: 5,
      wanted: (number) => number > 990,
    },
  )
  assert.deepEqual([rare.data.length, rare.looked, rare.nextCursor], [0, 100, '0~100'])
})

test('any failure becomes a problem that says who acts', () => {
  const problem: Problem = {
    type: '/reference/faults#platform.busy',
    title: 'Patchbay is too busy right now.',
    status: 503,
    detail: 'x',
    code: 'platform.busy',
    fixedBy: 'time',
    retry: 'now',
    requestId: 'req_1',
  }
  assert.equal(problemOf(new PatchbayError(problem)), problem)
  assert.equal(problemOf(new TypeError('Failed to fetch')).fixedBy, 'operator')
  assert.equal(problemOf(new Error('x')).fixedBy, 'platform')
})

test('ids and days are made without surprises', () => {
  assert.equal(idFromName('Östra Hamnen & the Lanterns!'), 'ostra-hamnen-the-lanterns')
  assert.equal(idFromName('星'), '')
  assert.equal(addDays('2026-02-28', 1), '2026-03-01')
  assert.equal(firstDay('28d', Date.parse('2026-11-22T00:00:00Z')), '2026-10-25')
  assert.equal(firstDay('all', 0), undefined)
})

test('somebody who is not let in is told whether it was the password, the pace or the address', () => {
  const check = (problem: Parameters<typeof refusalSays>[0], expected: RegExp | null) => {
    const says = refusalSays(problem)
    if (expected === null) assert.equal(says, null)
    else assert.match(says ?? '', expected)
  }
  // The library's own answers have a code and no status.
  check({ code: 'INVALID_EMAIL_OR_PASSWORD' }, /^E-mail or password/)
  check({ status: 401, code: 'input.unauthenticated' }, /^E-mail or password/)
  check({ code: 'INVALID_ORIGIN' }, /another address/)
  check({ status: 429, code: 'input.throttled', detail: 'Wait.' }, /^Wait\.$/)
  check({ status: 429, code: 'input.throttled', detail: 'Wait.', retryAfterMs: 180_000 }, /^Wait\. It .* in 3 min\.$/)
  // One that is no problem document is not called a bug of ours.
  check({ status: 429, code: 'platform.bug', detail: 'The server answered 429.' }, /^Too many tries/)
  check({ status: 503, code: 'platform.storage', detail: 'x' }, null)
})

test('every role says what it may do', () => {
  assert.deepEqual(
    roles.map((role) => roleWords[role].name),
    ['Owner', 'Member', 'Viewer'],
  )
  assert.equal(new Set(roles.map((role) => roleWords[role].says)).size, roles.length)
  assert.deepEqual(
    [false, true].map((hasSignedIn) => personState(hasSignedIn).name),
    ['Invited', 'Active'],
  )
})
