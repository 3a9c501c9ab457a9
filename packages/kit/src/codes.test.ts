import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { codesGiven, codesOf, parseGtin, parseIsni, parseIsrc, parseMbid, parsePartialDate } from './codes.ts'

type Parse = (text: string) => unknown

function check(parse: Parse, cases: Readonly<Record<string, unknown>>): void {
  for (const [given, expected] of Object.entries(cases)) assert.deepEqual(parse(given), expected, given)
}

test('an ISRC has one form', () =>
  check(parseIsrc, {
    QZEX12600001: 'QZEX12600001',
    'qz-ex1-26-00001': 'QZEX12600001',
    ' ISRC QZ EX1 26 00001 ': 'QZEX12600001',
    'QZ‐EX1‐26‐00001': 'QZEX12600001',
    ZZP9X2600001: 'ZZP9X2600001',
    QZEX1260001: null,
    QZEX126000012: null,
    '1ZEX12600001': null,
    QZEX1260000X: null,
    '': null,
  }))

test('a barcode is a GTIN-14 when its check digit holds', () =>
  check(parseGtin, {
    '036000291452': '00036000291452',
    '0 36000 29145 2': '00036000291452',
    '4006381333931': '04006381333931',
    '00036000291452': '00036000291452',
    '10036000291459': '10036000291459',
    '036000291453': null,
    '000000000000': null,
    '36000291452': null,
    '1234567': null,
    none: null,
  }))

test('ISNI and MBID are checked as their standards say', () => {
  check(parseIsni, {
    '0000 0001 2103 2683': '0000000121032683',
    '000000012146438X': '000000012146438X',
    '0000 0001 2103 2684': null,
    '0000000000000000': null,
    '000000012103268': null,
  })
  check(parseMbid, {
    'F27EC8DB-AF05-4F36-916E-3D57F91ECF5E': 'f27ec8db-af05-4f36-916e-3d57f91ecf5e',
    '00000000-0000-0000-0000-000000000000': null,
    f27ec8dbaf054f36916e3d57f91ecf5e: null,
  })
})

test('a date is as precise as it was given', () =>
  check(parsePartialDate, {
    '1981': { value: '1981', precision: 'year' },
    '1981-12': { value: '1981-12', precision: 'month' },
    '1981-12-15': { value: '1981-12-15', precision: 'day' },
    '1981-00-00': { value: '1981', precision: 'year' },
    '1981-12-00': { value: '1981-12', precision: 'month' },
    '2025-05-01T10:00:00Z': { value: '2025-05-01T10:00:00Z', precision: 'instant' },
    '0000-00-00': null,
    '0000': null,
    '1981-00-12': null,
    '1981-13': null,
    '1981-13-00': null,
    '1981-02-30': null,
    '15.12.1981': null,
    '': null,
  }))

test('several codes may stand in one text, and what is none is kept as it was given', () => {
  const identifiers = { upc: '036000291452, 4006381333931', ean: '0036000291452', barcode: 'unknown', isrc: 'nope' }
  assert.deepEqual(codesOf(identifiers, 'gtin'), ['00036000291452', '04006381333931'])
  assert.deepEqual(codesGiven(identifiers, 'gtin').at(-1), { raw: 'unknown', code: null })
  assert.deepEqual(codesOf(identifiers, 'isrc'), [])
  assert.deepEqual(codesOf(undefined, 'isrc'), [])
  assert.equal(codesGiven({ isrc: 'QZEX12600001,'.repeat(1000) }, 'isrc').length, 100)
})

test('whatever is parsed comes back from its own form, and one wrong digit of a barcode is always noticed', () => {
  const digits = (length: number) => fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length })
  for (const parse of [parseIsrc, parseGtin, parseIsni, parseMbid])
    fc.assert(
      fc.property(fc.oneof(fc.string(), digits(13).map(String), fc.uuid()), (text) => {
        const code = parse(text)
        if (code !== null) assert.equal(parse(code), code)
      }),
    )
  fc.assert(
    fc.property(digits(11), fc.nat(11), fc.integer({ min: 1, max: 9 }), (start, place, by) => {
      const sum = start.reduce((total, digit, index) => total + digit * (index % 2 === 0 ? 3 : 1), 0)
      const upc = [...start, (10 - (sum % 10)) % 10]
      fc.pre(upc.some((digit) => digit > 0))
      assert.equal(parseGtin(upc.join('')), `00${upc.join('')}`)
      assert.equal(parseGtin(`0${upc.join('')}`), `00${upc.join('')}`, 'the same as EAN-13')
      const wrong = upc.with(place, (upc[place]! + by) % 10)
      assert.equal(parseGtin(wrong.join('')), null)
    }),
  )
})
