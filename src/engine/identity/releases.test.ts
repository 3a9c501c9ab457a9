import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePartialDate } from '@patchbay/kit'
import fc from 'fast-check'
import { earliestDate } from './identified-item.ts'
import { groupReleases } from './releases.ts'
import { itemOf } from './test-items.ts'

const album = (identifiers: Readonly<Record<string, string>>, more = {}) =>
  itemOf({ kind: 'album', identifiers, ...more })

test('one barcode in three forms is one release, with the text that each platform gave', () => {
  const releases = groupReleases([
    album({ upc: '036000291452' }, { id: 'a', title: 'Harbour' }),
    album({ ean: '0036000291452' }, { id: 'b', provider: 'beta', title: 'Harbour (Deluxe)' }),
    album({ barcode: '0-36000-29145-2' }, { id: 'c', provider: 'gamma' }),
    album({ upc: '036000291453' }, { id: 'd' }),
  ])
  assert.deepEqual(
    releases.map(({ title, gtins, items, barcodes }) => [
      title,
      gtins.map(({ code }) => code),
      items.map(({ id }) => id).join(''),
      barcodes.map(({ raw, gtin }) => [raw, gtin]),
    ]),
    [
      [
        'Harbour',
        ['00036000291452'],
        'abc',
        [
          ['036000291452', '00036000291452'],
          ['0036000291452', '00036000291452'],
          ['0-36000-29145-2', '00036000291452'],
        ],
      ],
      ['Low Tide', [], 'd', [['036000291453', null]]],
    ],
  )
})

test('placeholders, missing barcodes and equal titles join nothing; two connections to one album do', () => {
  const apart: Record<string, string>[] = [
    {},
    {},
    { upc: '000000000000' },
    { upc: '000000000000' },
    { upc: 'none' },
    { upc: 'none' },
  ]
  assert.equal(groupReleases(apart.map((identifiers) => album(identifiers))).length, apart.length)
  assert.equal(groupReleases(['con_1', 'con_2'].map((connectionId) => album({}, { connectionId, id: 'x' }))).length, 1)
  assert.deepEqual(groupReleases([itemOf({ identifiers: { upc: '036000291452' } })]), [])
})

test('of dates the earliest counts, as precise as anybody gave it', () => {
  const dateOf = (...dates: (string | undefined)[]) =>
    earliestDate(dates.map((publishedAt) => itemOf(publishedAt === undefined ? {} : { publishedAt })))?.value ?? null
  assert.equal(dateOf('2024', '2024-03', '2024-03-08', '2025-01-01'), '2024-03-08')
  assert.equal(dateOf('2023', '2024-03-08'), '2023')
  assert.equal(dateOf('2024-05', '2024-03-08'), '2024-03-08')
  assert.equal(dateOf(undefined, '0000-00-00'), null)
  assert.equal(dateOf(), null)
  const date = fc.constantFrom('2023', '2024', '2024-03', '2024-03-08', '2024-03-09', '0000', 'soon')
  fc.assert(
    fc.property(fc.array(date), (dates) => {
      const found = dateOf(...dates)
      const known = dates.flatMap((one) => parsePartialDate(one)?.value ?? []).sort()
      if (known.length === 0) assert.equal(found, null)
      else {
        assert.ok(known.includes(found!) && found!.startsWith(known[0]!))
        assert.equal(found, dateOf(...dates.toReversed()))
      }
    }),
  )
})
