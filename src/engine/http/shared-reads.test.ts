import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault } from '@patchbay/kit'
import type { PassedOn } from './gateway.ts'
import {
  openTestWorld,
  type Scripted,
  type TestWorld,
  testConnection,
  testProvider,
  testTarget,
} from './test-provider.ts'

const provider = testProvider()
const target = testTarget(provider, { connection: testConnection() })
const get = (more: Partial<PassedOn> = {}): PassedOn => ({ method: 'GET', path: '/x', query: '', headers: {}, ...more })
/** Each call is answered with how many there were. */
const counted: Scripted[] = Array.from({ length: 50 }, (_, nth) => ({ status: 200, body: { nth: nth + 1 } }))

suite('identical reads', () => {
  test('that are under way at the same time are one call, and everybody has its answer', async () => {
    const { clock, gateway, asked, records } = openTestWorld(counted)
    const answers = await clock.run(async () => {
      const all = await Promise.all(Array.from({ length: 20 }, () => gateway.forward(target, get()).then(read)))
      await gateway.flush()
      return all
    })
    assert.equal(asked.length, 1)
    assert.equal(records.length, 1)
    for (const { status, text } of answers) assert.deepEqual([status, text], [200, '{"nth":1}'])
    const said = answers.map(({ headers }) => headers['cache-status'])
    assert.deepEqual(said, [undefined, ...Array(19).fill('patchbay; fwd=bypass; collapsed')])
  })

  test('are asked anew once the answer is there', async () => {
    const { clock, gateway, asked } = openTestWorld(counted)
    await clock.run(async () => {
      for (let nth = 1; nth <= 3; nth++)
        assert.equal((await gateway.forward(target, get()).then(read)).text, `{"nth":${nth}}`)
    })
    assert.equal(asked.length, 3)
  })

  const others: readonly [string, Partial<PassedOn>, Partial<typeof target>?][] = [
    ['another path', { path: '/y' }],
    ['another query', { query: 'a=1' }],
    ['another method', { method: 'HEAD' }],
    ['another header that goes out', { headers: { 'accept-language': 'de' } }],
    ['who wants no answer of others', { headers: { 'cache-control': 'no-cache' } }],
    ['who wants no answer of others, as HTTP/1.0 says it', { headers: { pragma: 'no-cache' } }],
    ['T21: another connection', {}, { connection: testConnection({ id: 'con_2' }) }],
    ['T21: another environment', {}, { connection: testConnection({ environmentId: 'env_2' }) }],
    ['no connection', {}, { connection: null }],
  ]
  for (const [what, request, more] of others)
    test(`are not shared with: ${what}`, async () => {
      const { clock, gateway, asked } = openTestWorld(counted)
      await clock.run(() =>
        Promise.all([gateway.forward(target, get()), gateway.forward({ ...target, ...more }, get(request))]),
      )
      assert.equal(asked.length, 2)
    })

  test('are the same whatever the request is called, and whatever does not go out', async () => {
    const { clock, gateway, asked } = openTestWorld(counted)
    await clock.run(() =>
      Promise.all(
        [{ 'x-request-id': 'a' }, { 'x-request-id': 'b' }, { 'user-agent': 'curl' }, { cookie: 'a=b' }].map((headers) =>
          gateway.forward(target, get({ headers })),
        ),
      ),
    )
    assert.equal(asked.length, 1)
  })

  test('writes are never shared', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const { clock, gateway, asked } = openTestWorld(counted)
      await clock.run(() => Promise.all([1, 2, 3].map(() => gateway.forward(target, get({ method })))))
      assert.equal(asked.length, 3, method)
    }
  })

  test('who asks after a write went through gets no answer from before it', async () => {
    const { clock, gateway, asked } = openTestWorld([
      async () => {
        await clock.sleep(1_000)
        return { status: 200, body: 'before' }
      },
      { status: 201 },
      { status: 200, body: 'after' },
    ])
    await clock.run(async () => {
      const early = gateway.forward(target, get()).then(read)
      await clock.sleep(100)
      await gateway.forward(target, get({ method: 'POST' }))
      assert.equal((await gateway.forward(target, get()).then(read)).text, '"after"')
      assert.equal((await early).text, '"before"')
    })
    assert.equal(asked.length, 3)
  })

  test('a caller who leaves ends nobody else’s, and the last who leaves ends the call', async () => {
    const { clock, gateway, asked, records } = openTestWorld(counted, { latencyMs: 1_000 })
    await clock.run(async () => {
      const [first, second] = [new AbortController(), new AbortController()]
      const waiting = [
        gateway.forward(target, get(), first.signal),
        gateway.forward(target, get(), second.signal),
        gateway.forward(target, get()),
      ].map((answer) => answer.then(read, (error: unknown) => error))
      await clock.sleep(100)
      first.abort(new Error('the first left'))
      second.abort(new Error('the second left'))
      assert.equal(((await waiting[1]) as Error).message, 'the second left')
      assert.equal(((await waiting[2]) as { text: string }).text, '{"nth":1}')

      const [third, fourth] = [new AbortController(), new AbortController()]
      const both = [third, fourth].map(({ signal }) => gateway.forward(target, get(), signal).catch((error) => error))
      await clock.sleep(100)
      third.abort(new Error('the third left'))
      fourth.abort(new Error('the fourth left'))
      // Whoever comes now does not wait for what was given up.
      assert.equal((await gateway.forward(target, get()).then(read)).text, '{"nth":3}')
      await Promise.all(both)
      await gateway.flush()
    })
    assert.equal(asked.length, 3)
    assert.deepEqual(
      records.map(({ status }) => status),
      [200, null, 200],
    )
  })

  test('a failure is everybody’s, and the next who asks tries again', async () => {
    const { clock, gateway, asked } = openTestWorld(['connect', 503, 200])
    await clock.run(async () => {
      const both = await Promise.all([1, 2].map(() => gateway.forward(target, get()).catch((error: unknown) => error)))
      for (const error of both) assert.ok(isFault(error, 'provider.unreachable'))
      const refused = await Promise.all([1, 2].map(() => gateway.forward(target, get())))
      assert.deepEqual(
        refused.map(({ status }) => status),
        [503, 503],
      )
      assert.equal((await gateway.forward(target, get())).status, 200)
    })
    assert.equal(asked.length, 3)
  })

  test('an answer whose length nobody knows is held for the others until its end', async () => {
    const world = openTestWorld([pieces(3)])
    const answers = await shareThree(world)
    assert.equal(world.asked.length, 1)
    for (const { text } of answers) assert.equal(text, 'x'.repeat(3_000))
  })

  test('an answer that is too long or breaks off is the first caller’s alone', async () => {
    for (const [first, expected] of [
      [pieces(400), 400_000],
      [pieces(3, 'breaks'), 'cut off'],
    ] as const) {
      const world = openTestWorld([first, { status: 200, body: 'own' }])
      const answers = await shareThree(world)
      assert.equal(world.asked.length, 3)
      const [own, ...rest] = answers.map(({ text }) => text)
      assert.equal(typeof expected === 'number' ? own!.length : own, expected)
      assert.deepEqual(rest, ['"own"', '"own"'])
    }
  })

  test('nobody waits long for somebody else’s slow answer', async () => {
    const world = openTestWorld([pieces(60, 'slow'), { status: 200, body: 'own' }])
    const { clock, gateway } = world
    await clock.run(async () => {
      const first = gateway.forward(target, get()).then(read)
      const second = gateway.forward(target, get()).then(read)
      const startedAt = clock.now()
      assert.equal((await second).text, '"own"')
      assert.ok(clock.now() - startedAt < 3_000, `${clock.now() - startedAt} ms`)
      assert.equal((await first).text.length, 60_000)
    })
  })

  /** A stream of thousand bytes each. */
  function pieces(count: number, how?: 'slow' | 'breaks'): Scripted {
    return {
      status: 200,
      headers: { 'content-length': '999999' },
      async *pieces(clock) {
        for (let nth = 0; nth < count; nth++) {
          if (how === 'slow') await clock.sleep(100)
          yield Buffer.alloc(1_000, 'x')
        }
        if (how === 'breaks') throw new Error('cut off')
      },
    }
  }

  const shareThree = ({ clock, gateway }: TestWorld) =>
    clock.run(() => Promise.all([1, 2, 3].map(() => gateway.forward(target, get()).then(read))))
})

async function read({ status, headers, body }: Awaited<ReturnType<TestWorld['gateway']['forward']>>) {
  if (body instanceof Uint8Array) return { status, headers, text: Buffer.from(body).toString() }
  const read: Uint8Array[] = []
  try {
    for await (const piece of body) read.push(piece)
  } catch (error) {
    return { status, headers, text: (error as Error).message }
  }
  return { status, headers, text: Buffer.concat(read).toString() }
}
