import { createHash } from 'node:crypto'
import { createClient } from '@redis/client'
import pg from 'pg'
import { systemClock } from '../src/drivers/clock/system.ts'
import { migrate } from '../src/drivers/database/migrate.ts'
import { openPostgres } from '../src/drivers/database/postgres.ts'
import { openLeasedLimiter } from '../src/drivers/limiter/leased.ts'
import { openLentLimiter } from '../src/drivers/limiter/lent.ts'
import { openMemoryLimiter } from '../src/drivers/limiter/memory.ts'
import { openPostgresLimiter } from '../src/drivers/limiter/postgres.ts'
import { openRedisLimiter } from '../src/drivers/limiter/redis.ts'
import { openRedisLink } from '../src/drivers/limiter/redis-link.ts'
import { noRedis, startTestRedis } from '../src/drivers/limiter/test-redis.ts'
import { silentLog } from '../src/drivers/log/silent.ts'
import type { Limiter } from '../src/ports/limiter.ts'
import { startBenchDatabase } from './bench-database.ts'
import { median, takeTurns, time } from './measure.ts'
import type { Line } from './run.ts'

const rounds = 5
const callers = 64
/** A process takes from a few buckets all the time, each wide enough to be leased of. */
const buckets = 4
const names = Array.from({ length: buckets }, (_, index) => `provider/bench_${index}`)
const window = { rollingMs: 1_000 }
const limit = 10_000_000
const calls = { memory: 100_000, leased: 100_000, redis: 10_000, postgres: 1_000 }

/**
 * Decisions a second of each limiter, of 64 callers in one process. A decision is a grant with its end: it is asked for, and it is told when the call is
 * over. Beside them what does nothing else: a script that counts one key up to a limit, and an upsert that adds to one row, each of them twice, for the
 * grant and for the end.
 */
export async function* run(): AsyncIterable<Line> {
  const server = await startBenchDatabase()
  const redis = noRedis ? null : await startTestRedis()
  if (noRedis) process.stderr.write(`limiter: ${noRedis}\n`)
  await migrate({ connection: server.url, log: silentLog })
  const database = openPostgres({ connection: server.url, log: silentLog, poolSize: 12 })
  const pool = new pg.Pool({ connectionString: server.url, max: 12 })
  pool.on('error', () => {})
  const closers: (() => Promise<void>)[] = []
  try {
    await pool.query('create table bare (bucket text primary key, used double precision not null)')
    const postgres = openPostgresLimiter(database)
    const leased = openLeasedLimiter(openPostgresLimiter(database), { clock: systemClock, log: silentLog })
    closers.push(() => leased.close())
    const works: Record<string, () => Promise<number>> = {
      memory: () => decide(openMemoryLimiter(), calls.memory),
      leased: () => decide(leased, calls.leased),
      postgres: () => decide(postgres, calls.postgres),
      upsert: () =>
        repeat(calls.postgres, async (bucket) => {
          for (let part = 0; part < 2; part++) await pool.query({ name: 'bare', text: upsert, values: [bucket] })
        }),
    }
    if (redis) {
      const link = openRedisLink({
        ...{ url: redis.url, installation: 'bench', clock: systemClock, log: silentLog },
        // The machine may be busy with others for longer than a server would wait.
        answerMs: 10_000,
      })
      if (!(await link.connect())) throw new Error('Redis does not answer')
      closers.push(() => link.close())
      const limiter = openRedisLimiter(link)
      const lent = openLentLimiter(
        postgres,
        { ...limiter, reached: () => link.reached },
        { clock: systemClock, log: silentLog },
      )
      closers.push(() => lent.close())
      const bare = await openBareScript(redis.url)
      closers.push(async () => bare.close())
      works['redis'] = () => decide(limiter, calls.redis)
      works['lent'] = () => decide(lent, calls.redis, 'lent')
      works['script'] = () =>
        repeat(calls.redis, async (bucket) => {
          for (let part = 0; part < 2; part++) await bare.count(bucket)
        })
    }
    // The first round warms up: pools are filled, scripts are loaded, blocks are leased.
    for (const work of Object.values(works)) await work()
    const measured = await takeTurns(rounds, works)
    for (const name of Object.keys(works))
      yield { metric: `${name}_per_s`, value: measured[name]!, unit: 'decisions/s' }
    // Of the processor alone, whoever else wants it: the others wait for what is in another process.
    const costs = Array.from({ length: rounds }, () => openMemoryLimiter()).map(
      (limiter) => () => decide(limiter, calls.memory),
    )
    yield {
      metric: 'memory_per_cpu_s',
      value: await perCpuSecond(costs, calls.memory),
      unit: 'decisions/s of a processor',
    }
    if (redis) {
      yield {
        metric: 'redis_ratio',
        value: measured['redis']! / measured['script']!,
        unit: 'of a script that counts one key',
      }
      yield {
        metric: 'lent_ratio',
        value: measured['lent']! / measured['script']!,
        unit: 'of a script that counts one key',
      }
    }
    yield { metric: 'postgres_ratio', value: measured['postgres']! / measured['upsert']!, unit: 'of a bare upsert' }
    yield { metric: 'leased_ratio', value: measured['leased']! / measured['postgres']!, unit: 'of postgres' }
  } finally {
    for (const close of closers.reverse()) await close()
    await pool.end()
    await database.close()
    await redis?.stop()
    await server.stop()
  }
}

const upsert = `
insert into bare (bucket, used) values ($1, 1)
on conflict (bucket) do update set used = bare.used + 1 where bare.used < ${limit} * 1000.0`

/** Decisions a second. Nobody waits for anything but the limiter. */
function decide(limiter: Limiter, count: number, name = 'app'): Promise<number> {
  // What it costs to make up a name is the caller's.
  const named = new Map(names.map((bucket) => [bucket, `${bucket}/${name}`]))
  return repeat(count, async (bucket) => {
    const draw = { bucket: named.get(bucket)!, amount: 1, limit, window }
    const taken = await limiter.take([draw], { now: systemClock.now(), lane: 'interactive' })
    if (!taken.granted) throw new Error(`${taken.bucket} has no room for ${taken.waitMs} ms`)
    await limiter.settle(taken.ticket, { at: systemClock.now(), sent: true })
  })
}

async function perCpuSecond(works: readonly (() => Promise<unknown>)[], count: number): Promise<number> {
  const measured: number[] = []
  for (const work of works) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    measured.push(count / ((user + system) / 1e6))
  }
  return median(measured)
}

async function repeat(count: number, work: (bucket: string) => Promise<void>): Promise<number> {
  let left = count
  const caller = async (index: number) => {
    const bucket = names[index % buckets]!
    while (left-- > 0) await work(bucket)
  }
  const ms = await time(() => Promise.all(Array.from({ length: callers }, (_, index) => caller(index))))
  return count / (ms / 1000)
}

/** The least that a limiter in Redis could be: it knows no window, no ticket, no second bucket. */
async function openBareScript(url: string) {
  const text = `
    local used = tonumber(redis.call('GET', KEYS[1]) or 0)
    if used + tonumber(ARGV[1]) > tonumber(ARGV[2]) then return 0 end
    redis.call('INCRBY', KEYS[1], ARGV[1])
    return 1`
  const sha1 = createHash('sha1').update(text).digest('hex')
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  await client.sendCommand(['SCRIPT', 'LOAD', text])
  return {
    count: (key: string) => client.sendCommand(['EVALSHA', sha1, '1', key, '1', String(limit * 1000)]),
    close: () => client.destroy(),
  }
}
