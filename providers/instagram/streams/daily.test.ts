import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApiRequest, addDays, type Day, dayOf, hour, type Json, type Page, startOfDay } from '@patchbay/kit'
import { type Answer, pretendHttp } from '../pretend-http.ts'
import { daily } from './daily.ts'

const zone = 'America/Los_Angeles'
const account = { id: '17841400000000001', name: 'Harbor Lights', kind: 'business' } as const

/** Insights that know every day up to `known`: the value is the day of the month. `removed` is a metric that the platform no longer has. */
function insights(options: { known: Day; removed?: string; small?: boolean }) {
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
      if (days.length === 0 || (options.small && name === 'follower_count')) return []
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
  from: { cursor?: Json; checkpoint?: Json; pages?: number } = {},
) {
  const http = pretendHttp(answer)
  const pages: Page[] = []
  const subject = { account, cursor: from.cursor ?? null, checkpoint: from.checkpoint ?? null }
  const time = { now, today: (inZone?: string) => dayOf(now, inZone) }
  for await (const page of daily.read({ http, time, settings: {}, subjects: [subject] })) {
    pages.push(...[page].flat())
    if (pages.length === from.pages) break
  }
  const observations = pages.flatMap((page) => page.observations ?? [])
  const of = (metric: string, day: Day) => observations.filter((one) => one.metric === metric && one.day === day)
  return { pages, of, calls: http.requests.length, cursor: pages.at(-1)!.cursor, observations }
}

const noon = (day: Day) => startOfDay(day, zone) + 12 * hour

test('the first run reads 29 days, newest first, one call each and one for the series', async () => {
  const { calls, cursor, pages, of } = await run(insights({ known: '2026-11-21' }), noon('2026-11-22'))
  assert.equal(calls, 30)
  assert.deepEqual(cursor, { settled: '2026-11-19' })
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

test('days of 23 and 25 hours fit', async () => {
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

test('a run with nothing new reads the two days that may still change; after a night it is three', async () => {
  const first = await run(insights({ known: '2026-11-21' }), noon('2026-11-22'))
  const again = await run(insights({ known: '2026-11-21' }), noon('2026-11-22') + hour, { cursor: first.cursor })
  assert.deepEqual([again.calls, again.cursor], [3, { settled: '2026-11-19' }])
  const next = await run(insights({ known: '2026-11-22' }), noon('2026-11-23'), { cursor: first.cursor })
  assert.deepEqual([next.calls, next.cursor], [4, { settled: '2026-11-20' }])
  assert.equal(next.of('consumption.views_daily', '2026-11-20')[0]!.final, true)
})

test('what is not there is never zero, and is asked for again for a week', async () => {
  const late = await run(insights({ known: '2026-11-17' }), noon('2026-11-22'), { cursor: { settled: '2026-11-17' } })
  assert.deepEqual(
    ['2026-11-21', '2026-11-20', '2026-11-19'].map((day) => late.of('consumption.views_daily', day)[0]!.reason),
    ['not_ready', 'not_ready', 'unavailable'],
  )
  assert.deepEqual(late.cursor, { settled: '2026-11-17' })
  const empty = await run(insights({ known: '2026-01-01' }), noon('2026-11-22'))
  assert.deepEqual(empty.cursor, { settled: '2026-11-14' })
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
  // The series, the refused call, seven metrics one by one, and the second day with the six that are left.
  assert.equal(calls, 10)
  assert.equal(pages[1]!.refused!.length, 1)
  assert.equal(of('consumption.views_daily', '2026-11-20')[0]!.value, 20)
  assert.deepEqual(
    observations.filter(({ metric }) => metric === 'engagement.saves_daily'),
    [],
  )
})

test('a run that stopped goes on where it stopped and ends like one that did not', async () => {
  const answer = insights({ known: '2026-11-20' })
  const whole = await run(answer, noon('2026-11-22'))
  for (const stop of [1, 2, 7, 29]) {
    const before = await run(answer, noon('2026-11-22'), { pages: stop })
    const after = await run(answer, noon('2026-11-22'), { checkpoint: before.pages.at(-1)!.checkpoint })
    assert.deepEqual([...before.observations, ...after.observations], whole.observations)
    assert.deepEqual([after.cursor, before.calls + after.calls], [whole.cursor, whole.calls])
  }
})

test('a cursor from before the history, or from the future, does no harm', async () => {
  const answer = insights({ known: '2026-11-21' })
  assert.equal((await run(answer, noon('2026-11-22'), { cursor: { settled: '2025-01-01' } })).calls, 30)
  assert.equal((await run(answer, noon('2026-11-22'), { cursor: { settled: '2027-01-01' } })).calls, 2)
})
