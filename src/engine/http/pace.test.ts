import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ErrorRule, isFault, type Quota, type QuotaSignal } from '@patchbay/kit'
import { openMemoryLimiter } from '../../drivers/limiter/memory.ts'
import { SeededRandom } from '../../drivers/random/seeded.ts'
import type { Limiter } from '../../ports/limiter.ts'
import {
  openTestWorld,
  type Scripted,
  type TestWorld,
  testErrors,
  testProvider,
  testStart,
  testTarget,
} from './test-provider.ts'

const second = 1_000
const quota = (limit: number, window: Quota['window'], more: Partial<Quota> = {}): Quota => ({
  ...{ id: 'general', per: 'app', limit, window, source: 'test' },
  ...more,
})

suite('pace', () => {
  test('a process that stood still after the grant asks for quota again, and sends nothing on the old one', async () => {
    let stalledMs = 3 * 60_000
    const world: TestWorld = openTestWorld([200], {
      credentials: {
        async authorize(_target, _as, use) {
          await world.clock.sleep(stalledMs)
          stalledMs = 0
          return use({ headers: {}, query: {}, generation: 1 })
        },
      },
    })
    const provider = testProvider({ quotas: [quota(5, { rollingMs: second })] })
    const { limiter } = world
    const taken: number[] = []
    const { take } = limiter
    limiter.take = (draws, options) => {
      taken.push(options.now - testStart)
      return take(draws, options)
    }
    await world.clock.run(() => world.gateway.call(testTarget(provider, { patienceMs: 10 * 60_000 }), { path: '/me' }))
    assert.equal(world.asked.length, 1)
    assert.equal(taken.length, 2)
    assert.ok(world.asked[0]!.at - testStart >= taken[1]! && taken[1]! >= 3 * 60_000)
  })

  test('what has time keeps to a tenth of a limit and waits for it, and a person goes past', async () => {
    const windowMs = 5 * second
    const world = openTestWorld(Array.from({ length: 30 }, () => 200))
    const provider = testProvider({ quotas: [quota(50, { rollingMs: windowMs })] })
    const call = (more: Parameters<typeof testTarget>[1]) =>
      world.gateway.call(testTarget(provider, { patienceMs: 60_000, ...more }), { path: '/me' })
    let personWaitedMs = -1
    await world.clock.run(async () => {
      const others = Array.from({ length: 20 }, () => call({ lane: 'scheduled', spares: 'always' }))
      await world.clock.sleep(second)
      const from = world.clock.now()
      await call({ lane: 'interactive' })
      personWaitedMs = world.clock.now() - from
      await Promise.all(others)
    })
    const at = world.asked.map((one) => one.at - testStart).sort((one, other) => one - other)
    assert.equal(at.length, 21)
    const most = Math.max(...at.map((from) => at.filter((one) => one >= from && one < from + windowMs).length))
    assert.ok(most <= 6, `${most} in a window, with the person`)
    assert.ok(personWaitedMs < second, `${personWaitedMs} ms`)
  })

  suite('what is late waits a while for a tenth of a limit, and not where it is far off', () => {
    const check = (windowMs: number, leastMs: number, mostMs: number) =>
      test(`a window of ${windowMs / second} s`, async () => {
        const world = openTestWorld(Array.from({ length: 30 }, () => 200))
        const provider = testProvider({ quotas: [quota(50, { rollingMs: windowMs })] })
        const target = testTarget(provider, { patienceMs: 60_000, lane: 'scheduled', spares: 'a_while' })
        await world.clock.run(async () => {
          await Promise.all(Array.from({ length: 12 }, () => world.gateway.call(target, { path: '/me' })))
        })
        const tookMs = world.clock.now() - testStart
        assert.equal(world.asked.length, 12)
        assert.ok(tookMs >= leastMs && tookMs < mostMs, `${tookMs} ms`)
      })

    check(5 * second, 5 * second, 20 * second)
    check(30 * second, 20 * second, 25 * second)
    check(3600 * second, 0, second)
  })

  suite('F38: keeps the limit at the provider’s own count, however late requests arrive', () => {
    const rolling = { rollingMs: 5 * second }

    check('50 in 5 s', {
      quotas: [quota(50, rolling)],
      workers: 120,
      calls: 400,
      most: [50, rolling.rollingMs],
      least: 25,
    })
    check('1 a second', {
      quotas: [quota(1, { rollingMs: second })],
      workers: 5,
      calls: 30,
      most: [1, second],
      least: 1,
    })
    check('50 in 5 s, some answers lost', {
      quotas: [quota(50, rolling)],
      workers: 80,
      calls: 400,
      most: [50, rolling.rollingMs],
      lost: 0.1,
    })
    check('50 in 5 s, in two processes', {
      quotas: [quota(50, rolling)],
      workers: 120,
      calls: 300,
      most: [50, rolling.rollingMs],
      processes: 2,
    })
    check('10 in 1 s and 100 in 30 s', {
      quotas: [
        quota(10, { rollingMs: second }, { id: 'burst' }),
        quota(100, { rollingMs: 30 * second }, { id: 'long' }),
      ],
      workers: 60,
      calls: 400,
      most: [10, second],
      also: [100, 30 * second],
    })
    check('scheduled work leaves a tenth', {
      quotas: [quota(50, rolling)],
      workers: 120,
      calls: 300,
      most: [45, rolling.rollingMs],
      lane: 'scheduled',
    })

    test('which this storm would notice: calls counted from when they were sent break it', async () => {
      const limiter = openMemoryLimiter()
      const takenAt = new Map<string, number>()
      const fromSending = {
        ...limiter,
        async take(draws: Parameters<typeof limiter.take>[0], options: Parameters<typeof limiter.take>[1]) {
          const taken = await limiter.take(draws, options)
          if (taken.granted) takenAt.set(taken.ticket, options.now)
          return taken
        },
        settle: (ticket: string, { sent }: { sent: boolean }) =>
          limiter.settle(ticket, { at: takenAt.get(ticket)!, sent }),
      }
      const { arrivals } = await storm({ quotas: [quota(50, rolling)], workers: 120, calls: 400, limiter: fromSending })
      assert.ok(mostInWindow(arrivals, rolling.rollingMs) > 50)
    })
    test('100 a day, over midnight in Los Angeles', async () => {
      const { arrivals } = await storm({
        quotas: [quota(100, { day: 'America/Los_Angeles' })],
        workers: 40,
        calls: 150,
        startsInMs: 20 * 3_600_000 - 10 * second,
      })
      const midnight = Date.UTC(2026, 0, 16, 8)
      const days = Map.groupBy(arrivals, (at) => at >= midnight)
      assert.ok(days.get(false)!.length <= 100 && days.get(true)!.length <= 100)
      assert.equal(arrivals.length, 150)
    })

    test('3 at a time', async () => {
      const { mostAtOnce, arrivals } = await storm({
        quotas: [quota(3, { concurrent: true })],
        workers: 20,
        calls: 100,
      })
      assert.deepEqual([mostAtOnce, arrivals.length], [3, 100])
    })
  })

  test('F92: told to stop, what waits for room hears at once how long it would have been, and nothing more is tried', async () => {
    const world = openTestWorld([200])
    const provider = testProvider({ quotas: [quota(1, { rollingMs: 60 * second })] })
    const stopping = new AbortController()
    const call = () =>
      world.gateway.call(testTarget(provider, { patienceMs: 10 * 60 * second, stop: stopping.signal }), { path: '/me' })
    await world.clock.run(async () => {
      await call()
      const waiting = call()
      await world.clock.sleep(2 * second)
      stopping.abort()
      for (const late of [waiting, call()])
        await assert.rejects(
          late,
          (error) => isFault(error, 'provider.throttled') && error.detail.waitMs! > 50 * second,
        )
      assert.ok(world.clock.now() - testStart < 3 * second)
    })
    assert.equal(world.asked.length, 1)
  })

  suite('waits as long as the caller has patience', () => {
    const minute = [quota(1, { rollingMs: 60 * second })]

    test('and not a millisecond longer, and says how long it would be', async () => {
      const { clock, gateway, asked } = openTestWorld([200])
      const target = testTarget(testProvider({ quotas: minute }), { patienceMs: 30 * second })
      await clock.run(async () => {
        await gateway.call(target, { path: '/x' })
        const now = clock.now()
        const fault = await gateway.call(target, { path: '/x' }).catch((error) => error)
        assert.ok(isFault(fault, 'provider.throttled'))
        assert.deepEqual([fault.detail.waitMs, fault.detail.quota], [60 * second + 1, 'general'])
        assert.equal(clock.now(), now)
      })
      assert.equal(asked.length, 1)
    })
    test('and goes out when there is room', async () => {
      const { clock, gateway, asked, records } = openTestWorld([200])
      const target = testTarget(testProvider({ quotas: minute }), { patienceMs: 90 * second })
      await clock.run(async () => {
        await gateway.call(target, { path: '/x' })
        await gateway.call(target, { path: '/x' })
        await gateway.flush()
      })
      assert.ok(asked[1]!.at - asked[0]!.at > 60 * second)
      assert.deepEqual(
        records.map(({ waitedMs }) => waitedMs > 60 * second),
        [false, true],
      )
    })
    test('and stops when told to', async () => {
      const { clock, gateway } = openTestWorld([200])
      const target = testTarget(testProvider({ quotas: minute }))
      const reason = new Error('enough')
      await clock.run(async () => {
        await gateway.call(target, { path: '/x' })
        const stop = new AbortController()
        const waiting = gateway.call(target, { path: '/x' }, stop.signal)
        waiting.catch(() => {})
        await clock.sleep(second)
        stop.abort(reason)
        await assert.rejects(waiting, reason)
      })
    })
  })

  suite('F37: charges what was sent', () => {
    const charges = (script: Scripted[], expected: number) =>
      test(script.map(String).join(', '), async () => {
        const world = openTestWorld(script)
        const target = testTarget(testProvider({ quotas: [quota(100, { rollingMs: 3_600 * second })] }))
        await world.clock.run(() =>
          world.gateway.call(target, { path: '/x', method: 'POST', body: {} }).catch(() => {}),
        )
        assert.equal(await used(world), expected)
      })
    charges([200], 1)
    charges([400], 1)
    charges([500], 1)
    charges(['lost'], 1)
    charges(['timeout'], 1)
    charges(['connect', 'connect', 200], 1)
    charges(['connect'], 0)
    charges(['blocked'], 0)
    charges([401, 200], 2)

    test('and nothing for what was never allowed to go', async () => {
      const world = openTestWorld([200], {
        credentials: {
          async authorize() {
            throw Object.assign(new Error('no'), { code: 'connection.inactive', detail: {} })
          },
        },
      })
      const target = testTarget(testProvider({ quotas: [quota(100, { rollingMs: 3_600 * second })] }))
      await world.clock.run(() => world.gateway.call(target, { path: '/x' }).catch(() => {}))
      assert.equal(await used(world), 0)
    })

    test('counts what it cost for whoever asked', async () => {
      const { clock, gateway } = openTestWorld([503, 200])
      const costs = [{ call: 'GET api.acme.example/v1/search', takes: { general: 100 } }]
      const http = gateway.http(testTarget(testProvider({ quotas: [quota(10_000, { day: 'UTC' })], costs })))
      await clock.run(async () => {
        await http.get('/search', { q: 'x' })
        await http({ path: '/me' })
      })
      assert.deepEqual(http.spent, { calls: 3, cost: { general: 201 } })
    })
  })

  suite('F32: stops when the provider says so', () => {
    const quotas = [
      quota(1_000, { rollingMs: 60 * second }),
      quota(1_000, { day: 'America/Los_Angeles' }, { id: 'search' }),
    ]
    const costs = [{ call: 'GET api.acme.example/v1/search', takes: { search: 1 } }]
    const example = { status: 429, body: null }
    const rules: ErrorRule[] = [
      { reason: 'search', is: 'provider.exhausted', quota: 'search', example },
      { reason: 'general', is: 'provider.throttled', quota: 'general', example },
      { reason: 'day', is: 'provider.exhausted', example },
    ]
    const said = (reason: string, retryAfter?: string) => ({
      status: 429,
      body: { error: { reason } },
      headers: retryAfter ? { 'retry-after': retryAfter } : undefined,
    })
    const midnightMs = Date.UTC(2026, 0, 16, 8) - testStart

    /** First that call, then each path without patience: `null` it went out, or the wait it was told, give or take the moment that has passed. */
    const check = (answer: Scripted, first: string, waits: Record<string, number | null>, withQuotas = quotas) =>
      test(`${JSON.stringify(answer)} on ${first}`, async () => {
        const { clock, gateway } = openTestWorld([answer, 200])
        const provider = testProvider({ quotas: withQuotas, costs, errors: { ...testErrors, rules } })
        const target = testTarget(provider, { patienceMs: 0 })
        await clock.run(async () => {
          await assert.rejects(gateway.call(target, { path: first }))
          for (const [path, expected] of Object.entries(waits)) {
            const waitMs = await gateway.call(target, { path }).then(
              () => null,
              (error) => error.detail.waitMs as number,
            )
            if (expected === null || waitMs === null) assert.equal(waitMs, expected, path)
            else assert.ok(Math.abs(waitMs - expected) < 50, `${path}: ${waitMs}`)
          }
        })
      })

    check(said('x', '30'), '/me', { '/me': 30 * second, '/search': null })
    check(said('general', '30'), '/search', { '/me': 30 * second, '/search': null })
    check(said('search', '30'), '/search', { '/me': null, '/search': 30 * second })
    check(said('search'), '/search', { '/me': null, '/search': midnightMs })
    check(said('day'), '/me', { '/me': 60 * second, '/search': null })
    check(said('x'), '/me', { '/me': second })
    check(said('x', '99999999'), '/me', { '/me': 86_400 * second })
    check(said('x', '30'), '/me', { '/me': 30 * second }, [])

    test('for all who share the bucket, and nobody else', async () => {
      const { clock, gateway, asked } = openTestWorld([said('x', '30'), 200])
      const provider = testProvider({ quotas: [quota(100, { rollingMs: second })] })
      const target = testTarget(provider, { patienceMs: 60 * second })
      const other = testTarget(provider, { integration: { ...target.integration, id: 'int_2' } })
      await clock.run(async () => {
        const first = gateway.call(target, { path: '/x' })
        await clock.sleep(20)
        await gateway.call(other, { path: '/x' })
        assert.equal(asked.length, 2)
        await Promise.all([first, ...Array.from({ length: 20 }, () => gateway.call(target, { path: '/x' }))])
      })
      for (const { at } of asked.slice(2)) assert.ok(at >= asked[0]!.at + 30 * second)
    })

    test('twice as long each time in a row, when it does not say how long', async () => {
      const { clock, gateway } = openTestWorld([429, 429, 429, 200, 429])
      const target = testTarget(testProvider({ quotas: [quota(100, { rollingMs: 60 * second })] }), { patienceMs: 0 })
      const waits: number[] = []
      await clock.run(async () => {
        for (let nth = 0; nth < 5; nth++)
          await gateway.call(target, { path: '/x' }).catch(async (error) => {
            waits.push(error.detail.waitMs)
            await clock.sleep(error.detail.waitMs)
          })
      })
      assert.deepEqual(waits, [second, 2 * second, 4 * second, second])
    })
  })

  suite('stops hard where money is counted', () => {
    const month = { month: 'UTC' }
    const budget = (limit: number, more: Partial<Quota> = {}) =>
      quota(limit, month, { id: 'spend', currency: 'USD', limitSetting: 'budget', ...more })
    const priced = (limit: number, price: number, answers = 40) => {
      const world = openTestWorld(Array.from({ length: answers }, () => 200))
      const costs = [{ call: 'GET api.acme.example/', takes: { spend: price } }]
      const provider = testProvider({ quotas: [budget(limit)], costs })
      const target = testTarget(provider, { patienceMs: 60_000, lane: 'interactive' })
      const { integration } = target
      const owned = (settings: Record<string, string>) => ({ ...target, integration: { ...integration, settings } })
      return { world, target, owned, call: (of = target) => world.gateway.call(of, { path: '/x' }) }
    }
    const isSpent = (error: unknown) => isFault(error, 'setup.budget') && error.detail.quota === 'spend'

    test('nobody gets past it, the month after they do', async () => {
      const { world, target, call } = priced(1, 0.3)
      await world.clock.run(async () => {
        for (let i = 0; i < 3; i++) await call()
        await assert.rejects(call(), (error) => {
          assert.ok(isSpent(error) && isFault(error))
          assert.equal(error.message, 'The budget “spend” of 1 USD a month is spent.')
          assert.equal(world.clock.now() + error.detail.waitMs!, Date.UTC(2026, 1, 1))
          return error.kind.fixedBy === 'operator'
        })
        await assert.rejects(call({ ...target, lane: 'scheduled' }), isSpent)
        await world.clock.sleep(Date.UTC(2026, 1, 1) - world.clock.now())
        await call()
      })
      assert.equal(world.asked.length, 4)
    })

    test('its owner says how much it is, and may add to it at any time', async () => {
      const { world, owned, call } = priced(100, 0.3)
      await world.clock.run(async () => {
        await assert.rejects(call(owned({ budget: '0.2' })), isSpent)
        await assert.rejects(call(owned({ budget: '0' })), isSpent)
        await call(owned({ budget: '0.3' }))
        await assert.rejects(call(owned({ budget: '0.3' })), isSpent)
        await call(owned({ budget: '0.6' }))
      })
      assert.equal(world.asked.length, 2)
    })

    test('whatever is asked at once, what was sent costs no more', async () => {
      const prices = [0.1, 0.07, 0.333, 0.005]
      for (const price of prices) {
        const { world, call } = priced(1, price, 300)
        await world.clock.run(() => Promise.allSettled(Array.from({ length: 300 }, () => call())))
        assert.ok(world.asked.length * price <= 1 + 1e-9, `${world.asked.length} of ${price}`)
        assert.ok((world.asked.length + 1) * price > 1 - 1e-9, `${world.asked.length} of ${price}`)
      }
    })
  })

  suite('F39: heeds what headers say about quotas', () => {
    const check = (signals: QuotaSignal[], expected: { used?: number; waitMs?: number }) =>
      test(JSON.stringify(signals), async () => {
        const world = openTestWorld([200])
        const provider = testProvider({
          quotas: [quota(100, { rollingMs: 60 * second })],
          errors: { ...testErrors, signals: () => signals },
        })
        const target = testTarget(provider, { patienceMs: 0 })
        await world.clock.run(async () => {
          await world.gateway.call(target, { path: '/x' })
          if (expected.used !== undefined) assert.equal(await used(world), expected.used)
          if (expected.waitMs === undefined) return
          await assert.rejects(
            world.gateway.call(target, { path: '/x' }),
            (error) => isFault(error) && error.detail.waitMs === expected.waitMs,
          )
        })
      })
    check([{ quota: 'general', used: 0.5 }], { used: 50 })
    check([{ quota: 'general', remaining: 10 }], { used: 90 })
    check([{ quota: 'general', used: 0.5, remaining: 10 }], { used: 90 })
    check([{ quota: 'general', used: 1.2 }], { used: 120, waitMs: 60 * second + 1 })
    check([{ quota: 'general', remaining: 100 }], { used: 1 })
    check([{ quota: 'general', remaining: 1_000_000 }], { used: 1 })
    check([{ quota: 'general', used: 0 }], { used: 1 })
    check([{ quota: 'general', used: -3, remaining: Number.NaN }], { used: 1 })
    check([{ quota: 'general', waitMs: 5_000 }], { used: 1, waitMs: 5_000 })
    check([{ quota: 'general', used: 1, waitMs: 5_000 }], { used: 1, waitMs: 5_000 })
    check([{ quota: 'general', waitMs: 1e15 }], { waitMs: 86_400_000 })
    check([{ quota: 'unheard of', used: 1, waitMs: 5_000 }], { used: 1 })
    check([], { used: 1 })

    test('F40: named as data, and never to loosen', async () => {
      const answers = ['40', '90', 'many', '-1'].map((left) => ({ status: 200, headers: { 'x-left': left } }))
      const world = openTestWorld(answers)
      const errors = { ...testErrors, quotaHeaders: [{ quota: 'general', remaining: 'X-Left' }] }
      const target = testTarget(testProvider({ quotas: [quota(100, { rollingMs: 60 * second })], errors }))
      const usedAfter: number[] = []
      await world.clock.run(async () => {
        for (const _ of answers) {
          await world.gateway.call(target, { path: '/x' })
          usedAfter.push(await used(world))
        }
      })
      assert.deepEqual(usedAfter, [60, 61, 62, 100])
    })

    test('also on a refusal', async () => {
      const world = openTestWorld([404])
      const signals = () => [{ quota: 'general', used: 0.9 }]
      const target = testTarget(
        testProvider({ quotas: [quota(100, { rollingMs: 60 * second })], errors: { ...testErrors, signals } }),
      )
      await world.clock.run(() => world.gateway.call(target, { path: '/x' }).catch(() => {}))
      assert.equal(await used(world), 90)
    })
  })

  test('books that cannot be kept do not change how a call ended', async () => {
    const limiter = openMemoryLimiter()
    const broken = {
      ...limiter,
      async settle() {
        throw new Error('the database is away')
      },
    }
    const { clock, gateway, log } = openTestWorld([201], { limiter: broken })
    const { status } = await clock.run(() => gateway.call(testTarget(testProvider()), { path: '/x', method: 'POST' }))
    assert.equal(status, 201)
    assert.deepEqual(
      log.lines.map(({ event }) => event),
      ['quota.not_settled'],
    )
  })

  test('a limiter that is away lets nothing through', async () => {
    const broken = {
      ...openMemoryLimiter(),
      async take(): Promise<never> {
        throw new Error('the database is away')
      },
    }
    const { clock, gateway, asked } = openTestWorld([200], { limiter: broken })
    await clock.run(() => assert.rejects(gateway.call(testTarget(testProvider()), { path: '/x' }), /away/))
    assert.equal(asked.length, 0)
  })

  function check(name: string, options: Storm & { most: [number, number]; also?: [number, number]; least?: number }) {
    test(name, async () => {
      const { arrivals } = await storm(options)
      for (const [limit, windowMs] of [options.most, ...(options.also ? [options.also] : [])]) {
        const most = mostInWindow(arrivals, windowMs)
        assert.ok(most <= limit, `${most} in ${windowMs} ms`)
        // A limiter that lets nothing through keeps every limit.
        if (limit === options.most[0]) assert.ok(most >= (options.least ?? 1), `only ${most} in ${windowMs} ms`)
      }
    })
  }
})

interface Storm {
  quotas: Quota[]
  workers: number
  calls: number
  processes?: number
  lost?: number
  lane?: 'scheduled'
  startsInMs?: number
  limiter?: Limiter
}

/** Workers that call as fast as they may. Requests take 0 to 3 s to the provider, which counts them on arrival, and as long back. */
async function storm(options: Storm): Promise<{ arrivals: number[]; mostAtOnce: number }> {
  const arrivals: number[] = []
  let atOnce = 0
  let mostAtOnce = 0
  const limiter = options.limiter ?? openMemoryLimiter()
  const first = openTestWorld([answer], { limiter, latencyMs: 0 })
  const { clock } = first
  const random = new SeededRandom('storm', clock)
  async function answer(): Promise<Scripted> {
    await clock.sleep(random.unit() * 3_000)
    arrivals.push(clock.now())
    mostAtOnce = Math.max(mostAtOnce, ++atOnce)
    await clock.sleep(random.unit() * 3_000)
    atOnce--
    return random.unit() < (options.lost ?? 0) ? 'lost' : 200
  }
  // A second process has a gateway of its own and shares the clock and the limiter.
  const gateways = [
    first.gateway,
    ...Array.from(
      { length: (options.processes ?? 1) - 1 },
      () => openTestWorld([answer], { limiter, latencyMs: 0, clock }).gateway,
    ),
  ]
  const target = testTarget(testProvider({ quotas: options.quotas }), {
    lane: options.lane ?? 'interactive',
    patienceMs: Number.POSITIVE_INFINITY,
  })
  let left = options.calls
  await clock.run(async () => {
    await clock.sleep(options.startsInMs ?? 0)
    await Promise.all(
      Array.from({ length: options.workers }, async (_, nth) => {
        while (left-- > 0)
          await gateways[nth % gateways.length]!.call(target, { path: '/x', method: 'POST', body: {} }).catch(() => {})
      }),
    )
  })
  return { arrivals: arrivals.toSorted((one, other) => one - other), mostAtOnce }
}

/** Of a window that is closed at both ends. */
function mostInWindow(arrivals: readonly number[], windowMs: number): number {
  let most = 0
  for (let first = 0, last = 0; last < arrivals.length; last++) {
    while (arrivals[last]! - arrivals[first]! > windowMs) first++
    most = Math.max(most, last - first + 1)
  }
  return most
}

async function used({ limiter, clock }: TestWorld): Promise<number> {
  return (await limiter.usage('acme/', clock.now()))[0]?.used ?? 0
}
