import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fault, type FaultCode, faults, isFault } from './faults.ts'
import type { ApiRequest, Http } from './http.ts'
import { runTime } from './http.ts'
import { at, type Json } from './json.ts'
import { readReport } from './report.ts'
import type { Page, ReadContext, Subject } from './stream.ts'
import { hour, minute } from './time.ts'

/** What the platform answers to the nth request of a kind: a body, or a fault. */
type Answers = (what: 'order' | 'look' | 'download', nth: number, request: ApiRequest) => Json | Fault | FaultCode

const read = readReport({
  order: () => ({ method: 'POST', path: '/reports', body: {}, idempotent: true }),
  idOf: (body) => (at(body, 'id') as Json) ?? null,
  look: (id) => ({ path: `/reports/${id}` }),
  stateOf: (body) =>
    at(body, 'url') !== undefined
      ? { state: 'ready', request: { path: String(at(body, 'url')) } }
      : at(body, 'error') !== undefined
        ? { state: 'failed', why: String(at(body, 'error')) }
        : { state: 'pending', ...(typeof at(body, 'wait') === 'number' && { waitMs: at(body, 'wait') as number }) },
  parse: (body) => ({ items: (at(body, 'rows') as string[]).map((id) => ({ kind: 'post' as const, id, title: '' })) }),
})

/** Runs again and again, each in a process of its own, when the one before said so; until there is something, or it failed. */
async function play(answers: Answers, { mostRuns = 500 } = {}) {
  const counts = { order: 0, look: 0, download: 0 }
  const ids: string[] = []
  let place: Json = null
  let now = Date.parse('2026-11-28T00:00:00Z')
  const began = now
  for (let runs = 1; runs <= mostRuns; runs++) {
    const http = async (request: ApiRequest) => {
      const what = request.method === 'POST' ? 'order' : request.path.startsWith('/reports/') ? 'look' : 'download'
      const said = answers(what, ++counts[what], request)
      if (isFault(said)) throw said
      if (typeof said === 'string' && said in faults) throw Object.assign(new Error(said), { code: said, detail: {} })
      return { status: 200, headers: {}, body: said as Json, at: now }
    }
    const subjects: Subject[] = [
      { account: { id: 'acc', name: 'one', kind: 'channel' as const }, cursor: null, checkpoint: place },
    ]
    const context: ReadContext = {
      http: http as unknown as Http,
      subjects,
      settings: {},
      time: runTime(now),
    }
    let ended: Fault | 'done' = 'done'
    try {
      for await (const page of read(context) as AsyncIterable<Page>) {
        ids.push(...(page.items ?? []).map(({ id }) => id))
        place = page.cursor !== undefined ? null : page.checkpoint === undefined ? place : page.checkpoint
      }
    } catch (error) {
      if (!isFault(error)) throw error
      ended = error
    }
    if (ended === 'done' || ended.code !== 'provider.pending') {
      const hours = Math.round((now - began) / hour)
      return {
        ...counts,
        runs,
        ids,
        hours,
        ended: ended === 'done' ? 'done' : ended.code,
        place,
        says: ended === 'done' ? '' : ended.message,
      }
    }
    assert.ok(ended.detail.waitMs! >= 1_000, 'it says when to come again')
    now += ended.detail.waitMs!
  }
  return { ...counts, runs: mostRuns, ids, hours: (now - began) / hour, ended: 'never', place, says: '' }
}

const check = (title: string, answers: Answers, expected: Partial<Awaited<ReturnType<typeof play>>>) =>
  test(`F56: a report ${title}`, async () => assert.partialDeepStrictEqual(await play(answers), expected))

const order = (nth: number): Json => ({ id: `r${nth}` })

check(
  'that takes five hours is asked for once, asked after, and read once',
  (what, nth) =>
    what === 'order' ? order(nth) : what === 'look' ? (nth < 30 ? {} : { url: '/files/1' }) : { rows: ['a', 'b'] },
  { ended: 'done', order: 1, look: 30, download: 1, hours: 5, ids: ['a', 'b'], place: null },
)
check(
  'whose platform says when to come again is asked after then',
  (what, nth) =>
    what === 'order' ? order(nth) : what === 'look' ? (nth < 2 ? { wait: 3 * hour } : { url: '/f' }) : { rows: ['a'] },
  { ended: 'done', look: 2, hours: 3 },
)
check(
  'whose address is over is read at another one, without another report',
  (what, nth) =>
    what === 'order'
      ? order(nth)
      : what === 'look'
        ? { url: `/files/${nth}` }
        : nth === 1
          ? 'provider.forbidden'
          : { rows: ['a'] },
  { ended: 'done', order: 1, look: 2, download: 2, ids: ['a'] },
)
check(
  'that failed, or was forgotten, is asked for anew',
  (what, nth) =>
    what === 'order'
      ? order(nth)
      : what === 'look'
        ? [{ error: 'out of memory' }, 'provider.missing', { url: '/f' }][nth - 1]!
        : { rows: ['a'] },
  { ended: 'done', order: 3, look: 3, download: 1 },
)
check(
  'that fails every time is no endless work',
  (what, nth) => (what === 'order' ? order(nth) : { error: 'out of memory' }),
  {
    ended: 'provider.down',
    order: 3,
    look: 3,
    says: 'The platform did not make the report, 3 times: out of memory',
    place: null,
  },
)
check('that is never ready is given up after three days', (what, nth) => (what === 'order' ? order(nth) : {}), {
  ended: 'provider.down',
  order: 3,
  place: null,
})
check(
  'that holds nothing is read, and is not asked for again',
  (what, nth) => (what === 'order' ? order(nth) : what === 'look' ? { url: '/f' } : { rows: [] }),
  { ended: 'done', order: 1, download: 1, ids: [] },
)
check(
  'keeps what it is called while the platform is away',
  (what, nth) => (what === 'order' ? order(nth) : what === 'look' ? 'provider.down' : { rows: [] }),
  {
    ended: 'provider.down',
    order: 1,
    look: 1,
    place: { id: 'r1', orderedAt: Date.parse('2026-11-28T00:00:00Z'), orders: 1 },
  },
)
check('without a name is an answer of another form', () => ({ ok: true }), { ended: 'provider.changed', order: 1 })

test('F56: a report is not asked after more often than each ten minutes', async () => {
  const { look, hours } = await play((what, nth) => (what === 'order' ? order(nth) : {}), { mostRuns: 100 })
  assert.ok(look <= (hours * hour) / (10 * minute) + 1, `${look} looks in ${hours} hours`)
})
