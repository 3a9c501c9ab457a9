import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ApiRequest,
  addDays,
  type Day,
  dayOf,
  hour,
  type Json,
  type Page,
  runTime,
  startOfDay,
} from '@patchbay/kit'
import { type Answer, pretendHttp } from '../pretend-http.ts'
import { daily } from './daily.ts'

const zone = 'America/Los_Angeles'
const account = { id: '17841400000000001', name: 'Harbor Lights', kind: 'business' } as const

/** Insights that know every day up to `known`: the value is the day of the month. `removed` is a metric that the platform no longer has. */
function insights(options: { known: Day; removed?: string; small?: boolean; without?: Record<string, Day> }) {
  return ({ query }: ApiRequest): Answer => {
    const names = [query!.metric].flat() as string[]
    const { since, until } = query as { since: number; until: number }
    assert.ok(until - since <= 2_592_000, `a window of ${until - since} seconds`)
    if (options.removed && names.includes(options.removed))
      return {
        status: 400,
        body: { error: { code: 100, message: '(#100) metric[0] must be one of the following values' } },
      }
    const days: Day[] = []
    for (let day = dayOf(since * 1000, zone); startOfDay(day, zone) < until * 1000; day = addDays(day, 1)) {
      assert.ok(startOfDay(day, zone) >= since * 1000, 'a window begins at midnight in California')
      if (day <= options.known) days.push(day)
    }
    const data: Json[] = names.flatMap((name): Json[] => {
      if (days.length === 0 || (options.small && name === 'follower_count') || days[0] === options.without?.[name])
        return []
      const values = days.map((day) => ({
        value: Number(day.slice(8)),
        end_time: new Date(startOfDay(addDays(day, 1), zone)).toISOString().replace('.000Z', '+0000'),
      }))
      return [
        query!.metric_type === 'total_value' ? { name, total_value: { value: values[0]!.value } } : { name, values },
      ]
    })
    return { body: { data } }
  }
}

async function run(
  answer: (request: ApiRequest) => Answer,
  now: number,
  from: { cursor?: Json; checkpoint?: Json; pages?: number; range?: { from: Day; to: Day } } = {},
) {
  const http = pretendHttp(answer)
  const pages: Page[] = []
  const subject = { account, cursor: from.cursor ?? null, checkpoint: from.checkpoint ?? null }
  const time = runTime(now)
  for await (const page of daily.read({ http, time, settings: {}, subjects: [subject], range: from.range })) {
    pages.push(...[page].flat())
    if (pages.length === from.pages) break
  }
  const observations = pages.flatMap((page) => page.observations ?? [])
  const of = (metric: string, day: Day) => observations.filter((one) => one.metric === metric && one.day === day)
  const totals = http.requests.flatMap(({ query }) =>
    query!.metric_type === 'total_value' ? [dayOf(Number(query!.since) * 1000, zone)] : [],
  )
  return { pages, of, calls: http.requests.length, totals, cursor: pages.at(-1)!.cursor!, observations }
}

const noon = (day: Day) => startOfDay(day, zone) + 12 * hour

test('the first run reads 29 days, newest first, one call each and one for the series', async () => {
  const { calls, cursor, pages, of } = await run(insights({ known: '2026-11-21' }), noon('2026-11-22'))
  assert.equal(calls, 30)
  assert.deepEqual(cursor, {
    settled: '2026-11-19',
    read: { '2026-11-21': 'provisional', '2026-11-20': 'provisional' },
  })
  assert.deepEqual(
    pages.slice(1).map((page) => page.observations![0]!.day),
    Array.from({ length: 29 }, (_, index) => addDays('2026-11-21', -index)),
  )
  const [reach] = of('engagement.reach_daily', '2026-11-21')
  assert.deepEqual(reach, {
    metric: 'engagement.reach_daily',
    value: 21,
    day: '2026-11-21',
    timezone: zone,
    native: 'reach',
    final: false,
  })
  assert.equal(of('consumption.views_daily', '2026-11-19')[0]!.final, true)
  assert.equal(of('audience.followers_gained', '2026-10-24')[0]!.value, 24)
})

test('F54: days of 23 and 25 hours fit', async () => {
  for (const today of ['2026-03-15', '2026-11-08', '2026-11-01', '2026-11-02']) {
    const { calls, of } = await run(insights({ known: addDays(today, -1) }), noon(today))
    assert.equal(calls, 30)
    for (let back = 1; back <= 29; back++) {
      const day = addDays(today, -back)
      assert.equal(of('engagement.reach_daily', day)[0]!.value, Number(day.slice(8)), day)
      assert.equal(of('engagement.likes_daily', day)[0]!.value, Number(day.slice(8)), day)
    }
  }
})

/** One run on each of these days, at noon: the days whose totals it asks for. `known` is the newest day of which there are numbers then. */
async function checkNights(known: Readonly<Record<Day, Day>>, expected: readonly string[], from: Json = null) {
  let cursor = from
  const asked: string[] = []
  for (const [today, newest] of Object.entries(known)) {
    const night = await run(insights({ known: newest }), noon(today), { cursor })
    cursor = night.cursor
    asked.push([today.slice(8), ...night.totals.map((day) => day.slice(8))].join(' '))
  }
  assert.deepEqual(asked, expected)
  return cursor
}

const settled = { settled: '2026-11-19', read: { '2026-11-20': 'provisional' } }

test('the totals of a day are asked for when it is there and when it is complete, and not in between', async () => {
  const ordinary = { '2026-11-22': '2026-11-21', '2026-11-23': '2026-11-22', '2026-11-24': '2026-11-23' }
  assert.deepEqual(await checkNights(ordinary, ['22 21', '23 22 20', '24 23 21'], settled), {
    settled: '2026-11-21',
    read: { '2026-11-23': 'provisional', '2026-11-22': 'provisional' },
  })
  // Again on the same day: the series alone.
  const first = await run(insights({ known: '2026-11-21' }), noon('2026-11-22'), { cursor: settled })
  const again = await run(insights({ known: '2026-11-21' }), noon('2026-11-22') + hour, { cursor: first.cursor })
  assert.deepEqual([again.calls, again.cursor], [1, first.cursor])
})

test('a day is final when it is read after its 48 hours, and provisional until then', async () => {
  const first = await run(insights({ known: '2026-11-21' }), noon('2026-11-22'), { cursor: settled })
  const between = await run(insights({ known: '2026-11-22' }), noon('2026-11-23'), { cursor: first.cursor })
  const last = await run(insights({ known: '2026-11-23' }), noon('2026-11-24'), { cursor: between.cursor })
  const finals = (metric: string) =>
    [first, between, last].map(({ of }) => of(metric, '2026-11-21').map(({ final }) => final))
  assert.deepEqual(finals('consumption.views_daily'), [[false], [], [true]])
  assert.deepEqual(finals('engagement.reach_daily'), [[false], [false], [true]], 'the series has it each time')
})

test('a day that is late costs nothing until it is there', async () => {
  const aDayLate = { '2026-11-22': '2026-11-20', '2026-11-23': '2026-11-21', '2026-11-24': '2026-11-22' }
  await checkNights(aDayLate, ['22', '23 21 20', '24 22 21'], settled)
  const twoDaysLate = { '2026-11-22': '2026-11-19', '2026-11-23': '2026-11-20', '2026-11-24': '2026-11-21' }
  await checkNights(twoDaysLate, ['22', '23 20', '24 21'], { settled: '2026-11-19' })
})

test('nights without a run are made up for', async () => {
  const paused = { '2026-11-22': '2026-11-21', '2026-11-25': '2026-11-24', '2026-11-26': '2026-11-25' }
  await checkNights(paused, ['22 21', '25 24 23 22 21 20', '26 25 23'], settled)
  const aWeek = { '2026-11-22': '2026-11-21', '2026-11-30': '2026-11-29' }
  await checkNights(aWeek, ['22 21', '30 29 28 27 26 25 24 23 22 21 20'], settled)
})

test('a cursor that knows only what is settled has the days behind it read again', async () => {
  await checkNights({ '2026-11-22': '2026-11-21' }, ['22 21 20'], { settled: '2026-11-19' })
})

test('F49: what is not there is never zero, and is asked for again for a week', async () => {
  const late = await run(insights({ known: '2026-11-17' }), noon('2026-11-22'), { cursor: { settled: '2026-11-17' } })
  assert.deepEqual(
    ['2026-11-21', '2026-11-20', '2026-11-19'].map((day) => late.of('consumption.views_daily', day)[0]!.reason),
    ['not_ready', 'not_ready', 'unavailable'],
  )
  assert.deepEqual(late.cursor, { settled: '2026-11-17', read: {} })
  const empty = await run(insights({ known: '2026-01-01' }), noon('2026-11-22'))
  assert.deepEqual(empty.cursor, { settled: '2026-11-14', read: {} })
})

test('a day that came whole is not read again because one before it did not', async () => {
  const hole = '2026-11-18'
  const answer = insights({ known: '2026-11-22', without: { saves: hole } })
  const first = await run(answer, noon('2026-11-22'), { cursor: { settled: '2026-11-17' } })
  assert.deepEqual(first.totals, ['2026-11-21', '2026-11-20', '2026-11-19', hole])
  assert.deepEqual(first.cursor, {
    settled: '2026-11-17',
    read: { '2026-11-21': 'provisional', '2026-11-20': 'provisional', '2026-11-19': 'final' },
  })
  const next = await run(answer, noon('2026-11-23'), { cursor: first.cursor })
  assert.deepEqual(next.totals, ['2026-11-22', '2026-11-20', hole])
  // After a week there is no more waiting for it.
  const last = await run(answer, noon('2026-11-26'), { cursor: next.cursor })
  assert.equal((last.cursor as { settled: Day }).settled, '2026-11-22')
})

test('wanted days are read whatever the cursor says, as far back as the platform shows them', async () => {
  const answer = insights({ known: '2026-11-21' })
  const cursor: Json = { settled: '2026-11-19' }
  const some = await run(answer, noon('2026-11-22'), { cursor, range: { from: '2026-11-03', to: '2026-11-05' } })
  assert.deepEqual(some.totals, ['2026-11-05', '2026-11-04', '2026-11-03'])
  const late = await run(answer, noon('2026-11-22'), { cursor, range: { from: '2026-10-01', to: '2026-12-01' } })
  assert.deepEqual([late.totals.at(0), late.totals.at(-1)], ['2026-11-21', '2026-10-24'])
})

test('a small account has no new followers to show, and says why', async () => {
  const { of } = await run(insights({ known: '2026-11-21', small: true }), noon('2026-11-22'))
  const [gained] = of('audience.followers_gained', '2026-11-20')
  assert.deepEqual([gained!.value, gained!.reason], [null, 'below_threshold'])
})

test('a metric that was removed takes none of the others with it', async () => {
  const { calls, pages, of, observations } = await run(
    insights({ known: '2026-11-21', removed: 'saves' }),
    noon('2026-11-22'),
    { cursor: { settled: '2026-11-19' } },
  )
  // The series, the refused call, both halves, both halves of the second, and the second day with the six that are left.
  assert.equal(calls, 7)
  assert.equal(pages[1]!.refused!.length, 1)
  assert.equal(of('consumption.views_daily', '2026-11-20')[0]!.value, 20)
  assert.deepEqual(
    observations.filter(({ metric }) => metric === 'engagement.saves_daily'),
    [],
  )
})

test('a run that stopped goes on where it stopped and ends like one that did not', async () => {
  const answer = insights({ known: '2026-11-21' })
  const whole = await run(answer, noon('2026-11-22'))
  for (const stop of [1, 2, 7, 29]) {
    const before = await run(answer, noon('2026-11-22'), { pages: stop })
    const after = await run(answer, noon('2026-11-22'), { checkpoint: before.pages.at(-1)!.checkpoint })
    assert.deepEqual([...before.observations, ...after.observations], whole.observations)
    assert.deepEqual([after.cursor, before.calls + after.calls], [whole.cursor, whole.calls])
  }
})

test('a day that becomes complete while a run stands still is read as final by the next one at the latest', async () => {
  const answer = insights({ known: '2026-11-22' })
  const cursor: Json = { settled: '2026-11-18', read: { '2026-11-20': 'provisional' } }
  for (const pages of [1, 2])
    for (const later of ['2026-11-23', '2026-11-24']) {
      const before = await run(answer, noon('2026-11-22'), { pages, cursor })
      const after = await run(answer, noon(later), { checkpoint: before.pages.at(-1)!.checkpoint, cursor })
      assert.deepEqual([before.totals, after.totals].flat(), ['2026-11-21', '2026-11-19'])
      const next = await run(answer, noon(addDays(later, 1)), { cursor: after.cursor })
      const finals = [before, after, next].flatMap(({ observations }) => observations).filter((one) => one.final)
      for (const metric of ['engagement.reach_daily', 'consumption.views_daily'])
        for (const day of ['2026-11-19', '2026-11-20', ...(later > '2026-11-23' ? ['2026-11-21'] : [])])
          assert.ok(
            finals.some((one) => one.metric === metric && one.day === day),
            `${metric} of ${day}`,
          )
    }
})

test('a cursor from before the history, or from the future, does no harm', async () => {
  const answer = insights({ known: '2026-11-21' })
  assert.equal((await run(answer, noon('2026-11-22'), { cursor: { settled: '2025-01-01' } })).calls, 30)
  assert.equal((await run(answer, noon('2026-11-22'), { cursor: { settled: '2027-01-01' } })).calls, 2)
})
