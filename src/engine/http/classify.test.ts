import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { at, type ErrorRule, type Errors, type FaultCode, type FaultDetail, isFault, type Json } from '@patchbay/kit'
import { openTestWorld, type Scripted, testErrors, testProvider, testStart, testTarget } from './test-provider.ts'

suite('classify', () => {
  suite('F16: reads what is JSON', () => {
    reads({ body: { a: [1, null, 'ü'] } }, { a: [1, null, 'ü'] })
    reads({ text: '\ufeff{"a":1}' }, { a: 1 })
    reads({ text: ' \n[]\n' }, [])
    reads({ text: '{"id":12345678901234567890,"n":1.5}' }, { id: '12345678901234567890', n: 1.5 })
    reads({ text: '{"a":1}', headers: { 'content-type': 'text/plain' } }, { a: 1 })
    reads({ text: '{"a":1}', headers: { 'content-type': 'text/html; charset=utf-8' } }, { a: 1 })
    reads(
      { text: Buffer.from('{"a":"ü"}', 'latin1'), headers: { 'content-type': 'application/json; charset=ISO-8859-1' } },
      { a: 'ü' },
    )
    reads(
      {
        text: Buffer.from('{"a":"ü"}', 'utf16le'),
        headers: { 'content-type': 'application/json; charset="utf-16le"' },
      },
      { a: 'ü' },
    )
    reads({ text: '{"a":"x\\u0000y","b\\u0000":"\\ud800","c":"\\ud83d\\ude00"}' }, { a: 'xy', b: '\ufffd', c: '😀' })
    reads({ text: '"<html> is only text here"' }, '<html> is only text here')
    reads({ text: `${'['.repeat(400)}${']'.repeat(400)}` }, nested(400))
    reads({ text: `["${'['.repeat(5_000)}\\"${'{'.repeat(5_000)}"]` }, [`${'['.repeat(5_000)}"${'{'.repeat(5_000)}`])
    reads({ status: 204, text: '' }, null)
    reads({ status: 201, text: '' }, null, 'POST')
    reads({ status: 200, text: 'ok', headers: { 'content-type': 'text/plain' } }, 'ok', 'POST')
    reads({ status: 206, body: [1] }, [1], 'GET', { range: 'items=0-1' })
    reads({ status: 304, text: '' }, null, 'GET', { 'if-none-match': '"1"' })
  })

  suite('F12, F14, F15, F16, F19, F20: takes nothing else for an answer', () => {
    check({ text: '' }, 'provider.changed', { reason: 'empty' })
    check({ text: ' \n ' }, 'provider.changed', { reason: 'empty' })
    check({ text: '<!DOCTYPE html><title>Sign in</title>' }, 'provider.down', { reason: 'html' })
    check({ text: '  <html>' }, 'provider.down', { reason: 'html' })
    check({ text: 'Attention Required', headers: { 'content-type': 'text/html' } }, 'provider.down', { reason: 'html' })
    check({ text: '{"a":1,}' }, 'provider.changed', { reason: 'not_json' })
    check({ text: '{"a":NaN}' }, 'provider.changed', { reason: 'not_json' })
    check({ text: "{'a':1}" }, 'provider.changed', { reason: 'not_json' })
    check({ text: '{"a":1}{"b":2}' }, 'provider.changed', { reason: 'not_json' })
    check({ text: 'callback({"a":1})' }, 'provider.changed', { reason: 'not_json' })
    check({ text: Buffer.from('{"a":"ü"}', 'latin1') }, 'provider.changed', { reason: 'not_json' })
    check(
      { text: '{"a":1}', headers: { 'content-type': 'application/json; charset=x-nobody-knows' } },
      'provider.changed',
      { reason: 'not_json' },
    )
    check({ text: Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]) }, 'provider.changed', { reason: 'not_json' })
    check({ text: '['.repeat(100_000) }, 'provider.changed', { reason: 'too_deep' })
    check({ text: '{"a":'.repeat(100_000) }, 'provider.changed', { reason: 'too_deep' })
    check({ status: 206, body: {} }, 'provider.changed', {})
    check({ status: 304, text: '' }, 'provider.changed', {})

    test('F09: an answer without an end that says where it is, is one that was lost', async () => {
      const script: Scripted[] = [
        { status: 200, text: '{"a":', headers: { 'content-length': undefined as never } },
        200,
      ]
      const { clock, gateway, asked } = openTestWorld(script.map(withoutLength))
      await clock.run(() => gateway.call(testTarget(testProvider()), { path: '/x' }))
      assert.equal(asked.length, 2)
    })
  })

  suite('F21: knows what a status means where the provider says nothing more', () => {
    const codes: Record<number, FaultCode> = {
      ...{
        400: 'provider.rejected',
        401: 'connection.expired',
        402: 'setup.plan',
        403: 'provider.forbidden',
        404: 'provider.missing',
      },
      ...{
        405: 'provider.rejected',
        408: 'provider.timeout',
        409: 'provider.rejected',
        410: 'provider.missing',
        413: 'provider.rejected',
      },
      ...{
        415: 'provider.rejected',
        418: 'provider.rejected',
        422: 'provider.rejected',
        425: 'provider.down',
        429: 'provider.throttled',
      },
      ...{
        451: 'provider.rejected',
        500: 'provider.down',
        501: 'provider.rejected',
        502: 'provider.down',
        503: 'provider.down',
      },
      ...{
        504: 'provider.timeout',
        520: 'provider.down',
        526: 'provider.down',
        529: 'provider.down',
        599: 'provider.down',
      },
    }
    for (const [status, code] of Object.entries(codes)) {
      check({ status: Number(status) }, code, { status: Number(status) })
      check({ status: Number(status), text: '' }, code, {})
      check({ status: Number(status), text: 'something went wrong' }, code, {})
    }
    check({ status: 403, text: '<html>Checking your browser</html>' }, 'provider.down', {
      reason: 'challenge',
      waitMs: 900_000,
    })
    check({ status: 403, text: '<html>', headers: { 'retry-after': '60' } }, 'provider.down', {
      reason: 'challenge',
      waitMs: 60_000,
    })
    check({ status: 503, text: '<html>Maintenance</html>' }, 'provider.down', {})
    check({ status: 404, text: '<html>Not Found</html>' }, 'provider.missing', {})
  })

  suite('F28, F31: goes by the provider’s table first', () => {
    const example = { status: 400, body: null }
    const rules: ErrorRule[] = [
      {
        reason: 'quotaExceeded',
        is: 'provider.exhausted',
        wait: { untilMidnight: 'America/Los_Angeles' },
        quota: 'units',
        example,
      },
      { reason: /^rate/, is: 'provider.throttled', wait: { ms: 30_000 }, example },
      { status: [403, 400], message: /scope/i, is: 'connection.scopes', example },
      { status: 403, reason: 'private', is: 'provider.forbidden', example },
      { status: 403, is: 'setup.plan', wait: { ms: 6 * 3_600_000 }, example },
      { status: 200, reason: 'limit', is: 'provider.throttled', example },
      { message: /^too many/i, is: 'provider.throttled', example },
      { status: 500, reason: 'token', is: 'connection.expired', example },
    ]
    const errors: Errors = { ...testErrors, rules, failed: (body) => at(body, 'error') !== undefined }
    const error = (reason: string, message?: string) => ({ error: { reason, ...(message && { message }) } })

    const untilMidnightMs = Date.UTC(2026, 0, 16, 8) - (testStart + 10)
    check(
      { status: 403, body: error('quotaExceeded') },
      'provider.exhausted',
      { reason: 'quotaExceeded', quota: 'units', waitMs: untilMidnightMs },
      errors,
    )
    check({ status: 403, body: error('rateLimited') }, 'provider.throttled', { waitMs: 30_000 }, errors)
    check(
      { status: 403, body: error('rateLimited'), headers: { 'retry-after': '7' } },
      'provider.throttled',
      { waitMs: 7_000 },
      errors,
    )
    check({ status: 403, body: error('x', 'Missing SCOPE a') }, 'connection.scopes', {}, errors)
    check({ status: 404, body: error('x', 'Missing scope a') }, 'provider.missing', {}, errors)
    check({ status: 403, body: error('private') }, 'provider.forbidden', {}, errors)
    check({ status: 403, body: error('whatever') }, 'setup.plan', { waitMs: 21_600_000 }, errors)
    check({ status: 429, text: 'Too many requests' }, 'provider.throttled', {}, errors)
    check({ status: 500, body: error('token') }, 'connection.expired', {}, errors)
    // Errors that call themselves a success
    check({ status: 200, body: error('limit') }, 'provider.throttled', {}, errors)
    check({ status: 200, body: error('unheard of') }, 'provider.rejected', { reason: 'unheard of' }, errors)
    check({ status: 200, body: { data: [1], ...error('quotaExceeded') } }, 'provider.exhausted', {}, errors)
    // A page from something in front of the API is not the API speaking
    check({ status: 403, text: '<html>' }, 'provider.down', { reason: 'challenge' }, errors)

    check({ status: 429, body: {} }, 'provider.throttled', { waitMs: 42_000 }, { ...testErrors, wait: () => 42_000 })
    check({ status: 429, body: {} }, 'provider.throttled', { waitMs: 86_400_000 }, { ...testErrors, wait: () => 1e15 })
    check(
      { status: 429, headers: { 'retry-after': '5' } },
      'provider.throttled',
      { waitMs: 5_000 },
      { ...testErrors, wait: () => null },
    )
    check(
      { status: 429, headers: { 'retry-after': '5' } },
      'provider.throttled',
      { waitMs: 5_000 },
      { ...testErrors, wait: () => Number.NaN },
    )
    // Neither of them, and a header that says until when there is no room
    const quotaHeaders = [
      { quota: 'minute', remaining: 'x-left', reset: 'x-reset' },
      { quota: 'day', remaining: 'x-left-today', reset: 'x-reset-today' },
    ]
    const spent = { 'x-left': '0', 'x-reset': '7', 'x-left-today': '0', 'x-reset-today': '600' }
    check({ status: 429, headers: spent }, 'provider.throttled', { waitMs: 600_000 }, { ...testErrors, quotaHeaders })
    check(
      { status: 429, headers: { ...spent, 'retry-after': '9' } },
      'provider.throttled',
      { waitMs: 9_000 },
      { ...testErrors, quotaHeaders },
    )
    check(
      { status: 429, headers: spent },
      'provider.throttled',
      { waitMs: 7_000, quota: 'minute' },
      {
        ...{ ...testErrors, quotaHeaders },
        rules: [{ status: 429, is: 'provider.throttled', quota: 'minute', example: { status: 429, body: null } }],
      },
    )
    check({ status: 404, headers: spent }, 'provider.missing', { waitMs: undefined }, { ...testErrors, quotaHeaders })
    // A table that stumbles over a stranger's body has found nothing
    const stumbling = (): never => (undefined as unknown as { x: () => never }).x()
    check(
      { status: 404 },
      'provider.missing',
      {},
      { ...testErrors, read: stumbling, wait: stumbling, signals: stumbling },
    )
  })

  suite('tells what helps and nothing that is secret', () => {
    check({ status: 404, headers: { 'x-request-id': 'req-1' } }, 'provider.missing', {
      requestId: 'req-1',
      path: 'api.acme.example/v1/things',
      provider: 'acme',
      attempt: 1,
    })
    check({ status: 404, headers: { 'x-request-id': 'a\u001b[2Jb' } }, 'provider.missing', { requestId: undefined })
    test('the provider’s words, short and on one line, without the token it quotes', async () => {
      const message = `Token token-of-generation-1 is bad\n\u001b[2J{"level":"info"}\u2028${'x'.repeat(1_000)}`
      const fault = await faultOf({ status: 400, body: { error: { reason: 'Bearer token-of-generation-1', message } } })
      assert.match(fault.message, /^Token \[secret\] is bad \[2J\{"level":"info"\} x+…$/)
      assert.equal(fault.message.length, 301)
      assert.equal(fault.detail.reason, '[secret]')
    })
    test('a query value that is a credential, too', async () => {
      const credentials = { query: { key: 'AIza-canary-4711' }, headers: {}, generation: 1 }
      const { clock, gateway } = openTestWorld(
        [{ status: 400, body: { error: { message: 'key AIza-canary-4711 is invalid' } } }],
        {
          credentials: { authorize: (_target, _as, use) => use(credentials) },
        },
      )
      await clock.run(() =>
        assert.rejects(gateway.call(testTarget(testProvider()), { path: '/x' }), (error) => {
          assert.ok(isFault(error))
          assert.equal(error.message, 'key [secret] is invalid')
          assert.doesNotMatch(JSON.stringify(error.detail), /canary/)
          return true
        }),
      )
    })
  })

  function reads(
    answer: Partial<Extract<Scripted, { status: number }>>,
    expected: Json,
    method: 'GET' | 'POST' = 'GET',
    headers?: Record<string, string>,
  ) {
    test(`${method} ${answer.status ?? 200} ${String(answer.text ?? JSON.stringify(answer.body)).slice(0, 60)}`, async () => {
      const { clock, gateway } = openTestWorld([{ status: 200, ...answer }])
      const { body } = await clock.run(() =>
        gateway.call(testTarget(testProvider()), { path: '/things', method, headers }),
      )
      assert.deepEqual(body, expected)
    })
  }

  function check(
    answer: Partial<Extract<Scripted, { status: number }>>,
    code: FaultCode,
    detail: Partial<FaultDetail>,
    errors?: Errors,
  ) {
    test(`${answer.status ?? 200} ${String(answer.text ?? JSON.stringify(answer.body ?? {})).slice(0, 60)}: ${code}`, async () => {
      const fault = await faultOf({ status: 200, ...answer }, errors)
      assert.equal(fault.code, code)
      for (const [name, value] of Object.entries(detail)) assert.equal(fault.detail[name], value, name)
    })
  }

  async function faultOf(answer: Scripted, errors: Errors = testErrors) {
    const { clock, gateway } = openTestWorld([answer], { credentials: { refused: async () => 'stop' } })
    const target = testTarget(testProvider({ errors }), { patienceMs: 0 })
    const said = await clock.run(() => gateway.call(target, { path: '/things' }).catch((error) => error))
    assert.ok(isFault(said), String(said))
    return said
  }
})

function nested(depth: number): Json {
  return depth === 1 ? [] : [nested(depth - 1)]
}

function withoutLength(scripted: Scripted): Scripted {
  if (typeof scripted !== 'object') return scripted
  return { ...scripted, headers: { ...scripted.headers, 'content-length': undefined as never } }
}
