import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault, isFault } from './faults.ts'
import { askAll } from './refusals.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/** Asks a platform that refuses a call with any of these names, and says what was asked, what was given and what was remembered. */
async function ask(
  bad: readonly string[],
  options: { known?: string[]; mostCalls?: number; all?: readonly string[] } = {},
) {
  const calls: string[] = []
  const refused: string[] = []
  const given: string[] = []
  const refusals = {
    known: new Set(options.known),
    refuse: (name: string) => void refused.push(name),
    give: (some: readonly string[]) => void given.push(...some),
  }
  const answer = await askAll(
    refusals,
    options.all ?? names,
    async (part) => {
      calls.push(part.join(''))
      const wrong = part.filter((name) => bad.includes(name))
      if (wrong.length > 0) throw new Fault('provider.rejected', `no ${wrong.join(' and ')}`)
      return part.join('')
    },
    options,
  )
  return { calls, refused, given: given.sort().join(''), answer }
}

test('what nobody refuses is one call', async () => {
  const { calls, given, answer } = await ask([])
  assert.deepEqual([calls, given], [['abcdefgh'], 'abcdefgh'])
  assert.deepEqual(answer, { given: [{ names, body: 'abcdefgh' }], refused: [] })
})

test('one that is refused is found by halves, and the others are given', async () => {
  const { calls, refused, given, answer } = await ask(['c'])
  assert.deepEqual(calls, ['abcdefgh', 'abcd', 'efgh', 'ab', 'cd', 'c', 'd'])
  assert.deepEqual([refused, given], [['c'], 'abdefgh'])
  assert.deepEqual(answer.refused, [{ what: 'metric c', why: 'no c' }])
})

test('one that was refused before is not asked for, unless all were', async () => {
  assert.deepEqual((await ask(['c'], { known: ['c'] })).calls, ['abdefgh'])
  assert.deepEqual((await ask([], { known: names })).calls, ['abcdefgh'])
})

test('what fails in every part was not the metrics’ fault, and nothing is remembered', async () => {
  await assert.rejects(
    ask(names),
    (error) =>
      isFault(error, 'provider.rejected') && error.message === 'no a and b and c and d and e and f and g and h',
  )
  await assert.rejects(ask(['a'], { all: ['a'] }), { code: 'provider.rejected' })
})

test('anything but a rejection is thrown at once', async () => {
  let calls = 0
  const throttled = () => {
    calls++
    throw new Fault('provider.throttled')
  }
  await assert.rejects(askAll(undefined, names, throttled), { code: 'provider.throttled' })
  assert.equal(calls, 1)
})

test('whichever are refused: each name is given or refused and none is lost, in no more calls than allowed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.subarray(names), fc.integer({ min: 1, max: 20 }), async (bad, mostCalls) => {
      const asked = await ask(bad, { mostCalls }).catch((error) => error)
      if (isFault(asked)) return assert.ok(bad.length > 0)
      assert.ok(asked.calls.length <= mostCalls)
      const found = asked.answer.refused.flatMap(({ what }: { what: string }) =>
        what.replace('metric ', '').split(', '),
      )
      assert.deepEqual([...asked.given, ...found].sort(), names)
      for (const name of asked.refused) assert.ok(bad.includes(name), `${name} is only remembered when it stood alone`)
      for (const name of asked.given) assert.ok(!bad.includes(name))
    }),
    { numRuns: 300 },
  )
})
