import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Audience, Item, Observation, Page } from '@patchbay/kit'
import { checkPage } from './check-page.ts'
import { madeUp } from './test-world.ts'

const now = Date.parse('2026-10-05T12:00:00Z')
const stream = {
  ...madeUp.streams.videos!,
  metrics: [
    'consumption.views',
    'engagement.likes_daily',
    'audience.followers_gained',
    'revenue.estimated_daily',
  ] as const,
  audiences: ['viewers'] as const,
}
const good: Observation = { metric: 'consumption.views', value: 5, day: '2026-10-05', native: 'views' }
const page = (more: Partial<Page>) => checkPage(stream, { account: 'acc_1', ...more }, now)

const check = (what: string, row: object, why: RegExp | null) =>
  test(`F49, F52, F55: an observation with ${what} ${why ? `is set aside: ${why.source}` : 'is stored'}`, () => {
    const { observations, refused } = page({
      observations: [{ ...good, ...row } as Observation, { ...good, item: 'another' }],
    })
    assert.equal(observations.length, why ? 1 : 2)
    assert.equal(refused.length, why ? 1 : 0)
    if (why) assert.match(refused[0]!.why, why)
  })

check('everything right', {}, null)
check('zero', { value: 0 }, null)
check('a null and its reason', { value: null, reason: 'hidden' }, null)
check('a null without reason', { value: null }, /needs a reason/)
check('a reason nobody knows', { value: null, reason: 'because' }, /needs a reason/)
check('no value at all', { value: undefined }, /not a number/)
check('text for a number', { value: '5' }, /not a number: 5/)
check('a number as people write it', { value: '1.234,5' }, /not a number: 1.234,5/)
check('NaN', { value: Number.NaN }, /not a number/)
check('infinity', { value: Infinity }, /not a number/)
check('a negative count', { value: -1 }, /negative/)
check('more likes taken back than given', { metric: 'engagement.likes_daily', value: -2 }, null)
check('negative money, which is a refund', { metric: 'revenue.estimated_daily', value: -1 }, null)
check('a metric of another stream', { metric: 'audience.followers' }, /does not declare/)
check('a metric nobody knows', { metric: 'audience.fans' }, /not in the vocabulary/)
check('a day that is none', { day: '2026-02-30' }, /not a calendar day/)
check('an instant for a day', { day: '2026-10-05T00:00:00Z' }, /not a calendar day/)
check('tomorrow, which it is already somewhere', { day: '2026-10-06' }, null)
check('a day in the future', { day: '2027-10-05' }, /in the future/)
check('a zone', { timezone: 'America/Los_Angeles' }, null)
check('a zone that is none', { timezone: 'Mars/Olympus' }, /not a time zone/)
check('an empty item', { item: '' }, /not an item id/)
check('an item id as long as a book', { item: 'x'.repeat(400) }, /not an item id/)
check('a number as item id (F51)', { item: 7 }, /not an item id/)
check('no native name', { native: '' }, /own name/)
check('a modelled value', { provenance: 'modelled' }, /never stored/)
check('an estimate of the provider', { provenance: 'provider_estimate' }, null)
check('dimensions', { dimensions: { country: 'FR' } }, null)
check('dimensions in a script of large letters', { dimensions: { city: '東'.repeat(300) } }, null)
check('dimensions longer than their key', { dimensions: { city: '東'.repeat(900) } }, /dimensions/)
check('dimensions that are numbers', { dimensions: { age: 18 } }, /dimensions/)

test('items of declared kinds are kept, and a date that is none is left out', () => {
  const item = (more: object) => ({ kind: 'video', id: 'v', title: '', ...more }) as Item
  const { items, refused } = page({
    items: [
      item({ id: 'a', publishedAt: '0000-00-00' }),
      item({ id: 'b', publishedAt: '1981' }),
      item({ id: 'c', publishedAt: '2026-10-05T10:00:00Z', durationMs: -3 }),
      item({ id: 'd', kind: 'track' }),
      item({ id: '' }),
      item({ id: 'e', title: null }),
    ],
  })
  assert.deepEqual(
    items.map(({ id, publishedAt, durationMs }) => [id, publishedAt, durationMs]),
    [
      ['a', undefined, undefined],
      ['b', '1981', undefined],
      ['c', '2026-10-05T10:00:00Z', undefined],
    ],
  )
  assert.equal(refused.length, 3)
})

test('codes are texts of a sensible length, and links are addresses of the web', () => {
  const identifiers = { isrc: 'QZEX12600001', upc: 7, ean: '', long: 'x'.repeat(2001) } as never
  const { items, facts } = page({
    items: [{ kind: 'video', id: 'v', title: '', identifiers }],
    facts: {
      identifiers,
      former: { mbid: 'f27ec8db-af05-4f36-916e-3d57f91ecf5e' },
      links: [
        { url: 'https://example.com/nova', by: 'catalogue' },
        { url: 'javascript:alert(1)', by: 'profile' },
        { url: 'https://', by: 'profile' },
        ...Array.from({ length: 300 }, (_, n) => ({ url: `https://example.com/${n}`, by: 'profile' as const })),
      ],
    },
  })
  assert.deepEqual(items[0]!.identifiers, { isrc: 'QZEX12600001' })
  assert.deepEqual(facts!.identifiers, { isrc: 'QZEX12600001' })
  assert.deepEqual(facts!.former, { mbid: 'f27ec8db-af05-4f36-916e-3d57f91ecf5e' })
  assert.deepEqual(
    [facts!.links![0]!.url, facts!.links![1]!.url, facts!.links!.length],
    ['https://example.com/nova', 'https://example.com/0', 200],
  )
})

test('an audience has shares between nothing and all', () => {
  const audience = (value: number, more: Partial<Audience> = {}): Audience => ({
    population: 'viewers',
    basis: 'share',
    dimensions: ['country'],
    period: { start: null, end: '2026-10-01' },
    rows: [{ group: { country: 'FR' }, value }],
    ...more,
  })
  const { audiences, refused } = page({
    audiences: [
      audience(0.2),
      audience(20),
      audience(20, { basis: 'count' }),
      audience(0.2, { population: 'listeners' }),
      audience(0.2, { period: { start: null, end: 'October' } }),
      audience(Number.NaN),
    ],
  })
  assert.deepEqual([audiences.length, refused.length], [2, 4])
})

test('what the provider’s code refused is kept, cut to a readable length and number', () => {
  const many = Array.from({ length: 500 }, (_, i) => ({ what: `row ${i}`, why: 'x'.repeat(5000) }))
  const { refused } = page({ refused: many })
  assert.equal(refused.length, 200)
  assert.equal(refused[0]!.why.length, 500)
})

test('F45: of what is there twice the last counts, and where the two differ it is said', () => {
  const observed = (value: number | null, more: Partial<Observation> = {}): Observation => ({ ...good, value, ...more })
  const { observations, refused, doubled } = page({
    observations: [
      observed(5),
      observed(7, { item: 'v' }),
      observed(6),
      observed(7, { item: 'v' }),
      observed(1, { dimensions: { a: 'x', b: 'y' } }),
      observed(2, { dimensions: { b: 'y', a: 'x' } }),
      observed(3, { dimensions: { a: 'x' } }),
      observed(4, { day: '2026-10-04' }),
    ],
  })
  assert.deepEqual(
    observations.map(({ value }) => value),
    [6, 7, 2, 3, 4],
  )
  assert.equal(doubled, 2)
  assert.deepEqual(
    refused.map(({ why }) => why),
    ['twice in one answer, and the last counts: 5', 'twice in one answer, and the last counts: 1'],
  )
  const item = (title: string, id = 'a'): Item => ({ kind: 'video', id, title })
  const listed = page({ items: [item('Old'), item('Same', 'b'), item('New'), item('Same', 'b')] })
  assert.deepEqual(
    listed.items.map(({ title }) => title),
    ['New', 'Same'],
  )
  assert.deepEqual([listed.refused.length, listed.doubled], [1, 1])
  const full = page({
    observations: [observed(5), observed(6)],
    refused: Array.from({ length: 199 }, (_, nth) => ({ what: `row ${nth}`, why: 'odd' })),
    items: [item('Old'), item('New')],
  })
  assert.deepEqual([full.refused.length, full.doubled], [200, 1], 'what is kept is what is counted')
})

test('F54: a time without a zone is the day that it names, and one with a zone stays', () => {
  const here = process.env.TZ
  try {
    for (const zone of ['Pacific/Kiritimati', 'America/Los_Angeles']) {
      process.env.TZ = zone
      const dates = [
        '2026-10-05T23:30:00',
        '2026-10-05T23:30',
        '2026-10-05T23:30:00Z',
        '2026-10-05T23:30:00.000+02:00',
        '2026-10',
      ]
      const { items } = page({
        items: dates.map((publishedAt, i) => ({ kind: 'video', id: `v${i}`, title: '', publishedAt })),
      })
      assert.deepEqual(
        items.map(({ publishedAt }) => publishedAt),
        ['2026-10-05', '2026-10-05', ...dates.slice(2)],
      )
    }
  } finally {
    if (here === undefined) delete process.env.TZ
    else process.env.TZ = here
  }
})
