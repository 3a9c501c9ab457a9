import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Json, parseJson } from './json.ts'

test('F51: an integer that JavaScript cannot hold is the text of its digits, wherever it stands', () => {
  const check = (text: string, expected: Json) => assert.deepEqual(parseJson(text), expected, text)
  check('9007199254740993', '9007199254740993')
  check('{"id":17841400000000001}', { id: '17841400000000001' })
  check('{"id" : -9223372036854775808 }', { id: '-9223372036854775808' })
  check('[1,\n18446744073709551615]', [1, '18446744073709551615'])
  check('{"a":{"b":[{"id":9007199254740992}]}}', { a: { b: [{ id: '9007199254740992' }] } })
  // What it can hold stays a number, and what only looks like one stays what it is.
  check('{"id":9007199254740991,"n":1.5,"e":1e21,"f":12345678901234567.5}', {
    id: 9007199254740991,
    n: 1.5,
    e: 1e21,
    f: 12345678901234568,
  })
  check('{"id":"17841400000000001","x":"[17841400000000001]"}', { id: '17841400000000001', x: '[17841400000000001]' })
})

test('F51: no two different ids become the same, whatever stands around them', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }), fc.json(), (id, other) => {
      const read = parseJson(`{"before":${other},"id":${id},"after":[${other},${id}]}`) as { id: Json; after: Json[] }
      assert.equal(String(read.id), String(id))
      assert.equal(String(read.after.at(-1)), String(id))
    }),
    { numRuns: 500 },
  )
})
