import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { setImmediate as immediate } from 'node:timers/promises'
import { DatabaseError } from './database-error.ts'
import { inTurns, together } from './together.ts'

/** Long enough for what was asked to go out. */
async function turn(): Promise<void> {
  await immediate()
  await immediate()
}

/** Questions that are answered when a test says so. */
function open(atOnce = 1) {
  const asked: { wishes: string; end(error?: Error): void }[] = []
  const wish = inTurns<string, string>({ atOnce }, (place, wishes) => {
    const { promise, resolve, reject } = Promise.withResolvers<string[]>()
    const end = (error?: Error) => (error ? reject(error) : resolve(wishes.map((each) => each.toUpperCase())))
    asked.push({ wishes: `${place}: ${wishes.join(' ')}`, end })
    return promise
  })
  return { asked, wish, texts: () => asked.map(({ wishes }) => wishes) }
}

test('those who come in one turn of the event loop are one question, each with its own answer', async () => {
  const { asked, wish, texts } = open()
  const answers = Promise.all(['a', 'b', 'c'].map((each) => wish('here', each)))
  await turn()
  assert.deepEqual(texts(), ['here: a b c'])
  asked[0]!.end()
  assert.deepEqual(await answers, ['A', 'B', 'C'])
})

test('who comes while a question is under way waits for the next one', async () => {
  const { asked, wish, texts } = open()
  const first = wish('here', 'a')
  await turn()
  const later = [wish('here', 'b'), wish('here', 'c')]
  await turn()
  assert.deepEqual(texts(), ['here: a'])
  asked[0]!.end()
  await first
  await turn()
  assert.deepEqual(texts(), ['here: a', 'here: b c'])
  asked[1]!.end()
  assert.deepEqual(await Promise.all(later), ['B', 'C'])
})

test('places do not wait for each other', async () => {
  const { asked, wish, texts } = open()
  const answers = [wish('here', 'a'), wish('there', 'b')]
  await turn()
  assert.deepEqual(texts(), ['here: a', 'there: b'])
  for (const { end } of asked) end()
  assert.deepEqual(await Promise.all(answers), ['A', 'B'])
})

test('one that cannot be stored fails alone', async () => {
  const wish = inTurns<string, string>({ atOnce: 1 }, async (_, wishes) => {
    if (wishes.includes('bad')) throw new DatabaseError('invalid byte sequence', { code: '22021' })
    return wishes
  })
  const settled = await Promise.allSettled(['a', 'bad', 'b'].map((each) => wish('here', each)))
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('any other failure is everybody’s, and the next question is asked all the same', async () => {
  const { asked, wish } = open()
  const answers = Promise.allSettled([wish('here', 'a'), wish('here', 'b')])
  await turn()
  asked[0]!.end(new DatabaseError('gone', { code: '57P01', again: 'connection' }))
  assert.deepEqual(
    (await answers).map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(asked.length, 1)
  const next = wish('here', 'c')
  await turn()
  asked[1]!.end()
  assert.equal(await next, 'C')
})

test('nobody’s transaction is taken for everybody’s', async () => {
  const inside = new AsyncLocalStorage<string>()
  const seen: (string | undefined)[] = []
  const wish = inTurns<string, string>({ atOnce: 1 }, async (_, wishes) => {
    seen.push(inside.getStore())
    return wishes
  })
  await inside.run('a transaction', () => wish('here', 'a'))
  assert.deepEqual(seen, [undefined])
})

test('the same key is asked for once, and an unknown one is null', async () => {
  const asked: string[] = []
  const read = together<string>(async (_, keys) => {
    asked.push(keys.join(' '))
    return new Map([['a', 'A']])
  })
  assert.deepEqual(await Promise.all(['a', 'b', 'a'].map((key) => read('here', key))), ['A', null, 'A'])
  assert.deepEqual(asked, ['a b'])
})
