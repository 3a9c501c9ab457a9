import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ApiRequest, type FaultCode, isFault } from '@patchbay/kit'
import { openTestWorld, type Scripted, testErrors, testProvider, testTarget } from './test-provider.ts'

suite('retry', () => {
  const post = { method: 'POST' } as const
  const keyed = { method: 'POST', idempotent: true } as const

  suite('F01, F02, F06, F08: asks again when it can help and cannot hurt', () => {
    check([200], {}, 'ok after 1')
    check([503, 200], {}, 'ok after 2')
    check(['lost', 503, 200], {}, 'ok after 3')
    check(['timeout', 'connect', 'dns', 502, 200], {}, 'ok after 5')
    check([500, 502, 504, 520, 529, 200], {}, 'provider.down after 5')
    check(['lost'], {}, 'provider.unreachable after 5')
    check(['timeout'], {}, 'provider.timeout after 5')
    check(['truncated', 200], {}, 'ok after 2')
    check([{ status: 200, text: '{"a":', headers: { 'content-length': '5' } }, 200], {}, 'provider.changed after 1')
    check([429, 429, 200], {}, 'ok after 3')
    check([{ status: 200, text: '<html>sign in</html>' }, 200], {}, 'ok after 2')
  })

  suite('F03: leaves alone what asking again does not mend', () => {
    check([400, 200], {}, 'provider.rejected after 1')
    check([403, 200], {}, 'provider.forbidden after 1')
    check([404, 200], {}, 'provider.missing after 1')
    check([422, 200], {}, 'provider.rejected after 1')
    check(['tls', 200], {}, 'provider.unreachable after 1')
    check(['blocked', 200], {}, 'platform.egress after 1')
    check(['too_large', 200], {}, 'provider.changed after 1')
    check(['encoding', 200], {}, 'provider.changed after 1')
  })

  suite('F05: never repeats a write that may have happened', () => {
    check([201], post, 'ok after 1')
    check(['lost', 201], post, 'provider.unsure after 1')
    check(['timeout', 201], post, 'provider.unsure after 1')
    check(['truncated', 201], post, 'provider.unsure after 1')
    check(['too_large', 201], post, 'provider.unsure after 1')
    check([500, 201], post, 'provider.unsure after 1')
    check([502, 201], post, 'provider.unsure after 1')
    check([504, 201], post, 'provider.unsure after 1')
    check([524, 201], post, 'provider.unsure after 1')
    check([408, 201], post, 'provider.unsure after 1')
    check([{ status: 200, text: '<html>sign in</html>' }, 201], post, 'provider.unsure after 1')
    check([{ status: 200, text: 'nonsense' }, 201], post, 'provider.unsure after 1')
    check([{ status: 302, headers: { location: 'https://evil.example/' } }, 201], post, 'provider.unsure after 1')
    // Said before any work is done: it did not happen, and is not asked again either.
    check([503, 201], post, 'provider.down after 1')
    check([529, 201], post, 'provider.down after 1')
    check(['lost', 201], { method: 'PATCH' }, 'provider.unsure after 1')
  })

  suite('F04, F23: repeats a write that did not happen or may happen twice', () => {
    check(['connect', 201], post, 'ok after 2')
    check(['dns', 'connect', 201], post, 'ok after 3')
    check([429, 201], post, 'ok after 2')
    check(['lost', 201], keyed, 'ok after 2')
    check([500, 'timeout', 201], keyed, 'ok after 3')
    check(['lost', 200], { method: 'PUT' }, 'ok after 2')
    check(['lost', 204], { method: 'DELETE' }, 'ok after 2')
    check(['lost', 200], { method: 'GET', idempotent: false }, 'provider.unsure after 1')
    // Never sent, then lost: now it may have happened.
    check(['connect', 'lost', 201], post, 'provider.unsure after 2')
  })

  suite('stays within the patience of the caller', () => {
    check([{ status: 429, headers: { 'retry-after': '30' } }, 200], {}, 'ok after 2', {
      withinMs: 34_000,
      atLeastMs: 30_000,
    })
    check([{ status: 429, headers: { 'retry-after': '30' } }, 200], {}, 'provider.throttled after 1', {
      patienceMs: 20_000,
      waitMs: 30_000,
    })
    check([{ status: 503, headers: { 'retry-after': '7' } }, 200], {}, 'ok after 2', { atLeastMs: 7_000 })
    check([{ status: 503, headers: { 'retry-after': '7' } }, 200], {}, 'provider.down after 1', {
      patienceMs: 5_000,
      waitMs: 7_000,
    })
    check([503, 200], {}, 'provider.down after 1', { patienceMs: 0 })
    check(['lost'], {}, 'provider.unreachable after 5', { withinMs: 32_000 })
  })

  suite('asks once about a credential that is refused, and replays once', () => {
    check([401, 200], {}, 'ok after 2', { refused: [1] })
    check([401, 401, 200], {}, 'connection.expired after 2', { refused: [1] })
    check([401, 200], post, 'ok after 2', { refused: [1] })
    check([401, 503, 200], {}, 'ok after 3', { refused: [1] })
    check([503, 401, 200], {}, 'ok after 3', { refused: [1] })
    check([401, 200], {}, 'connection.expired after 1', { refused: [1], verdict: 'stop' })
    check([401, 200], { as: 'app' }, 'ok after 2', { refused: [1] })
    check([401, 200], { as: 'app' }, 'setup.credentials after 1', { refused: [1], verdict: 'stop' })
    check([401, 'lost', 201], post, 'provider.unsure after 2', { refused: [1] })
    check([{ status: 401, body: { error: { reason: 'revoked' } } }, 200], {}, 'ok after 2', { refused: [1] })
    check([{ status: 403, text: '<html>challenge</html>' }], {}, 'provider.down after 1', {
      refused: [],
      waitMs: 900_000,
    })
  })

  test('F02: retries add at most a tenth to the first attempts of a minute', async () => {
    const { clock, gateway, asked } = openTestWorld([503], { latencyMs: 1 })
    // One host for each call, so that no breaker is in the way.
    const hosts = Object.fromEntries(
      Array.from({ length: 300 }, (_, nth) => [`h${nth}`, `https://h${nth}.acme.example`]),
    )
    const target = testTarget(testProvider({ hosts }), { patienceMs: 20_000 })
    const calls = Object.keys(hosts)
    await clock.run(() => Promise.allSettled(calls.map((host) => gateway.call(target, { host, path: '/x' }))))
    assert.ok(asked.length <= calls.length * 1.1, `${asked.length} attempts for ${calls.length} calls`)
    assert.ok(asked.length > calls.length)
  })

  test('waits are spread, and grow', async () => {
    const firsts: number[] = []
    for (let seed = 0; seed < 50; seed++) {
      const { clock, gateway, asked } = openTestWorld([503, 200], { latencyMs: 0, seed: `s${seed}` })
      await clock.run(() => gateway.call(testTarget(testProvider()), { path: '/x' }))
      firsts.push(asked[1]!.at - asked[0]!.at)
    }
    assert.ok(Math.max(...firsts) <= 1_000 && Math.min(...firsts) < 200 && new Set(firsts).size > 30)
  })

  test('whoever gives up hears their own reason, unless a write may have happened', async () => {
    const reason = new Error('the run was stopped')
    for (const [request, expected] of [
      [{}, reason],
      [post, 'provider.unsure'],
    ] as const) {
      const { clock, gateway } = openTestWorld([200], { latencyMs: 5_000 })
      const stop = new AbortController()
      await clock.run(async () => {
        const call = gateway.call(testTarget(testProvider()), { path: '/x', ...request }, stop.signal)
        call.catch(() => {})
        await clock.sleep(100)
        stop.abort(reason)
        await assert.rejects(call, (error) =>
          typeof expected === 'string' ? isFault(error, expected) : error === expected,
        )
      })
    }
  })

  test('a body that was streamed is not sent again without its bytes', async () => {
    const { clock, gateway, asked } = openTestWorld([
      async ({ body }) => {
        const pieces: string[] = []
        if (typeof body === 'object' && Symbol.asyncIterator in body)
          for await (const piece of body) pieces.push(String(piece))
        return { status: 401, body: { read: pieces.join('') } }
      },
      200,
    ])
    const stream = async function* () {
      yield Buffer.from('money')
    }
    const raw = { method: 'POST', path: '/x', query: '', headers: {}, body: stream() }
    const response = await clock.run(() => gateway.forward(testTarget(testProvider()), raw))
    assert.deepEqual([response.status, asked.length], [401, 1])
  })

  function check(
    script: readonly Scripted[],
    request: Partial<ApiRequest>,
    expected: `ok after ${number}` | `${FaultCode} after ${number}`,
    more: {
      patienceMs?: number
      withinMs?: number
      atLeastMs?: number
      waitMs?: number
      refused?: number[]
      verdict?: 'stop'
    } = {},
  ) {
    const name = `${request.method ?? 'GET'}${request.idempotent ? ' keyed' : ''}${request.as ?? ''} ${script.map((each) => (typeof each === 'object' ? each.status : String(each))).join(', ')}: ${expected} ${JSON.stringify(more)}`
    test(name, async () => {
      const { verdict } = more
      const refused: number[] = []
      const world = openTestWorld(
        script,
        verdict && {
          credentials: {
            async refused(_target, _as, generation) {
              refused.push(generation)
              return verdict
            },
          },
        },
      )
      const { clock, gateway, asked } = world
      const rules = [{ reason: 'revoked', is: 'connection.revoked' as const, example: { status: 401, body: null } }]
      const provider = testProvider({ errors: { ...testErrors, rules } })
      const target = testTarget(provider, { patienceMs: more.patienceMs ?? 120_000 })
      const started = clock.now()
      let waitMs: number | undefined
      const said = await clock.run(() =>
        gateway.call(target, { path: '/things', ...request }).then(
          () => 'ok',
          (error) => {
            if (!isFault(error)) throw error
            waitMs = error.detail.waitMs
            return error.code
          },
        ),
      )
      assert.equal(`${said} after ${asked.length}`, expected)
      const tookMs = clock.now() - started
      if (more.withinMs !== undefined) assert.ok(tookMs <= more.withinMs, `took ${tookMs} ms`)
      if (more.atLeastMs !== undefined) assert.ok(tookMs >= more.atLeastMs, `took ${tookMs} ms`)
      if (more.waitMs !== undefined) assert.equal(waitMs, more.waitMs)
      if (more.refused) assert.deepEqual(verdict ? refused : world.refused, more.refused)
    })
  }
})
