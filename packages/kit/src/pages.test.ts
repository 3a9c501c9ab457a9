import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Fault, isFault } from './faults.ts'
import type { ApiRequest, Http } from './http.ts'
import { runTime } from './http.ts'
import { at, type Json, listAt } from './index.ts'
import { offsetLimit, pageNumber, pageToken } from './pages.ts'
import { type Page, type Pager, readPages } from './stream.ts'

interface Walked {
  readonly calls: number
  /** Ids in the order in which they came. */
  readonly ids: readonly string[]
  readonly last: Page | undefined
  /** Where the next one goes on. */
  readonly place: Json
  readonly fault: Fault | null
}

/** Walks a list that answers so, from the beginning or from where another walk stopped; it stops itself after so many pages. */
async function walk(
  next: Pager,
  answer: (query: Readonly<Record<string, unknown>>, nth: number) => Json,
  options: { from?: Json; stopAfter?: number; maxPages?: number } = {},
): Promise<Walked> {
  let calls = 0
  const call = async ({ query = {} }: ApiRequest) => ({ status: 200, headers: {}, body: answer(query, ++calls), at: 0 })
  const http = Object.assign(call, { get: async () => null }) as unknown as Http
  const read = readPages({
    request: () => ({ path: '/list', query: {} }),
    next,
    total: (body) => (at(body, 'total') as number | undefined) ?? null,
    ...(options.maxPages !== undefined && { maxPages: options.maxPages }),
    parse: (body) => ({
      items: listAt(body, 'rows').map((id) => ({ kind: 'post' as const, id: String(id), title: '' })),
      cursor: (at(body, 'rows', 0) as Json) ?? undefined,
    }),
  })
  const account = { id: 'acc', name: 'one', kind: 'channel' as const }
  const subjects = [{ account, cursor: null, checkpoint: options.from ?? null }]
  const pages: Page[] = []
  try {
    for await (const page of read({ http, subjects, settings: {}, time: runTime(0) })) {
      pages.push(...[page].flat())
      if (pages.length === options.stopAfter) break
    }
  } catch (error) {
    if (!isFault(error)) throw error
    return walked(calls, pages, error)
  }
  return walked(calls, pages, null)
}

const walked = (calls: number, pages: readonly Page[], fault: Fault | null): Walked => ({
  ...{ calls, ids: idsOf(pages), last: pages.at(-1), fault },
  place: pages.findLast(({ checkpoint }) => checkpoint !== undefined)?.checkpoint ?? null,
})

const idsOf = (pages: readonly Page[]) => pages.flatMap(({ items = [] }) => items.map(({ id }) => id))
const numbers = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
const token = pageToken('next', 'page')

suite('F43: a list that does not end is an error, and never taken for a whole', () => {
  const check = (title: string, answer: Parameters<typeof walk>[1], calls: number, says: RegExp) =>
    test(title, async () => {
      const { calls: made, fault, last } = await walk(token, answer)
      assert.deepEqual([made, fault?.code], [calls, 'provider.changed'])
      assert.match(fault!.message, says)
      assert.equal(last!.cursor, undefined, 'a walk that is not whole has no end')
    })

  check('that points at itself', () => ({ rows: [1], next: 'a' }), 2, /leads back/)
  check(
    'that goes in a circle',
    ({ page }) => ({ rows: [1], next: page === 'a' ? 'b' : page === 'b' ? 'c' : 'a' }),
    4,
    /leads back/,
  )
  check('of empty pages', (_, nth) => ({ rows: [], next: `p${nth}` }), 100, /100 pages in a row were empty/)
  check(
    'that always has another page',
    (_, nth) => ({ rows: [nth], next: `p${nth}` }),
    10_000,
    /goes on after 10000 pages/,
  )

  test('also where each run reads a part of it', async () => {
    let from: Json = null
    let runs = 0
    let fault: Fault | null = null
    for (; fault === null && runs < 20; runs++) {
      // Every thousand pages a run ends, also the one on which there are too many.
      const part = await walk(token, ({ page = 0 }) => ({ rows: [1], next: String(Number(page) + 1) }), {
        from,
        stopAfter: 1_000,
      })
      fault = part.fault
      from = part.place
    }
    assert.deepEqual([runs, fault?.code, from], [11, 'provider.changed', null])
  })

  test('but as far as it is wanted, it is read', async () => {
    const { ids, fault, last } = await walk(token, (_, nth) => ({ rows: [nth], next: `p${nth}` }), { maxPages: 3 })
    assert.deepEqual([ids, fault, last!.cursor], [['1', '2', '3'], null, 1])
  })
})

suite('F44: what is said of the next page counts, and not how full this one is', () => {
  test('a short and an empty page in the middle', async () => {
    const pages: Json[][] = [[1, 2, 3], [4], [], [5, 6, 7]]
    const answer = ({ page = 0 }) => ({
      rows: pages[Number(page)]!,
      next: Number(page) < 3 ? String(Number(page) + 1) : null,
    })
    assert.deepEqual((await walk(token, answer)).ids, ['1', '2', '3', '4', '5', '6', '7'])
  })

  test('pages that are capped, or from which rows are left out', async () => {
    const answer = ({ offset = 0 }) => ({ rows: numbers(Number(offset), Math.min(10, Number(offset) + 3)) })
    assert.deepEqual((await walk(offsetLimit(['rows']), answer)).ids, numbers(0, 10).map(String))
    const thinned = ({ offset = 0 }) => ({
      rows: numbers(Number(offset), Math.min(10, Number(offset) + 4)).filter((id) => id % 4 !== 1),
    })
    assert.deepEqual(
      [...new Set((await walk(offsetLimit(['rows']), thinned)).ids)].map(Number).sort((a, b) => a - b),
      [0, 2, 3, 4, 6, 7, 8],
    )
  })

  test('a page of numbered pages', async () => {
    const answer = ({ page = 1 }) => ({ rows: Number(page) === 2 ? [] : [Number(page)], pages: 3 })
    assert.deepEqual((await walk(pageNumber('page', ['pages']), answer)).ids, ['1', '3'])
  })
})

suite('F42: a list that moves while it is counted through', () => {
  const paged =
    (list: (nth: number) => readonly number[]) =>
    ({ offset = 0 }: { offset?: unknown }, nth: number) => {
      const now = list(nth)
      return { rows: now.slice(Number(offset), Number(offset) + 4), total: now.length }
    }
  const offsets = offsetLimit(['rows'], { total: ['total'] })

  test('what goes pulls rows over to a page that was read: it is read once more, and nothing is missed', async () => {
    const before = numbers(0, 12)
    const after = before.filter((id) => id !== 1 && id !== 2)
    const { ids, calls, fault } = await walk(
      offsets,
      paged((nth) => (nth === 1 ? before : after)),
    )
    assert.equal(fault, null)
    assert.deepEqual(
      after.filter((id) => !ids.includes(String(id))),
      [],
    )
    assert.equal(calls, 3 + 3)
  })

  test('a total that is null ends nothing', async () => {
    const { ids } = await walk(offsets, ({ offset = 0 }) => ({
      rows: numbers(0, 10).slice(Number(offset), Number(offset) + 4),
      total: null,
    }))
    assert.deepEqual(ids, numbers(0, 10).map(String))
  })

  test('one that never stands still is read twice and no more', async () => {
    const { calls, last } = await walk(
      offsets,
      paged((nth) => numbers(0, 40 - nth)),
    )
    assert.ok(calls <= 20 && last!.cursor !== undefined, `${calls} calls`)
  })

  test('what comes pushes rows over to the next page, which is no reason to read it again', async () => {
    const { ids, calls } = await walk(
      offsets,
      paged((nth) => [...numbers(100 - nth, 100), ...numbers(0, 8)]),
    )
    assert.deepEqual(
      numbers(0, 8).filter((id) => !ids.includes(String(id))),
      [],
    )
    assert.ok(calls <= 4, `${calls} calls`)
  })

  test('a walk that was broken off remembers that the list got shorter', async () => {
    const before = numbers(0, 12)
    const after = before.filter((id) => id !== 1 && id !== 2)
    const first = await walk(
      offsets,
      paged(() => before),
      { stopAfter: 1 },
    )
    const rest = await walk(
      offsets,
      paged(() => after),
      { from: first.last!.checkpoint! },
    )
    const seen = new Set([...first.ids, ...rest.ids])
    assert.deepEqual(
      after.filter((id) => !seen.has(String(id))),
      [],
    )
  })
})
