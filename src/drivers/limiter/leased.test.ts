import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Clock } from '../../ports/clock.ts'
import { limiterContract } from '../../ports/limiter.contract.ts'
import { type Draw, type Limiter, ticketMs } from '../../ports/limiter.ts'
import type { Lane } from '../../ports/schedule.ts'
import { SimulatedClock } from '../clock/simulated.ts'
import { openCapturedLog } from '../log/captured.ts'
import { SeededRandom } from '../random/seeded.ts'
import { openLeasedLimiter } from './leased.ts'
import { openMemoryLimiter } from './memory.ts'

const startAt = Date.UTC(2026, 0, 15, 12)

limiterContract('leased', async () => {
  const limiter = openLeasedLimiter(openMemoryLimiter(), { clock: new SimulatedClock(startAt), log: openCapturedLog() })
  return { limiter, close: () => limiter.close() }
})

/** A limiter whose questions are counted. */
function counted(limiter: Limiter) {
  const asked = { takes: 0, settles: 0 }
  return {
    asked,
    limiter: {
      ...limiter,
      take: (...[draws, options]: Parameters<Limiter['take']>) => {
        asked.takes++
        return limiter.take(draws, options)
      },
      settle: (...[ticket, options]: Parameters<Limiter['settle']>) => {
        asked.settles++
        return limiter.settle(ticket, options)
      },
    },
  }
}

interface Call {
  readonly sentAt: number
  readonly process: number
  endedAt: number
}

const app = { bucket: 'provider/int/app', limit: 1_500, window: { rollingMs: 10_000 } }
const account = { bucket: 'provider/int/acc/day', limit: 50_000, window: { startsAt: startAt, endsAt: startAt + 9e7 } }
const drawsUnder = (limit: number): Draw[] => [
  { ...app, limit, amount: 1 },
  { ...account, amount: 1 },
]

/** Callers of several processes that share two buckets and call as often as they may, for half a simulated minute. */
async function runCallers(options: {
  seed: string
  processes: number
  callers: number
  /** How long the slowest call takes; most are far quicker. */
  longestMs?: number
  limit?: number
  forMs?: number
  lane?: Lane
  during?: (clock: SimulatedClock, limiters: readonly Limiter[]) => Promise<void>
}) {
  const {
    seed,
    processes,
    callers,
    longestMs = 3_000,
    limit = app.limit,
    forMs = 30_000,
    lane = 'interactive',
  } = options
  const draws = drawsUnder(limit)
  const clock = new SimulatedClock(startAt)
  const random = new SeededRandom(seed, clock)
  const shared = counted(openMemoryLimiter())
  const limiters = Array.from({ length: processes }, () =>
    openLeasedLimiter(shared.limiter, { clock, log: openCapturedLog() }),
  )
  const calls: Call[] = []
  let counting: Call[] = []
  const granted = { most: 0, unsent: 0 }
  const until = startAt + forMs

  const callAgain = async (process: number, limiter: Limiter) => {
    while (clock.now() < until) {
      const now = clock.now()
      const taken = await limiter.take(draws, { now, lane })
      if (!taken.granted) {
        await clock.sleep(Math.max(100, Math.min(taken.waitMs, 1_000)) * (1 + random.unit()))
        continue
      }
      const sent = random.unit() > 0.05
      const call = { sentAt: now, process, endedAt: Number.POSITIVE_INFINITY }
      if (sent) {
        calls.push(call)
        counting = counting.filter(({ endedAt }) => endedAt + app.window.rollingMs >= now)
        granted.most = Math.max(granted.most, counting.push(call))
      } else granted.unsent++
      await clock.sleep(20 + random.unit() ** 4 * longestMs)
      call.endedAt = clock.now()
      await limiter.settle(taken.ticket, { at: clock.now(), sent })
      await clock.sleep(random.unit() * 40)
    }
  }

  await clock.run(async () => {
    const actors = limiters.flatMap((limiter, process) =>
      Array.from({ length: callers }, () => callAgain(process, limiter)),
    )
    await Promise.all([...actors, options.during?.(clock, limiters)])
    await clock.sleep(60_000)
  })
  return { calls, granted, asked: shared.asked, clock, shared: shared.limiter, limiters }
}

suite('leased limiter over a shared one', () => {
  test('holds the limit of a window for all processes together', async () => {
    for (const seed of ['harbor', 'tide']) {
      const { granted, calls } = await runCallers({ seed, processes: 4, callers: 40 })
      assert.ok(calls.length > 4_000, `${calls.length} calls are no crowd`)
      assert.ok(granted.most <= app.limit, `${granted.most} of ${app.limit} in a window`)
      assert.ok(granted.most > app.limit * 0.9, `only ${granted.most} of ${app.limit} could be used`)
    }
  })

  test('leaves the reserve to the interactive lane', async () => {
    const { granted } = await runCallers({ seed: 'reserve', processes: 3, callers: 40, lane: 'scheduled' })
    assert.ok(granted.most <= app.limit * 0.9, `${granted.most} of ${app.limit} in a window`)
  })

  test('asks the shared one for a fraction of the calls, and in the end counts exactly those that were sent', async () => {
    const { calls, granted, asked, clock, shared } = await runCallers({
      seed: 'few',
      processes: 2,
      callers: 20,
      longestMs: 50,
      limit: 30_000,
      forMs: 6_000,
    })
    assert.ok(granted.unsent > 20)
    assert.ok(asked.takes + asked.settles < calls.length / 4, `${asked.takes} and ${asked.settles} for ${calls.length}`)
    assert.deepEqual(await shared.usage('provider/int/', clock.now()), [
      {
        bucket: account.bucket,
        used: calls.length,
        limit: account.limit,
        parkedUntil: null,
        resetsAt: account.window.endsAt,
      },
    ])
  })

  test('a stop is heeded at once by the process that heard it, and within a second by the others', async () => {
    const parkedAt = startAt + 5_000
    const until = parkedAt + 20_000
    const { calls } = await runCallers({
      seed: 'stop',
      limit: 30_000,
      processes: 3,
      callers: 30,
      async during(clock, [first]) {
        await clock.sleep(parkedAt - clock.now())
        await first!.park(app.bucket, until)
      },
    })
    const during = calls.filter(({ sentAt }) => sentAt > parkedAt && sentAt < until)
    assert.deepEqual(
      during.filter(({ process, sentAt }) => process === 0 || sentAt > parkedAt + 1_000),
      [],
    )
    assert.ok(calls.some(({ sentAt }) => sentAt >= until))
  })

  test('what was handed out goes back when another bucket of the same call has no room', async () => {
    const clock = new SimulatedClock(startAt)
    const shared = openMemoryLimiter()
    const limiter = openLeasedLimiter(shared, { clock, log: openCapturedLog() })
    const narrow: Draw = { bucket: 'provider/int/narrow', amount: 1, limit: 10, window: { rollingMs: 1e6 } }
    await clock.run(async () => {
      for (let n = 0; n < 2_000; n++) {
        const taken = await limiter.take([...drawsUnder(1_500), narrow], { now: clock.now(), lane: 'interactive' })
        assert.equal(taken.granted, n < 10)
        if (taken.granted) await limiter.settle(taken.ticket, { at: clock.now(), sent: true })
        else assert.equal(taken.bucket, narrow.bucket)
        await clock.sleep(1)
      }
      await clock.sleep(21_000)
    })
    // The window of the app is over by now: the day and the narrow one are left.
    const usage = await shared.usage('provider/int/', clock.now())
    assert.deepEqual(
      usage.map(({ used }) => used),
      [10, 10],
    )
  })

  test('a limit of which a hundredth is less than two calls is decided call by call', async () => {
    const { limiter, asked, clock } = openOne()
    const draw: Draw = { bucket: 'provider/int/small', amount: 1, limit: 199, window: { rollingMs: 1_000 } }
    await clock.run(async () => {
      await warm(limiter, clock)
      const before = asked.takes
      for (let n = 0; n < 199; n++) assert.ok(await takes(limiter, clock, draw))
      assert.equal(await takes(limiter, clock, draw), false)
      assert.equal(asked.takes - before, 200)
    })
  })

  test('the block of a process that died counts until its ticket is lost', async () => {
    const { limiter, memory, clock } = openOne()
    const draw: Draw = { bucket: 'provider/int/day', amount: 1, limit: 2_000, window: { rollingMs: 60_000 } }
    await clock.run(async () => {
      await warm(limiter, clock)
      for (let n = 0; n < 9; n++) assert.ok(await takes(limiter, clock, draw))
    })
    // From here on its clock stands still.
    const diedAt = clock.now()
    const usedAt = async (afterMs: number) => (await memory.usage(draw.bucket, diedAt + afterMs))[0]?.used ?? 0
    const used = await usedAt(0)
    assert.ok(used > 9 && used <= 20, `${used}`)
    assert.equal(await usedAt(ticketMs + 60_000), used)
    assert.equal(await usedAt(ticketMs + 60_001), 0)
  })

  test('F84: while the shared limiter does not answer nothing is handed out, and what could not be told counts for longer', async () => {
    const { limiter, memory, away, log, clock } = openOne()
    const draw: Draw = { bucket: 'provider/int/day', amount: 1, limit: 9_000, window: { rollingMs: 1_000 } }
    await clock.run(async () => {
      await warm(limiter, clock)
      for (let n = 0; n < 20; n++) assert.ok(await takes(limiter, clock, draw))
      away.is = true
      assert.ok(await takes(limiter, clock, draw), 'a block that is out is good for a second')
      await clock.sleep(1_000)
      await assert.rejects(takes(limiter, clock, draw), /is away/)
      await clock.sleep(20_000)
      const unheard = () => log.lines.filter(({ event }) => event === 'quota.stops_not_heard').length
      assert.equal(unheard(), 1, 'an outage is one line, however often it is asked again')
      assert.ok(log.lines.some(({ event }) => event === 'quota.block_not_settled'))
      assert.ok((await memory.usage(draw.bucket, clock.now()))[0]!.used >= 21)
      away.is = false
      await clock.sleep(ticketMs + 2_000)
      assert.ok(await takes(limiter, clock, draw))
      away.is = true
      await clock.sleep(1_000)
      assert.equal(unheard(), 2, 'the next outage is another')
    })
  })

  test('F95: what was heard before the clock was set back is not heard from then on', async () => {
    const simulated = new SimulatedClock(startAt)
    let offsetMs = 0
    const clock: Clock = { now: () => simulated.now() + offsetMs, sleep: (ms, signal) => simulated.sleep(ms, signal) }
    const memory = openMemoryLimiter()
    let isAway = false
    const away = async () => Promise.reject(new Error('the database is away'))
    const shared: Limiter = {
      ...memory,
      take: (...asked) => (isAway ? away() : memory.take(...asked)),
      settle: (...asked) => (isAway ? away() : memory.settle(...asked)),
      stops: (now) => (isAway ? away() : memory.stops(now)),
    }
    const limiter = openLeasedLimiter(shared, { clock, log: openCapturedLog() })
    const draw: Draw = { bucket: 'provider/int/day', amount: 1, limit: 90_000, window: { rollingMs: 60_000 } }
    await simulated.run(async () => {
      await warm(limiter, simulated)
      for (let n = 0; n < 100; n++) assert.ok(await takes(limiter, simulated, draw))
      isAway = true
      offsetMs = -3_600_000
      await clock.sleep(1_000)
      await assert.rejects(limiter.take([draw], { now: clock.now(), lane: 'interactive' }), /is away/)
      isAway = false
      await clock.sleep(1_000)
      assert.ok((await limiter.take([draw], { now: clock.now(), lane: 'interactive' })).granted)
    })
    await limiter.close()
  })

  test('calls whose end could not be told are not given back with what is left of their block', async () => {
    const { limiter, memory, away, clock } = openOne()
    const draw: Draw = { bucket: 'provider/int/day', amount: 1, limit: 9_000, window: { rollingMs: 60_000 } }
    await clock.run(async () => {
      await warm(limiter, clock)
      for (let n = 0; n < 4; n++) assert.ok(await takes(limiter, clock, draw))
      const tickets = await Promise.all(
        Array.from({ length: 4 }, () => limiter.take([draw], { now: clock.now(), lane: 'interactive' })),
      )
      const end = async (ticket: (typeof tickets)[number]) =>
        ticket.granted && limiter.settle(ticket.ticket, { at: clock.now(), sent: true })
      const [late, ...early] = tickets
      await Promise.all(early.map(end))
      await clock.sleep(9_900)
      away.is = true
      await clock.sleep(400)
      away.is = false
      await end(late!)
      await clock.sleep(2_000)
      const used = (await memory.usage(draw.bucket, clock.now()))[0]?.used ?? 0
      assert.ok(used >= 8, `${used}`)
    })
  })
})

/** One process, over a shared limiter that may be away. */
function openOne() {
  const clock = new SimulatedClock(startAt)
  const memory = openMemoryLimiter()
  const away = { is: false }
  const check =
    <Args extends unknown[], Answer>(ask: (...args: Args) => Promise<Answer>) =>
    (...args: Args) =>
      away.is ? Promise.reject(new Error('the database is away')) : ask(...args)
  const { take, settle, stops } = memory
  const shared = counted({ ...memory, take: check(take), settle: check(settle), stops: check(stops) })
  const log = openCapturedLog()
  const limiter = openLeasedLimiter(shared.limiter, { clock, log })
  return { clock, memory, away, log, limiter, asked: shared.asked }
}

/** Lets it hear what is parked. */
async function warm(limiter: Limiter, clock: SimulatedClock): Promise<void> {
  await takes(limiter, clock, { bucket: 'provider/int/warm', amount: 1, limit: 1, window: { rollingMs: 1 } })
  await clock.sleep(1)
}

async function takes(limiter: Limiter, clock: SimulatedClock, draw: Draw): Promise<boolean> {
  return (await limiter.take([draw], { now: clock.now(), lane: 'interactive' })).granted
}
