import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault } from '@patchbay/kit'
import { openCapturedLog } from '../../../drivers/log/captured.ts'
import { SeededRandom } from '../../../drivers/random/seeded.ts'
import { openMemoryResponseCache } from '../../../drivers/response-cache/memory.ts'
import type { ResponseCache } from '../../../ports/response-cache.ts'
import type { PassedOn } from '../gateway.ts'
import { openTestWorld, type Scripted, testConnection, testProvider, testTarget } from '../test-provider.ts'
import { openKeptAnswers } from './kept-answers.ts'

const provider = testProvider()
const target = testTarget(provider, { connection: testConnection() })
const within = (seconds: number, more: Partial<PassedOn> = {}, directives = ''): PassedOn => ({
  ...{ method: 'GET', path: '/x', query: '', ...more },
  headers: { 'cache-control': `max-age=${seconds}${directives}`, ...more.headers },
})

/** A gateway that keeps answers. */
function open(
  script: readonly Scripted[],
  options: Parameters<typeof openTestWorld>[1] & { responses?: ResponseCache } = {},
) {
  const { responses = openMemoryResponseCache(), ...rest } = options
  const log = openCapturedLog()
  const random = new SeededRandom('kept', { now: () => 0 })
  const kept = openKeptAnswers(
    { responses, random, log },
    { secretFor: async () => Buffer.alloc(32, 7).toString('base64url') },
  )
  const world = openTestWorld(script, { ...rest, kept })
  const ask = async (request: PassedOn, from = target) => {
    const { status, headers, body } = await world.gateway.forward(from, request)
    const pieces: Uint8Array[] = []
    if (body instanceof Uint8Array) pieces.push(body)
    else for await (const piece of body) pieces.push(piece)
    return { status, headers, text: Buffer.concat(pieces).toString(), cache: headers['cache-status'] }
  }
  return { ...world, ask, responses, warnings: log }
}

const numbered = (headers: Record<string, string> = {}): Scripted[] =>
  Array.from({ length: 30 }, (_, nth) => ({ status: 200, headers, text: `"${nth + 1}"` }))

suite('an answer that was given before', () => {
  test('is given again to whoever is content with its age, and says so', async () => {
    const { clock, ask, asked } = open(numbered({ 'x-own': 'theirs' }))
    await clock.run(async () => {
      const first = await ask(within(60))
      assert.deepEqual([first.text, first.cache], ['"1"', 'patchbay; fwd=miss; fwd-status=200; stored'])
      await clock.sleep(20_000)
      const second = await ask(within(60))
      assert.deepEqual([second.status, second.text, second.cache], [200, '"1"', 'patchbay; hit; ttl=40'])
      assert.deepEqual([second.headers['age'], second.headers['x-own']], ['20', 'theirs'])
      assert.equal((await ask(within(10))).text, '"2"', 'who wants a newer one')
      assert.equal((await ask(within(60))).text, '"2"')
      await clock.sleep(60_000)
      assert.equal((await ask(within(60))).text, '"3"')
    })
    assert.equal(asked.length, 3)
  })

  test('is given to nobody who did not ask for it, and kept for nobody then', async () => {
    const { clock, ask } = open(numbered())
    await clock.run(async () => {
      const plain = { method: 'GET', path: '/x', query: '', headers: {} }
      assert.deepEqual([(await ask(plain)).text, (await ask(within(60))).text], ['"1"', '"2"'])
      const again = await ask(plain)
      assert.deepEqual([again.text, again.cache, again.headers['age']], ['"3"', undefined, undefined])
      assert.equal((await ask(within(60, { headers: { pragma: 'no-cache' } }))).text, '"4"')
      assert.equal((await ask(within(60))).text, '"2"')
    })
  })

  test('T21: is that connection’s and that environment’s only', async () => {
    const { clock, ask, asked } = open(numbered())
    await clock.run(async () => {
      await ask(within(60))
      const others = [
        { ...target, connection: testConnection({ id: 'con_2' }) },
        {
          ...target,
          environment: { ...target.environment, id: 'env_2' },
          connection: testConnection({ environmentId: 'env_2' }),
        },
      ]
      assert.deepEqual(
        [(await ask(within(60), others[0])).text, (await ask(within(60), others[1])).text],
        ['"2"', '"3"'],
      )
      for (const [nth, from] of [target, ...others].entries())
        assert.equal((await ask(within(60), from)).text, `"${nth + 1}"`)
    })
    assert.equal(asked.length, 3)
  })

  test('T21: opens nowhere else, should it get there', async () => {
    const responses = openMemoryResponseCache()
    // A store that mixes everybody up.
    const one = { environmentId: 'env', connectionId: 'con' }
    const mixed: ResponseCache = {
      get: (_place, _name, now) => responses.get(one, 'same', now),
      put: (_place, _name, text, times) => responses.put(one, 'same', text, times),
      forget: () => responses.forget(one),
    }
    const { clock, ask, warnings } = open(numbered(), { responses: mixed })
    await clock.run(async () => {
      await ask(within(60))
      assert.equal((await ask(within(60))).text, '"1"')
      assert.equal((await ask(within(60), { ...target, connection: testConnection({ id: 'con_2' }) })).text, '"2"')
      assert.equal((await ask(within(60, { path: '/y' }))).text, '"3"')
    })
    assert.equal(warnings.lines.filter(({ event }) => event === 'response.cannot_open').length, 2)
  })

  test('is that address’s and those headers’ only', async () => {
    const { clock, ask, asked } = open(numbered())
    const requests = [{}, { path: '/y' }, { query: 'a=1' }, { headers: { 'accept-language': 'de' } }]
    await clock.run(async () => {
      for (let round = 0; round < 2; round++)
        for (const [nth, more] of requests.entries()) assert.equal((await ask(within(60, more))).text, `"${nth + 1}"`)
    })
    assert.equal(asked.length, 4)
  })

  test('is forgotten with a new grant, with every new token, and while nothing may be called', async () => {
    let standing: string | null = 'grt_1 1'
    const { clock, ask } = open(numbered(), { credentials: { standing: async () => standing } })
    await clock.run(async () => {
      await ask(within(600))
      assert.equal((await ask(within(600))).text, '"1"')
      for (const [nth, next] of ['grt_1 2', 'grt_2 1', null, null, 'grt_2 1'].entries()) {
        standing = next
        const { text, cache } = await ask(within(600))
        assert.deepEqual(
          [text, cache === undefined],
          [nth === 4 ? '"3"' : `"${nth + 2}"`, standing === null],
          String(next),
        )
      }
    })
  })

  test('is forgotten with every write through the connection, whichever way it goes out, and not with a search', async () => {
    const { clock, ask, gateway } = open(numbered())
    await clock.run(async () => {
      const writes: (readonly [string, () => Promise<unknown>])[] = [
        ['POST', () => ask({ method: 'POST', path: '/y', query: '', headers: {} })],
        ['DELETE', () => ask({ method: 'DELETE', path: '/y', query: '', headers: {} })],
        ['action', () => gateway.call(target, { method: 'POST', path: '/y', body: {} })],
        ['disconnect', () => gateway.forget({ environmentId: 'env_1', connectionId: 'con_1' })],
      ]
      for (const [name, write] of writes) {
        const { text } = await ask(within(600))
        assert.equal((await ask(within(600))).text, text)
        await write()
        assert.notEqual((await ask(within(600))).text, text, name)
      }
      const { text } = await ask(within(600))
      await gateway.call(target, { method: 'POST', path: '/search', body: {}, idempotent: true })
      await gateway.call(target, { path: '/y' })
      await gateway.call(
        { ...target, connection: testConnection({ id: 'con_2' }) },
        { method: 'POST', path: '/y', body: {} },
      )
      assert.equal((await ask(within(600))).text, text)
    })
  })

  test('is not kept when a write overtook it', async () => {
    const { clock, ask } = open([
      async () => {
        await clock.sleep(1_000)
        return { status: 200, text: '"before"' }
      },
      { status: 201 },
      { status: 200, text: '"after"' },
    ])
    await clock.run(async () => {
      const early = ask(within(600))
      await clock.sleep(100)
      await ask({ method: 'POST', path: '/y', query: '', headers: {} })
      const { text, cache } = await early
      assert.deepEqual([text, cache], ['"before"', 'patchbay; fwd=miss; fwd-status=200'])
      assert.equal((await ask(within(600))).text, '"after"')
    })
  })

  test('is not kept when a write of another process overtook it, or one came while it was being kept', async () => {
    const place = { environmentId: 'env_1', connectionId: 'con_1' }
    const shared = openMemoryResponseCache()
    const other = open(numbered(), { responses: shared })
    for (const overtaken of ['under way', 'being kept'] as const) {
      let writes = 0
      const responses: ResponseCache = {
        ...shared,
        async put(...kept) {
          if (overtaken === 'being kept' && writes++ === 0) await gateway.forget(place)
          return shared.put(...kept)
        },
      }
      const before = async () => {
        if (overtaken === 'under way') await other.gateway.forget(place)
        return { status: 200, text: '"before"' }
      }
      const { clock, ask, gateway } = open([before, { status: 200, text: '"after"' }], { responses })
      await clock.run(async () => {
        const { text, cache } = await ask(within(600))
        assert.deepEqual([text, cache], ['"before"', 'patchbay; fwd=miss; fwd-status=200'], overtaken)
        assert.equal((await ask(within(600))).text, '"after"', overtaken)
        assert.equal((await ask(within(600))).cache, 'patchbay; hit; ttl=600', overtaken)
        await gateway.forget(place)
      })
    }
  })

  test('is asked about by its validators when it is old, and good again when nothing changed', async () => {
    const { clock, ask, asked } = open([
      {
        status: 200,
        text: '"old"',
        headers: { etag: '"v1"', 'last-modified': 'Thu, 15 Jan 2026 10:00:00 GMT', 'x-left': '9' },
      },
      { status: 304, text: '', headers: { etag: '"v1"', 'x-left': '8' } },
      { status: 200, text: '"new"', headers: { etag: '"v2"' } },
    ])
    await clock.run(async () => {
      await ask(within(10))
      await clock.sleep(30_000)
      const same = await ask(within(10))
      assert.deepEqual(
        [same.status, same.text, same.cache, same.headers['x-left'], same.headers['age']],
        [200, '"old"', 'patchbay; fwd=stale; fwd-status=304; stored', '8', '0'],
      )
      assert.equal((await ask(within(10))).cache, 'patchbay; hit; ttl=10')
      await clock.sleep(30_000)
      assert.deepEqual((await ask(within(10))).text, '"new"')
    })
    const conditions = asked.map(({ request }) => [
      request.headers['if-none-match'],
      request.headers['if-modified-since'],
    ])
    assert.deepEqual(conditions, [
      [undefined, undefined],
      ['"v1"', 'Thu, 15 Jan 2026 10:00:00 GMT'],
      ['"v1"', 'Thu, 15 Jan 2026 10:00:00 GMT'],
    ])
  })

  test('is kept no longer than the platform allows', async () => {
    for (const [headers, expected] of [
      [{ 'cache-control': 'no-store' }, '"2"'],
      [{ 'cache-control': 'no-cache' }, '"2"'],
      [{ 'cache-control': 'max-age=5' }, '"2"'],
      [{ vary: '*' }, '"2"'],
      [{ 'cache-control': 'max-age=30' }, '"1"'],
    ] as const) {
      const { clock, ask } = open(numbered(headers))
      await clock.run(async () => {
        await ask(within(60))
        await clock.sleep(10_000)
        assert.equal((await ask(within(60))).text, expected, JSON.stringify(headers))
      })
    }
  })

  test('no error is kept', async () => {
    for (const status of [404, 500, 204, 206]) {
      const { clock, ask, asked } = open([status])
      await clock.run(async () => {
        await ask(within(60))
        await ask(within(60))
      })
      assert.equal(asked.length, 2, String(status))
    }
  })

  test('is better than none where the platform cannot be asked, for whoever said so, and is marked', async () => {
    for (const [failure, status] of [
      ['connect', 'patchbay; fwd=stale; detail=stale-if-error'],
      ['timeout', 'patchbay; fwd=stale; detail=stale-if-error'],
      [503, 'patchbay; fwd=stale; fwd-status=503; detail=stale-if-error'],
    ] as const) {
      const { clock, ask } = open([{ status: 200, text: '"1"' }, failure])
      await clock.run(async () => {
        await ask(within(10, {}, ', stale-if-error=100'))
        await clock.sleep(50_000)
        const { text, cache, headers, ...answer } = await ask(within(10, {}, ', stale-if-error=100'))
        assert.deepEqual(
          [answer.status, text, cache, headers['age'], headers['warning']],
          [200, '"1"', status, '50', '111 patchbay "Revalidation Failed"'],
        )
        const unwished = await ask(within(10)).catch((error: unknown) => error)
        assert.ok(isFault(unwished) || (unwished as { status: number }).status === 503)
        await clock.sleep(100_000)
        const tooOld = await ask(within(10, {}, ', stale-if-error=100')).catch((error: unknown) => error)
        assert.ok(isFault(tooOld) || (tooOld as { status: number }).status === 503)
      })
    }
  })

  test('is never given stale for a refusal, or where the platform forbids it', async () => {
    for (const [headers, failure] of [
      [{}, 403],
      [{}, 404],
      [{ 'cache-control': 'max-age=5, must-revalidate', etag: '"a"' }, 503],
    ] as const) {
      const { clock, ask } = open([{ status: 200, text: '"1"', headers }, failure])
      await clock.run(async () => {
        await ask(within(10, {}, ', stale-if-error=100'))
        await clock.sleep(50_000)
        assert.equal((await ask(within(10, {}, ', stale-if-error=100'))).status, failure)
      })
    }
  })

  test('twenty who ask at once for what is not kept yet are one call, and keep it once', async () => {
    const { clock, ask, asked } = open(numbered())
    await clock.run(async () => {
      const all = await Promise.all(Array.from({ length: 20 }, () => ask(within(60))))
      assert.deepEqual(
        all.map(({ text }) => text),
        Array(20).fill('"1"'),
      )
      assert.equal(all.filter(({ cache }) => cache?.endsWith('stored')).length, 1)
      assert.equal(all.filter(({ cache }) => cache?.endsWith('collapsed')).length, 19)
      assert.equal((await ask(within(60))).cache, 'patchbay; hit; ttl=60')
    })
    assert.equal(asked.length, 1)
  })

  test('comes from the platform where the store does not work', async () => {
    const broken = () => Promise.reject(new Error('no store'))
    const { clock, ask, gateway, log } = open(numbered(), {
      responses: { get: broken, put: broken, forget: broken },
    })
    await clock.run(async () => {
      assert.deepEqual([(await ask(within(60))).text, (await ask(within(60))).text], ['"1"', '"2"'])
      await gateway.call(target, { method: 'POST', path: '/y', body: {} })
    })
    assert.deepEqual(
      new Set(log.lines.map(({ event }) => event)),
      new Set(['response.not_kept', 'response.not_forgotten']),
    )
  })

  test('of unknown length is kept whole, and one that is too long not at all', async () => {
    for (const [count, calls] of [
      [3, 1],
      [400, 2],
    ] as const) {
      const { clock, ask, asked } = open([
        {
          status: 200,
          headers: { 'content-length': '999999' },
          async *pieces() {
            for (let nth = 0; nth < count; nth++) yield Buffer.alloc(1_000, 'x')
          },
        },
      ])
      await clock.run(async () => {
        for (let nth = 0; nth < 2; nth++) assert.equal((await ask(within(60))).text.length, count * 1_000)
      })
      assert.equal(asked.length, calls)
    }
  })

  test('what caches on the way said stays, and none of them speaks for us', async () => {
    for (const [theirs, expected] of [
      ['edge; hit', 'edge; hit, patchbay; fwd=miss; fwd-status=200; stored'],
      ['Patchbay; hit', 'patchbay; fwd=miss; fwd-status=200; stored'],
    ] as const) {
      const { clock, ask } = open(numbered({ 'cache-status': theirs }))
      assert.equal((await clock.run(() => ask(within(60)))).cache, expected)
    }
  })
})
