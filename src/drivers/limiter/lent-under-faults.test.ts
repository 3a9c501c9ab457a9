import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createClient } from '@redis/client'
import type { Clock } from '../../ports/clock.ts'
import type { Draw, Limiter } from '../../ports/limiter.ts'
import { systemClock } from '../clock/system.ts'
import { openTestDatabase } from '../database/test-database.ts'
import { openCapturedLog } from '../log/captured.ts'
import { SeededRandom } from '../random/seeded.ts'
import { openLeasedLimiter } from './leased.ts'
import { openLentLimiter } from './lent.ts'
import { openPostgresLimiter } from './postgres.ts'
import { openRedisLimiter } from './redis.ts'
import { openRedisLink } from './redis-link.ts'
import { noRedis, startTestRedis, type TestRedis } from './test-redis.ts'

/** Real servers, on a clock that runs so much faster that a forgotten loan is over after seconds. */
const speed = 60
const rollingMs = 60_000
const dayMs = 240_000
const midnightMs = 60_000
const limits = { one: 20, two: 24, three: 250, day: 100 }
const clients = 8

suite('limiter that lends to redis, under faults of redis', { skip: noRedis }, () => {
  test('F84: eight clients overspend no window while Redis is flushed, evicted, paused, stopped and killed', async () => {
    const server = await startTestRedis()
    const database = await openTestDatabase({ poolSize: 8 })
    const clock = quickClock()
    const log = openCapturedLog()
    const provider = openProvider(clock)
    const ending = new AbortController()
    let drawn: Record<string, number> = {}
    const opened = await Promise.all(
      Array.from({ length: clients }, async (_, index) => {
        const link = openRedisLink({ url: server.url, installation: 'faults', clock: systemClock, log })
        const redis = { ...openRedisLimiter(link), reached: () => link.reached }
        const lent = openLentLimiter(openPostgresLimiter(database.database), redis, { clock, log })
        // Half of them as a server has it, with blocks of its own in front.
        const leased = index % 2 === 0 ? openLeasedLimiter(lent, { clock, log }) : null
        const close = async () => {
          await leased?.close()
          await lent.close()
          await link.close()
        }
        return { limiter: leased ?? lent, close, link }
      }),
    )
    try {
      await Promise.all(opened.map(({ link }) => link.connect()))
      const calling = opened.flatMap(({ limiter }, client) =>
        Array.from({ length: 4 }, (_, nth) => call(limiter, provider, clock, `${client}.${nth}`, ending.signal)),
      )
      const run = Promise.all(calling)
      drawn = await Promise.race([breakRedis(server, provider), run.then(() => assert.fail('callers ended'))])
      ending.abort()
      await run
    } finally {
      ending.abort()
      await Promise.allSettled(opened.map(({ close }) => close()))
      await server.stop()
      await database.drop()
    }
    assert.ok(provider.calls > 200, `${provider.calls} calls are no crowd`)
    for (const [bucket, most] of Object.entries(provider.most)) {
      const limit = limits[bucket as keyof typeof limits]
      assert.ok(most <= limit, `${bucket}: ${most} of ${limit} in a window`)
    }
    for (const [fault, quick] of Object.entries(drawn)) assert.ok(quick > 0, `nothing was drawn from Redis ${fault}`)
    assert.equal(Object.keys(drawn).length, 6)
    assert.ok(provider.most.one > limits.one * 0.5, `only ${provider.most.one} of ${limits.one} were used`)
    assert.ok(provider.most.day > limits.day * 0.5, `only ${provider.most.day} of ${limits.day} were used`)
    assert.ok(log.lines.filter(({ event }) => event === 'quota.redis_away').length >= clients)
  })
})

/** Breaks it in turns, and says how many calls had drawn from it before each of the faults, since the one before. */
async function breakRedis(server: TestRedis, provider: Provider): Promise<Record<string, number>> {
  const admin = createClient({ url: server.url })
  admin.on('error', () => {})
  await admin.connect()
  const drawn: Record<string, number> = {}
  const faults: Record<string, () => Promise<unknown>> = {
    flush: () => admin.flushAll(),
    evict: async () => {
      for (const key of await admin.keys('*:log:*')) await admin.del(key)
    },
    pause: () => admin.sendCommand(['CLIENT', 'PAUSE', '400']),
    stop: async () => {
      server.signal('SIGSTOP')
      await systemClock.sleep(600)
      server.signal('SIGCONT')
    },
    kill: () => server.restart(),
  }
  try {
    for (const [name, fault] of Object.entries(faults)) {
      drawn[`before ${name}`] = await drawFor(1_500, provider)
      await fault()
      provider.takeQuick()
    }
    drawn['at the end'] = await drawFor(1_500, provider)
    return drawn
  } finally {
    admin.destroy()
  }
}

/** Waits until calls draw from Redis, then for a while more. A loan that was forgotten is under way for the record first. */
async function drawFor(ms: number, provider: Provider): Promise<number> {
  for (let turn = 0; turn < 400 && provider.quick === 0; turn++) await systemClock.sleep(50)
  await systemClock.sleep(ms)
  return provider.takeQuick()
}

type Provider = ReturnType<typeof openProvider>

/** Counts as a platform might at worst: a call from when it is sent until a window after it ended, and in the day in which it is sent. */
function openProvider(clock: Clock) {
  const counting: Record<'one' | 'two' | 'three', { endedAt: number }[]> = { one: [], two: [], three: [] }
  const days = new Map<number, number>()
  const self = {
    calls: 0,
    quick: 0,
    most: { one: 0, two: 0, three: 0, day: 0 },
    send(name: 'one' | 'two' | 'three', ticket: string): { end(): number } {
      const sentAt = clock.now()
      const one = { endedAt: Number.POSITIVE_INFINITY }
      counting[name] = counting[name].filter(({ endedAt }) => endedAt + rollingMs >= sentAt)
      self.most[name] = Math.max(self.most[name], counting[name].push(one))
      self.calls++
      const day = Math.floor(sentAt / dayMs)
      const used = (days.get(day) ?? 0) + 1
      days.set(day, used)
      self.most.day = Math.max(self.most.day, used)
      if (ticket.startsWith('quick ')) self.quick++
      return {
        end() {
          one.endedAt = clock.now()
          return one.endedAt
        },
      }
    },
    takeQuick() {
      const taken = self.quick
      self.quick = 0
      return taken
    },
  }
  return self
}

/** As often as it may, until it is told to stop. One call in twenty is never sent. */
async function call(limiter: Limiter, provider: Provider, clock: Clock, name: string, signal: AbortSignal) {
  const random = new SeededRandom(name, clock)
  const names = ['one', 'one', 'one', 'two', 'three'] as const
  while (!signal.aborted) {
    const which = names[Math.floor(random.unit() * names.length)]!
    const now = clock.now()
    const startsAt = Math.floor(now / dayMs) * dayMs
    const day = { startsAt, endsAt: startsAt + dayMs }
    // What runs over midnight is no matter of Redis: days are not lent of.
    if (day.endsAt - now < midnightMs) {
      await clock.sleep(day.endsAt - now)
      continue
    }
    const draws: Draw[] = [
      { bucket: `provider/faults/${which}`, amount: 1, limit: limits[which], window: { rollingMs } },
      { bucket: 'provider/faults/day', amount: 1, limit: limits.day, window: day },
    ]
    const taken = await limiter.take(draws, { now, lane: 'interactive' })
    if (!taken.granted) {
      await clock.sleep(Math.max(500, Math.min(taken.waitMs, 2_000)) * (1 + random.unit()))
      continue
    }
    if (random.unit() < 0.05) {
      await limiter.settle(taken.ticket, { at: clock.now(), sent: false })
      continue
    }
    const sent = provider.send(which, taken.ticket)
    await clock.sleep(50 + random.unit() ** 4 * 3_000)
    await limiter.settle(taken.ticket, { at: sent.end(), sent: true })
  }
}

function quickClock(): Clock {
  const startedAt = systemClock.now()
  return {
    now: () => startedAt + Math.floor((systemClock.now() - startedAt) * speed),
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
  }
}
