import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Fault } from '@patchbay/kit'
import { openCapturedLog } from './captured.ts'
import { openPinoLog } from './pino-log.ts'
import { openRedactor } from './redactor.ts'

const secret = 'ya29.Canary-Secret_4711+/='

suite('redactor', () => {
  const check = (text: string, expected: string, secrets = [secret]) =>
    test(text.slice(0, 60), () => {
      const redactor = openRedactor()
      for (const each of secrets) redactor.registerSecret(each)
      assert.equal(redactor.clean(text), expected)
    })

  check('', '')
  check('nothing to see', 'nothing to see')
  check(secret, '[secret]')
  check(`Bearer ${secret}`, 'Bearer [secret]')
  check(`${secret}${secret}!`, '[secret][secret]!')
  check(`?access_token=${encodeURIComponent(secret)}&a=b`, '?access_token=[secret]&a=b')
  check(`x${Buffer.from(secret).toString('base64')}x`, 'x[secret]x')
  check(Buffer.from(secret).toString('base64url'), '[secret]')
  check(Buffer.from(secret).toString('hex'), '[secret]')
  check(secret.slice(0, -1), secret.slice(0, -1))
  check(`${secret.slice(0, 8)}${secret}`, `${secret.slice(0, 8)}[secret]`)
  check(JSON.stringify({ a: 'x"y\\z\n12345' }), '{"a":"[secret]"}', ['x"y\\z\n12345'])
  check('short secrets: abc1234', 'short secrets: abc1234', ['abc1234', ''])
  check('one long-secret-and-more here', 'one [secret] here', ['long-secret', 'long-secret-and-more'])
  check('one long-secret-and-some here', 'one [secret]-and-some here', ['long-secret', 'long-secret-and-more'])
  check('geheim: schlüssel-😀-ende!', 'geheim: [secret]!', ['schlüssel-😀-ende'])

  test('finds each of thousands, and forgets the oldest beyond its capacity', () => {
    const redactor = openRedactor({ capacity: 4000 })
    const secrets = Array.from({ length: 3000 }, (_, nth) => `secret-number-${nth}`)
    for (const each of secrets) redactor.registerSecret(each)
    assert.equal(redactor.clean(secrets.at(-1)!), '[secret]')
    assert.equal(redactor.clean(`a ${secrets.at(-500)} b`), 'a [secret] b')
    assert.equal(redactor.clean(secrets[0]!), secrets[0])
  })

  test('a secret that is registered again is not the oldest', () => {
    const redactor = openRedactor({ capacity: 40 })
    for (let nth = 0; nth < 100; nth++) {
      redactor.registerSecret(secret)
      redactor.registerSecret(`secret-number-${nth}`)
    }
    assert.equal(redactor.clean(secret), '[secret]')
  })
})

suite('pino log', () => {
  const written = (say: (log: ReturnType<typeof openPinoLog>) => void, level?: 'debug' | 'warn') => {
    const lines: string[] = []
    const redactor = openRedactor()
    redactor.registerSecret(secret)
    say(openPinoLog({ redactor, level, write: (line) => lines.push(line) }))
    return lines
  }

  test('a line of JSON with level, time, event and fields', () => {
    const [line] = written((log) => log.with({ run: 'run_1' }).info('sync.done', { rows: 3 }))
    const { at, ...rest } = JSON.parse(line!)
    assert.match(at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    assert.deepEqual(rest, { level: 'info', event: 'sync.done', run: 'run_1', rows: 3 })
    assert.ok(line!.endsWith('}\n'))
  })
  test('only from its level on', () => {
    const say = (log: ReturnType<typeof openPinoLog>) => {
      log.debug('a')
      log.info('b')
      log.warn('c')
      log.error('d')
    }
    assert.deepEqual(
      written(say, 'warn').map((line) => JSON.parse(line).event),
      ['c', 'd'],
    )
    assert.equal(written(say, 'debug').length, 4)
  })
  test('T25: one line whatever a provider sends', () => {
    const evil = '\n{"level":"info","event":"fake"}\r\n\x1b[2J\x1b]0;x\x07\u009b31m\u2028\u202e'
    const lines = written((log) => log.error(evil, { name: evil, [evil]: { evil }, error: new Error(evil) }))
    assert.equal(lines.length, 1)
    assert.equal(lines[0]!.split('\n').length, 2)
    assert.doesNotMatch(lines[0]!.trimEnd(), /[\p{Cc}\u2028\u202e]/u)
    assert.equal(JSON.parse(lines[0]!).level, 'error')
    assert.match(JSON.parse(lines[0]!).event, /^\\u000a\{"level":"info","event":"fake"\}\\u000d\\u000a\\u001b\[2J/)
  })
  test('T24: no secret, wherever it stands', () => {
    const error = new Error(`failed with ${secret}`, { cause: new Error(secret) })
    const lines = written((log) => {
      log.with({ token: secret }).warn(`event ${secret}`, {
        error,
        [secret]: 1,
        url: `https://x/?t=${encodeURIComponent(secret)}`,
        deep: [{ secret }],
      })
    })
    assert.equal(lines.join('').includes('Canary'), false)
    assert.equal(JSON.parse(lines[0]!).token, '[secret]')
  })
  test('T24: nothing that libraries hang on errors', () => {
    const error = Object.assign(new Error('no'), {
      code: 'E1',
      config: { headers: { authorization: 'x' } },
      detail: 'Key (token)=(abc)',
    })
    const { error: said } = JSON.parse(written((log) => log.error('failed', { error }))[0]!)
    assert.deepEqual(Object.keys(said), ['name', 'message', 'code', 'stack'])
  })
  test('a fault with its detail', () => {
    const error = new Fault('provider.down', undefined, { status: 503 })
    const { error: said } = JSON.parse(written((log) => log.error('failed', { error }))[0]!)
    assert.deepEqual([said.code, said.detail], ['provider.down', { status: 503 }])
  })
  test('nothing without an end', () => {
    const loop: Record<string, unknown> = {
      long: 'x'.repeat(1e6),
      list: Array.from({ length: 1e5 }, () => 'y'.repeat(1e4)),
    }
    loop['self'] = loop
    for (let nth = 0; nth < 1000; nth++) loop[`name ${nth}`] = 'z'.repeat(5000)
    const [line] = written((log) => log.info('big', loop))
    assert.ok(line!.length <= 16_384)
    assert.equal(JSON.parse(line!).event, 'big')
  })
  test('fields that are called like the line’s own', () => {
    const line = JSON.parse(written((log) => log.info('a', { level: 'error', event: 'b', at: 1 }))[0]!)
    assert.deepEqual([line.level, line.event, line.level_, line.event_, line.at_], ['info', 'a', 'error', 'b', 1])
  })
  test('values that JSON does not know', () => {
    const fields = {
      a: 1n,
      b: Number.NaN,
      c: undefined,
      d: () => 1,
      e: new Map([['k', new Set([1])]]),
      f: new Uint8Array(3),
      g: new Date(0),
      h: '\ud800',
    }
    const { a, b, d, e, f, g, h } = JSON.parse(written((log) => log.info('x', fields))[0]!)
    assert.deepEqual(
      [a, b, d, e, f, g, h],
      ['1', 'NaN', '[function]', { k: [1] }, '[3 bytes]', '1970-01-01T00:00:00.000Z', '\ufffd'],
    )
  })
})

test('captured log keeps what would have been written', () => {
  const redactor = openRedactor()
  redactor.registerSecret(secret)
  const log = openCapturedLog({ redactor })
  log.with({ run: 1 }).warn('x', { token: secret })
  assert.deepEqual(log.lines, [{ level: 'warn', event: 'x', fields: { run: 1, token: '[secret]' } }])
  assert.match(log.text(), /"token":"\[secret\]"/)
})
