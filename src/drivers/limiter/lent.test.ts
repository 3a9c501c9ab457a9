import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { createClient } from '@redis/client'
import type { Clock } from '../../ports/clock.ts'
import { type Draw, type Limiter, type Taken, ticketMs } from '../../ports/limiter.ts'
import { systemClock } from '../clock/system.ts'
import { openCapturedLog } from '../log/captured.ts'
import { openLentLimiter } from './lent.ts'
import { openMemoryLimiter } from './memory.ts'
import { openRedisLimiter } from './redis.ts'
import { openRedisLink } from './redis-link.ts'
import { noRedis, startTestRedis, type TestRedis } from './test-redis.ts'

const startAt = Date.UTC(2026, 0, 15, 12)
const rollingMs = 10_000
const limit = 100

test('F95: after the clock was set back it is heard anew what others parked', async () => {
  const record = openMemoryLimiter()
  const redis: Parameters<typeof openLentLimiter>[1] = {
    ...record,
    reached: () => true,
    sweep: async () => 0,
    takeLoans: async () => ({ state: 'granted', ticket: 'one' }),
    lend: async () => true,
    extend: async () => [],
    usageOfLoans: async () => [],
  }
  const limiter = openLentLimiter(record, redis, { clock: systemClock, log: openCapturedLog() })
  const draw: Draw = { bucket: 'provider/int/app', amount: 1, limit, window: { rollingMs } }
  const isGranted = async (now: number) => (await limiter.take([draw], { now, lane: 'interactive' })).granted
  assert.equal(await isGranted(startAt), true)
  const backAt = startAt - 3_600_000
  await record.park(draw.bucket, backAt + 5_000)
  assert.equal(await isGranted(backAt), false)
  await limiter.close()
})

suite('limiter that lends to redis', { skip: noRedis }, () => {
  let server: TestRedis
  let admin: Admin
  let world: World
  let rounds = 0
  before(async () => {
    server = await startTestRedis()
  })
  after(() => server.stop())
  beforeEach(async () => {
    world = await openWorld(`round_${++rounds}`)
    admin = await connectTo(server)
  })
  afterEach(async () => {
    await admin.flushAll()
    admin.destroy()
    await world.close()
  })

  test('grants the whole limit, and asks the record for a loan and what is beyond it', async () => {
    assert.equal(await world.drain(), limit)
    // One for the loan; the rest where the loan had no room.
    assert.equal(world.asked.takes, 1 + (limit + 1 - limit / 2))
    assert.equal(await world.usedNow(), limit)
  })

  test('counts for the record what was drawn, and gives back what was not', async () => {
    const [one, two, three] = [await world.take(), await world.take(), await world.take(5)]
    assert.equal(world.asked.takes, 1)
    await world.settle(one, true)
    await world.settle(two, false)
    await world.settle(three, true)
    assert.deepEqual(await world.usage(), { used: 6, resetsAt: startAt + rollingMs })
    world.clock.at += 1
    await world.pass(30_000)
    assert.equal(await world.recorded(), 0)
  })

  test('gives an idle loan back with what its window holds', async () => {
    world = await world.again({ rollingMs: 60_000 })
    await world.settle(await world.take(7), true)
    assert.equal(await world.recorded(), limit / 2)
    await world.pass(21_000)
    assert.equal(await world.recorded(), 7)
    assert.deepEqual(await world.usage(), { used: 7, resetsAt: startAt + 60_000 })
    assert.ok((await world.take()).granted, 'and lends anew')
    assert.equal(await world.recorded(), limit / 2 + 7)
  })

  test('keeps a loan for as long as a call is under way, and counts one that nobody ended from when it is lost', async () => {
    world = await world.again({ rollingMs: 60_000 })
    await world.take(7)
    await world.pass(ticketMs)
    assert.equal(await world.recorded(), limit / 2)
    await world.pass(6_000)
    assert.deepEqual(await world.usage(), { used: 7, resetsAt: startAt + ticketMs + 60_000 })
    assert.equal(await world.recorded(), 7)
  })

  test('goes on with a loan whose process is gone', async () => {
    await world.take()
    const other = await world.another()
    await world.closeFirst()
    world.clock.at += ticketMs - 1_000
    assert.ok((await other.take([world.draw(1)], world.options())).granted)
    assert.equal(world.asked.takes, 1, 'nothing more was lent')
    await other.close()
  })

  test('a loan of which the record has given up the ticket grants nothing', async () => {
    await world.take()
    const other = await world.another()
    await world.closeFirst()
    world.clock.at += ticketMs + 1
    assert.ok((await other.take([world.draw(1)], world.options())).granted)
    assert.ok(world.asked.takes >= 2, 'it was not drawn from the old loan')
    await other.close()
  })

  test('a loan that the record gave up before it was renewed is not gone on with', async () => {
    await world.take()
    world.clock.at += ticketMs + 1
    await world.pass(3_000)
    assert.equal(await world.drain(), limit / 2, 'the lost half counts for a window yet')
  })

  test('a loan that the record knows nothing of any more is not gone on with', async () => {
    await world.take()
    world.asked.restored = true
    await world.pass(11_000)
    assert.equal(await world.drain(), limit / 2, 'what was lent is not there for anybody')
  })

  test('a loan of which nobody knows whether Redis heard of it counts as lent', async () => {
    world.asked.before = () => server.signal('SIGSTOP')
    assert.ok((await world.take()).granted)
    world.asked.before = () => {}
    server.signal('SIGCONT')
    const other = await world.another()
    let granted = 1
    while ((await other.take([world.draw(1)], world.options())).granted) granted++
    assert.ok(granted <= limit, `${granted} of ${limit}`)
    await other.close()
  })

  test('F84: grants no more than the limit when everything is forgotten', async () => {
    const granted = await world.drainSome(30)
    await admin.flushAll()
    assert.equal(granted + (await world.drain()), 30 + limit / 2, 'the half that was not lent is there at once')
    // It was renewed once more before it was missed.
    await world.pass(3_000 + ticketMs + rollingMs + 1)
    assert.equal(await world.drain(), limit)
  })

  for (const part of ['bucket', 'log']) {
    test(`grants no more than the limit when Redis gives up a ${part} to make room`, async () => {
      for (let count = 0; count < 30; count++) await world.settle(await world.take(), true)
      const keys = await admin.keys(`*:${part}:*`)
      assert.equal(keys.length, 1)
      await admin.del(keys)
      assert.equal(30 + (await world.drain()), 30 + limit / 2)
    })
  }

  test('what a snapshot brings back is never looked at again', async () => {
    const granted = await world.drainSome(10)
    await admin.sendCommand(['SAVE'])
    const more = await world.drainSome(40)
    await server.restart()
    await world.reconnect()
    admin.destroy()
    admin = await connectTo(server)
    assert.ok((await admin.keys('*:bucket:*')).length > 0, 'nothing was brought back')
    assert.equal(granted + more + (await world.drain()), limit)
  })

  test('F84: when Redis does not answer, the record decides, and after a moment without waiting for it', async () => {
    await world.drainSome(10)
    server.signal('SIGSTOP')
    try {
      assert.equal(10 + (await world.drain()), 10 + limit / 2)
      assert.equal(world.limiter.standing?.(), 'Redis is away, PostgreSQL decides')
      const away = world.log.lines.filter(({ event }) => event === 'quota.redis_away')
      assert.equal(away.length, 1, 'an outage is one line')
    } finally {
      server.signal('SIGCONT')
    }
  })

  test('heeds a stop at once, and one that another process heard of within a second', async () => {
    await world.take()
    const other = await world.another()
    assert.ok((await other.take([world.draw(1)], world.options())).granted)
    await world.limiter.park(world.bucket, world.clock.at + 60_000)
    assert.equal((await world.take()).granted, false)
    world.clock.at += 1_000
    assert.equal((await other.take([world.draw(1)], world.options())).granted, false)
    assert.equal((await other.take([world.draw(0)], world.options())).granted, false)
    await other.close()
  })

  test('leaves the reserve to the interactive lane', async () => {
    let granted = 0
    while ((await world.limiter.take([world.draw(1)], { now: world.clock.at, lane: 'backfill' })).granted) granted++
    assert.equal(granted, limit * 0.9)
  })

  test('what others used takes room from both halves', async () => {
    await world.drainSome(10)
    const { bucket, window } = world.draw(1)
    await world.limiter.learn({ bucket, limit, window }, 90, world.clock.at)
    assert.equal((await world.usage()).used, 90)
    assert.equal(await world.drain(), 10)
  })

  test('takes nothing from a loan when another bucket of the call has no room', async () => {
    const narrow: Draw = { bucket: `${world.bucket}/narrow`, amount: 1, limit: 3, window: { rollingMs } }
    for (let count = 0; count < 9; count++)
      assert.equal((await world.limiter.take([world.draw(1), narrow], world.options())).granted, count < 3)
    assert.equal((await world.usage()).used, 3)
  })

  test('a loan that was lent under a smaller limit grants no more than that', async () => {
    world = await world.again({ limit: 40 })
    await world.drainSome(1)
    const draw = { ...world.draw(1), limit: 1_000 }
    let before = world.asked.takes
    for (let count = 0; count < 19; count++) await world.limiter.take([draw], world.options())
    assert.equal(world.asked.takes, before)
    before = world.asked.takes
    await world.limiter.take([draw], world.options())
    assert.equal(world.asked.takes, before + 1)
  })

  type World = Awaited<ReturnType<typeof openWorld>>

  async function openWorld(name: string, options: { rollingMs?: number; limit?: number } = {}) {
    const clock = openHandClock()
    const log = openCapturedLog()
    const memory = openMemoryLimiter()
    const asked = { takes: 0, before: () => {}, restored: false }
    const record = {
      ...memory,
      take: (...parameters: Parameters<Limiter['take']>) => {
        asked.takes++
        asked.before()
        return memory.take(...parameters)
      },
      renew: async (...parameters: Parameters<typeof memory.renew>) =>
        asked.restored ? new Set<string>() : memory.renew(...parameters),
    }
    const open = async () => {
      // Longer than a busy machine takes, and short enough to be waited for where the server is stopped.
      const link = openRedisLink({ url: server.url, installation: name, answerMs: 1_500, clock: systemClock, log })
      assert.ok(await link.connect())
      const redis = { ...openRedisLimiter(link), reached: () => link.reached }
      const limiter = openLentLimiter(record, redis, { clock, log })
      const close = async () => {
        await limiter.close()
        await link.close()
      }
      return { link, limiter: { ...limiter, close } }
    }
    const { link, limiter } = await open()
    const window = { rollingMs: options.rollingMs ?? rollingMs }
    const bucket = `provider/${name}/app`
    const draw = (amount: number): Draw => ({ bucket, amount, limit: options.limit ?? limit, window })
    const now = () => ({ now: clock.at, lane: 'interactive' as const })
    const self = {
      ...{ clock, log, asked, limiter, bucket, draw, options: now },
      another: async () => (await open()).limiter,
      again: (changed: typeof options) => openWorld(name, changed),
      take: (amount = 1) => limiter.take([draw(amount)], now()),
      async settle(taken: Taken, sent: boolean) {
        assert.ok(taken.granted)
        await limiter.settle(taken.ticket, { at: clock.at, sent })
      },
      async drainSome(most: number) {
        let granted = 0
        while (granted < most && (await self.take()).granted) granted++
        return granted
      },
      drain: () => self.drainSome(10_000),
      async usage() {
        const [usage] = await limiter.usage(bucket, clock.at)
        return { used: usage?.used ?? 0, resetsAt: usage?.resetsAt ?? null }
      },
      usedNow: async () => (await self.usage()).used,
      recorded: async () => (await memory.usage(bucket, clock.at))[0]?.used ?? 0,
      reconnect: async () => assert.ok(await link.connect()),
      /** So much time, with all that happens in it. */
      async pass(ms: number) {
        for (let left = ms; left > 0; left -= 1_000) await clock.pass(Math.min(1_000, left))
      },
      closeFirst: () => limiter.close(),
      close: () => limiter.close(),
    }
    return self
  }
})

async function connectTo({ url }: TestRedis) {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  return client
}

type Admin = Awaited<ReturnType<typeof connectTo>>

/** Moves when it is told to, and lets those who slept do what they will with the real server. */
function openHandClock(): Clock & { at: number; pass(ms: number): Promise<void> } {
  const sleepers = new Set<{ until: number; wake(): void }>()
  const clock = {
    at: startAt,
    now: () => clock.at,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((wake) => {
        const sleeper = { until: clock.at + ms, wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper)
          wake()
        })
      }),
    async pass(ms: number) {
      clock.at += ms
      const due = [...sleepers].filter(({ until }) => until <= clock.at)
      for (const sleeper of due) {
        sleepers.delete(sleeper)
        sleeper.wake()
      }
      // What they ask of the server is over when they sleep again, or have nothing left to do.
      for (let turn = 0; due.length > 0 && sleepers.size === 0 && turn < 40; turn++) await systemClock.sleep(1)
    },
  }
  return clock
}
