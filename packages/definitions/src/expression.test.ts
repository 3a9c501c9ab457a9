import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault, type Json } from '@patchbay/kit'
import { parseExpression } from './expression.ts'
import { Meter } from './meter.ts'

const list = Array.from({ length: 3000 }, (_, i) => ({ i, x: { y: [1, 2, 3] } }))

const long = 'x'.repeat(50_000)
const blanks = `${' '.repeat(200_000)}x`
const big = Object.fromEntries(list.map(({ i }) => [`k${i}`, i]))
const halves = 'a'.repeat(40_000)
const needle = `${'a'.repeat(10_000)}b${'a'.repeat(10_000)}`

/** A thousand objects, each in the one before. */
function deep(): Json {
  let all: Json = {}
  for (let nth = 0; nth < 1000; nth++) all = { all }
  return all
}

function check(text: string, input: Json, wanted: Json | RegExp): void {
  const evaluate = () => parseExpression(text).evaluate(input, new Meter())
  if (wanted instanceof RegExp) assert.throws(evaluate, wanted, text)
  else assert.deepEqual(evaluate(), wanted, text)
}

test('an expression finds what it says, and null where there is nothing', () => {
  check('a.b[0]', { a: { b: [7] } }, 7)
  check('a.b[0]', { a: 'text' }, null)
  check('data[].let $id = id in days[].{id: $id, n: to_number(n)}', { data: [{ id: 1, days: [{ n: '5' }] }] }, [
    [{ id: 1, n: 5 }],
  ])
  check("replace(a, ',', '')", { a: '1,204' }, '1204')
  check('seconds * `1000`', { seconds: 2.5 }, 2500)
})

test('it sees its input and nothing that JavaScript puts beside it', () => {
  check('constructor', {}, null)
  check('{a: a}.constructor', { a: 1 }, null)
  check('a.__proto__', { a: {} }, null)
  check('from_items(@) | toString', [['a', 1]], null)
  check('a.constructor', { a: { constructor: 'Ferrari' } }, 'Ferrari')
  check('let $x = a in $constructor', { a: 1 }, /a variable cannot be called "constructor"/)
  check('constructor(@)', {}, /there is no function constructor\(\)/)
})

test('what cannot be read is refused with a sentence', () => {
  check('a[?', {}, /not JMESPath/)
  check(`a${'.a'.repeat(60)}`, {}, /nested more than 40/)
  check('a'.repeat(1001), {}, /at most 1000 characters/)
  check('a + `1`', { a: 'x' }, /does not fit the answer/)
})

test('what takes long ends after the same steps everywhere', () => {
  const tooLong = (text: string) => {
    for (const _ of [1, 2]) {
      const meter = new Meter()
      assert.throws(
        () => parseExpression(text).evaluate({ list, one: deep(), other: deep(), long, big, halves, needle }, meter),
        (error) => isFault(error, 'setup.definition') && error.message.includes('too long'),
        text,
      )
    }
  }
  tooLong('let $l = list in list[].{a: $l[].{b: $l[].{c: i}}}')
  tooLong('let $l = list in list[?$l == $l] | length(@)')
  tooLong('let $a = one, $b = other in list[?$a == $b] | length(@)')
  tooLong('let $l = list in list[?contains($l, @)] | length(@)')
  tooLong(`list${' | [@, @][]'.repeat(20)} | length(@)`)
  // A part that is shared costs one step to name, and its full size to write out.
  tooLong(`one${' | [@, @]'.repeat(30)}`)
  tooLong(`one${' | {a: @, b: @}'.repeat(15)}`)
  tooLong(`one${' | [@, @]'.repeat(30)} | to_string(@)`)
  tooLong(`one${' | [@, @]'.repeat(30)} | length(to_string(@))`)
  tooLong('let $t = long in list[].{a: $t}')
  tooLong('let $t = long in list[].{a: from_items([[$t, i]])}')
  tooLong("let $t = long in list[].[$t][] | join('', @) | length(@)")
  tooLong('let $t = long in list[].from_items([[$t, i]]) | to_string(@) | length(@)')
  // What the library does within one of its steps, and would do for minutes.
  tooLong('sort_by(list, &$.long)[0].i')
  tooLong("let $t = long in list[?$t[0:1] == 'y']")
  for (const condition of ['$b', '!$b', '$b || i', '$b && i', '$b ? i : i', '`{}` == $b', '`{"a": {}}` == {a: $b}'])
    tooLong(`let $b = big in list[?${condition}] | length(@)`)
  tooLong('contains(halves, needle)')
  tooLong('find_last(halves, needle)')
  check('list[].{i: i, y: x.y[0]} | length(@)', { list }, 3000)
  check('@', { list, long }, { list, long })
  check('[a, a]', { a: { b: [1] } }, [{ b: [1] }, { b: [1] }])
})

test('a text that is long is trimmed, sorted and replaced in as many steps as it is long', () => {
  const startedAt = performance.now()
  check('trim(@) | length(@)', blanks, 1)
  check('trim_right(@) | length(@)', blanks, 200_001)
  check("replace(@, 'x', '', `1000000000`) | length(@)", blanks, 200_000)
  // Half a minute, as the library does it.
  assert.ok(performance.now() - startedAt < 5_000)
})

test('a list is sorted by what it holds, and its greatest and least are found also among texts', () => {
  check('sort(@)', [10, 9, 1], [1, 9, 10])
  check('sort(@)', ['b', '😀', '\uff61', 'a', 'ab'], ['a', 'ab', 'b', '\uff61', '😀'])
  const days = ['2026-01-02', '2026-01-03', '2026-01-01'].map((day, nth) => ({ day, nth }))
  check('sort_by(@, &day)[].nth', days, [2, 0, 1])
  check('sort_by(@, &nth)[].day | [0]', days, '2026-01-02')
  check('max_by(@, &day).nth', days, 1)
  check('min_by(@, &day).nth', days, 2)
  check('max_by(@, &nth).day', days, '2026-01-01')
  check('max_by(@, &day)', [], null)
  check('max_by(@, &no)', days, /by texts or by numbers/)
  check('sort_by(@, &day)', [{ day: 1 }, { day: 'x' }], /not by both/)
  check('group_by(@, &name).constructor', [{ name: 'constructor', n: 1 }], [{ name: 'constructor', n: 1 }])
})

test('trimming takes what it is told to from the ends, and nothing else', () => {
  check('trim(@)', ' \n a b\n\u0085', 'a b')
  check('trim_left(@)', ' a ', 'a ')
  check("trim(@, '-.')", '-.a-b.-', 'a-b')
  check('trim(@)', '   ', '')
})

test('an expression is written in the definition, and is never what an answer holds or what was put together', () => {
  const made =
    "{expref: `true`, type: 'Function', name: 'pad_left', children: [{type: 'Literal', value: 'x'}, {type: 'Literal', value: `9`}]}"
  check(`map(${made}, \`[1]\`)`, {}, /written with &/)
  check('map(one, many)', { one: { expref: true, type: 'Field', name: 'a' }, many: [{ a: 1 }] }, /written with &/)
  check('map(&a, many)', { many: [{ a: 1 }] }, [1])
  check('let $b = b in map(&[a, $b], many)', { b: 2, many: [{ a: 1 }] }, [[1, 2]])
})

test('texts do not grow', () => {
  check("replace(@, 'xx', '$`', `1`)", 'abxx', 'ab$`')
  check("replace(@, 'a', '', `1`)", 'aba', 'ba')
  check("pad_left('x', `1000000000`)", {}, /there is no function pad_left/)
  check("replace(a, ',', ',,')", { a: '' }, /nothing longer/)
  check('replace(a, b, c)', { a: '' }, /written in quotes/)
  check("split(a, '')", { a: '' }, /something to split at/)
  check("join('12345678901234567', a)", { a: [] }, /at most 16 characters/)
})
