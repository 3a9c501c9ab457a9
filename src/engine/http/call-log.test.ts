import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SimulatedClock } from '../../drivers/clock/simulated.ts'
import { openCapturedLog } from '../../drivers/log/captured.ts'
import type { CallRecord, Journal } from '../../ports/journal.ts'
import { openCallLog } from './call-log.ts'
import { openTestWorld, type Scripted, testProvider, testStart, testTarget } from './test-provider.ts'

suite('call log', () => {
  suite('keeps one record of an intent', () => {
    check([200], {
      attempts: 1,
      status: 200,
      fault: null,
      durationMs: 10,
      waitedMs: 0,
      address: 'api.acme.example/v1/things',
    })
    check([503, 200], { attempts: 2, status: 200, fault: null })
    check([404], { attempts: 1, status: 404, fault: 'provider.missing' })
    check(['lost', 'connect', 'lost'], { attempts: 5, status: null, fault: 'provider.unreachable' })
    check([503, 'lost', 'lost', 'lost', 'lost'], { attempts: 5, status: 503, fault: 'provider.unreachable' })
    check([{ status: 200, headers: { 'x-request-id': 'req-7' } }], { requestId: 'req-7' })
    check([{ status: 404, headers: { 'cf-ray': 'ray-7' } }], { requestId: 'ray-7', fault: 'provider.missing' })
    check([{ status: 200, body: { a: 'ü' } }], { requestBytes: 10, responseBytes: 10 })
  })

  test('no query, no body, no credential', async () => {
    const { clock, gateway, records } = openTestWorld([
      { status: 400, body: { error: { message: 'token-of-generation-1 canary' } } },
    ])
    const request = {
      path: '/things',
      query: { q: 'canary' },
      method: 'POST',
      body: { secret: 'canary' },
      headers: { 'idempotency-key': 'canary' },
    } as const
    await clock.run(async () => {
      await gateway.call(testTarget(testProvider()), request).catch(() => {})
      await gateway.flush()
    })
    assert.equal(records.length, 1)
    assert.doesNotMatch(JSON.stringify(records), /canary|token-of/)
  })

  test('none of what was refused before it could be a call', async () => {
    const { clock, gateway, records } = openTestWorld([200])
    await clock.run(async () => {
      await gateway.call(testTarget(testProvider()), { path: 'https://evil.example' }).catch(() => {})
      await gateway.flush()
    })
    assert.equal(records.length, 0)
  })

  test('one of what was given up', async () => {
    const { clock, gateway, records } = openTestWorld([200], { latencyMs: 1_000 })
    await clock.run(async () => {
      const stop = new AbortController()
      const call = gateway.call(testTarget(testProvider()), { path: '/x' }, stop.signal)
      call.catch(() => {})
      await clock.sleep(10)
      stop.abort()
      await call.catch(() => {})
      await gateway.flush()
    })
    assert.deepEqual(
      records.map(({ fault, attempts }) => [fault, attempts]),
      [['aborted', 1]],
    )
  })

  test('one of what is passed on', async () => {
    const { clock, gateway, records } = openTestWorld([200, 404])
    const raw = { method: 'POST', path: '/x', query: 'q=canary', headers: {} }
    await clock.run(async () => {
      for (let nth = 0; nth < 2; nth++)
        await gateway.forward(testTarget(testProvider()), { ...raw, body: (async function* () {})() }).then(
          async ({ body }) => {
            for await (const _ of body);
          },
          () => {},
        )
      await gateway.flush()
    })
    assert.deepEqual(
      records.map(({ status, fault }) => [status, fault]),
      [
        [200, null],
        [404, 'provider.missing'],
      ],
    )
    assert.doesNotMatch(JSON.stringify(records), /canary/)
  })

  test('one of what is passed on and never answered', async () => {
    const { clock, gateway, records } = openTestWorld(['lost'])
    const raw = { method: 'POST', path: '/x', query: '', headers: {}, body: (async function* () {})() }
    await clock.run(async () => {
      await gateway.forward(testTarget(testProvider()), raw).catch(() => {})
      await gateway.flush()
    })
    assert.deepEqual(
      records.map(({ status, fault }) => [status, fault]),
      [[null, 'provider.unsure']],
    )
  })

  test('written at most each second, many at once, by environment', async () => {
    const { clock, calls, written } = open()
    await clock.run(async () => {
      for (let nth = 0; nth < 50; nth++) calls.add(nth % 2 ? 'env_1' : 'env_2', record(nth))
      await clock.sleep(999)
      assert.equal(written.length, 0)
      await clock.sleep(2)
      assert.deepEqual(
        written.map(({ environmentId, count }) => [environmentId, count]),
        [
          ['env_2', 25],
          ['env_1', 25],
        ],
      )
      calls.add('env_1', record(50))
      await calls.flush()
      assert.equal(written.length, 3)
      await clock.sleep(5_000)
      assert.equal(written.length, 3)
    })
    assert.equal(clock.sleepers, 0)
  })

  test('kept while the journal is away, and written when it is back', async () => {
    let away = true
    const { clock, calls, written, log } = open(() => {
      if (away) throw new Error('the database is away')
    })
    await clock.run(async () => {
      calls.add('env_1', record(1))
      await clock.sleep(2_500)
      calls.add('env_1', record(2))
      away = false
      await clock.sleep(1_500)
    })
    assert.deepEqual(
      written.map(({ count }) => count),
      [2],
    )
    assert.ok(log.lines.every(({ event }) => event === 'calls.not_written'))
  })

  test('bounded: the oldest go first, and it is said', async () => {
    let away = true
    const { clock, calls, written, log } = open(() => {
      if (away) throw new Error('the database is away')
    })
    await clock.run(async () => {
      for (let nth = 0; nth < 11_100; nth++) calls.add('env_1', record(nth))
      await clock.sleep(1_001)
      away = false
      await calls.flush()
    })
    assert.deepEqual(written, [{ environmentId: 'env_1', count: 10_099, first: 'cal_1001' }])
    assert.ok(log.lines.some(({ event, fields }) => event === 'calls.dropped' && fields['count'] === 1_001))
  })

  test('F92: once it is closed it keeps no process, whatever cannot be written or comes too late', async () => {
    let away = false
    const { clock, calls, written, log } = open(() => {
      if (away) throw new Error('Cannot use a pool after calling end on the pool')
    })
    await clock.run(async () => {
      calls.add('env_1', record(1))
      await calls.close()
      away = true
      // From a call that was left at the stop.
      calls.add('env_1', record(2))
      await clock.sleep(1_001)
    })
    assert.deepEqual([written.length, clock.sleepers], [1, 0])
    const other = open(() => {
      throw new Error('the database is away')
    })
    await other.clock.run(async () => {
      other.calls.add('env_1', record(1))
      await other.calls.close()
      await other.clock.sleep(1_001)
    })
    assert.equal(other.clock.sleepers, 0)
    const dropped = (lines: typeof log.lines) =>
      lines.filter(({ event }) => event === 'calls.dropped').map(({ fields }) => fields['count'])
    assert.deepEqual([dropped(log.lines), dropped(other.log.lines)], [[1], [1]])
  })

  test('a thousand do not wait for the second, unless the journal is away', async () => {
    let away = false
    let tries = 0
    const { clock, calls, written } = open(() => {
      tries++
      if (away) throw new Error('the database is away')
    })
    await clock.run(async () => {
      for (let nth = 0; nth < 1_000; nth++) calls.add('env_1', record(nth))
      await clock.sleep(1)
      assert.deepEqual(
        written.map(({ count }) => count),
        [1_000],
      )
      away = true
      for (let nth = 0; nth < 5_000; nth++) {
        calls.add('env_1', record(nth))
        if (nth % 100 === 0) await clock.sleep(1)
      }
      assert.equal(tries, 2)
    })
  })

  function check(script: Scripted[], expected: Partial<CallRecord>) {
    test(
      script.map((each) => (typeof each === 'object' ? JSON.stringify(each) : String(each))).join(', '),
      async () => {
        const { clock, gateway, records } = openTestWorld(script)
        const target = testTarget(testProvider(), { runId: 'run_1', lane: 'scheduled' })
        await clock.run(async () => {
          await gateway.call(target, { path: '/things', method: 'PUT', body: { a: 'ü' } }).catch(() => {})
          await gateway.flush()
        })
        assert.equal(records.length, 1)
        const always = {
          environmentId: 'env_1',
          integrationId: 'int_1',
          connectionId: null,
          runId: 'run_1',
          provider: 'acme',
          lane: 'scheduled',
          method: 'PUT',
          startedAt: testStart,
        }
        assert.partialDeepStrictEqual(records[0], { ...always, ...expected })
        assert.match(records[0]!.id, /^cal_[0-9a-z]{20}$/)
      },
    )
  }
})

function open(before: () => void = () => {}) {
  const clock = new SimulatedClock(testStart)
  const log = openCapturedLog()
  const written: { environmentId: string; count: number; first: string }[] = []
  const journal = {
    async calls(environmentId: string, calls: readonly CallRecord[]) {
      before()
      written.push({ environmentId, count: calls.length, first: calls[0]!.id })
    },
  } as Pick<Journal, 'calls'> as Journal
  return { clock, log, written, calls: openCallLog({ clock, log, journal }) }
}

const record = (nth: number) => ({ id: `cal_${nth}` }) as CallRecord
