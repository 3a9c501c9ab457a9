import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApiRequest, isFault, type Json } from '@patchbay/kit'
import { type Answer, pretendHttp } from '../pretend-http.ts'
import { firstPlace, type MediaPage, type Place, walkMedia } from './walk-media.ts'

/** A list of media that are named by their place; `refused` are those whose numbers the platform does not give. */
function list(options: { length: number; refused?: (place: number) => Answer | null }) {
  return ({ query }: ApiRequest): Answer => {
    const limit = Number(query!.limit)
    const from = Number(query!.after ?? 0)
    const places = Array.from({ length: Math.min(limit, options.length - from) }, (_, index) => from + index)
    const withNumbers = String(query!.fields).includes('insights')
    for (const place of places) {
      const refusal = withNumbers ? options.refused?.(place) : null
      if (refusal) return refusal
    }
    const after = String(from + places.length)
    return {
      body: {
        data: places.map((place) => ({ id: String(place), numbers: withNumbers })),
        paging: { cursors: { before: 'b', after }, ...(Number(after) < options.length && { next: 'https://…' }) },
      },
    }
  }
}

const graph = (code: number, message: string, subcode?: number): Answer => ({
  status: 400,
  body: { error: { message, code, ...(subcode && { error_subcode: subcode }) } },
})
const unsupported = graph(
  100,
  '(#100) The Media Insights API does not support the views metric for this media product type.',
)
const beforeConversion = graph(100, 'Invalid parameter', 2108006)
const fewViewers = graph(10, '(#10) Not enough viewers for the media to show insights')

async function walk(
  answer: (request: ApiRequest) => Answer,
  { from = firstPlace, refused }: { from?: Place; refused?: readonly string[] } = {},
) {
  const http = pretendHttp(answer)
  const pages: MediaPage[] = []
  for await (const page of walkMedia(http, { path: '/1/media', insights: ['views'], from, refused })) pages.push(page)
  const media = pages.flatMap((page) => page.media) as { id: string; numbers: boolean }[]
  const blamed = pages.flatMap((page) => page.blamed ?? [])
  return { pages, media, blamed, calls: http.requests.length }
}

/** Every medium comes once, in order, and all but `without` with numbers. `calls` of the first walk, `again` of one that knows whom that one blamed. */
async function check(
  options: Parameters<typeof list>[0],
  expected: { calls: number; again?: number; without: readonly number[] },
) {
  const first = await walk(list(options))
  const second = await walk(list(options), { refused: first.blamed })
  checkMedia(first.media, options, expected)
  checkMedia(second.media, options, expected)
  assert.deepEqual([first.calls, second.calls], [expected.calls, expected.again ?? expected.calls])
}

function checkMedia(
  media: readonly { id: string; numbers: boolean }[],
  options: { length: number },
  expected: { without: readonly number[] },
) {
  assert.deepEqual(
    media.map(({ id }) => Number(id)),
    Array.from({ length: options.length }, (_, place) => place),
  )
  assert.deepEqual(
    media.filter(({ numbers }) => !numbers).map(({ id }) => Number(id)),
    expected.without,
  )
}

test('F29: one bad medium costs some smaller pages and only its own numbers', async () => {
  await check({ length: 0 }, { calls: 1, without: [] })
  await check({ length: 120 }, { calls: 3, without: [] })
  await checkRefused({ length: 50, place: 40, calls: 13, again: 6 })
  await checkRefused({ length: 150, place: 0, calls: 12, again: 7 })
  await checkRefused({ length: 150, place: 70, calls: 14, again: 8 })
  await checkRefused({ length: 3, place: 1, calls: 7, again: 6 })
  await checkRefused({ length: 1, place: 0, calls: 2, again: 2 })
})

/** One medium is refused. */
const checkRefused = ({ length, place: bad, calls, again }: Record<'length' | 'place' | 'calls' | 'again', number>) =>
  check({ length, refused: (place) => (place === bad ? unsupported : null) }, { calls, again, without: [bad] })

test('what was refused before may have its numbers now, and another one may be refused in front of it', async () => {
  const mended = await walk(list({ length: 120 }), { refused: ['70'] })
  assert.deepEqual([mended.calls, mended.blamed], [3, []])
  const other = await walk(list({ length: 50, refused: (place) => (place === 10 ? unsupported : null) }), {
    refused: ['40'],
  })
  checkMedia(other.media, { length: 50 }, { without: [10] })
  assert.deepEqual(other.blamed, ['10'])
})

test('behind a post from before the conversion nothing more is asked', async () => {
  const without = Array.from({ length: 140 }, (_, index) => index + 60)
  await check(
    { length: 200, refused: (place) => (place >= 60 ? beforeConversion : null) },
    { calls: 16, again: 9, without },
  )
})

test('when every medium is refused it is not the media that are to blame', async () => {
  const { media, calls } = await walk(list({ length: 400, refused: () => unsupported }))
  assert.equal(media.length, 400)
  assert.ok(calls < 40, `${calls} calls`)
})

test('the reason for missing numbers is kept in the place, and tells few viewers from no numbers', async () => {
  const { pages } = await walk(list({ length: 120, refused: () => beforeConversion }))
  assert.deepEqual(
    pages.map(({ missing }) => missing?.reason),
    ['unavailable', 'unavailable', 'unavailable', 'unavailable'],
  )
  assert.deepEqual([pages[0]!.next!.plain, pages[0]!.next!.limit], ['Invalid parameter', 50])
  const stories = await walk(list({ length: 1, refused: () => fewViewers }))
  assert.deepEqual(stories.pages[0]!.missing!.reason, 'below_threshold')
})

test('a walk goes on from its place', async () => {
  const { pages } = await walk(list({ length: 130 }))
  const rest = await walk(list({ length: 130 }), { from: pages[0]!.next! })
  assert.deepEqual([rest.media.length, rest.media[0]!.id, rest.calls], [80, '50', 2])
})

test('F41: a place that was kept for too long is told apart from refused numbers', async () => {
  const { pages } = await walk(list({ length: 130 }))
  await assert.rejects(
    walk(() => graph(100, '(#100) Invalid cursor'), { from: pages[0]!.next! }),
    (error) => isFault(error, 'provider.cursor'),
  )
  await assert.rejects(
    walk(() => graph(100, '(#100) Tried accessing nonexisting field')),
    (error) => isFault(error, 'provider.rejected'),
  )
})

test('other faults stop the walk', async () => {
  await assert.rejects(
    walk(() => graph(190, 'Session has expired', 463)),
    { code: 'connection.expired' },
  )
  await assert.rejects(
    walk(() => graph(1, 'An unknown error occurred')),
    { code: 'provider.down' },
  )
})

test('a page too heavy to answer is asked in smaller ones', async () => {
  const heavy: Answer = {
    status: 500,
    body: { error: { code: 1, message: "Please reduce the amount of data you're asking for" } },
  }
  const answer = list({ length: 60 })
  const { media, calls } = await walk((request) => (Number(request.query!.limit) > 25 ? heavy : answer(request)))
  assert.deepEqual([media.length, calls], [60, 5])
})

test('F43: a list that points at itself is an error after its rows, F44: an empty page with a next does not end one', async () => {
  const next = (after: string, data: Json[]): Answer => ({
    body: { data, paging: { cursors: { after }, next: 'https://…' } },
  })
  let calls = 0
  const circle = () => {
    calls++
    return next('same', [{ id: '1' }])
  }
  await assert.rejects(walk(circle), (error) => isFault(error, 'provider.changed'))
  assert.equal(calls, 2)
  const gap = await walk(({ query }) =>
    query!.after === undefined ? next('1', []) : { body: { data: [{ id: '7' }], paging: { cursors: { after: '2' } } } },
  )
  assert.deepEqual(
    gap.media.map(({ id }) => id),
    ['7'],
  )
})
