import { openTestDatabase } from '../src/drivers/database/test-database.ts'
import { openPostgresSchedule } from '../src/drivers/schedule/postgres.ts'
import { median, time } from './measure.ts'
import type { Line } from './run.ts'

const sizes = [10_000, 100_000, 1_000_000]
const claims = 40
const perClaim = 100

/** Claiming a hundred due slots out of more and more that are not due. */
export async function* run(): AsyncIterable<Line> {
  const { database, drop } = await openTestDatabase()
  try {
    const schedule = openPostgresSchedule(database)
    const now = Date.parse('2026-11-22T00:00:00Z')
    const medians: number[] = []
    let made = 0
    for (const size of sizes) {
      // Spread over a day, so that a hundredth is due; the same number at every size is what is claimed.
      await database.system(async (sql) => {
        await sql(fill, [made, size - 1, new Date(now)])
      })
      await database.system(async (sql) => {
        // Only who owns a table may: with statistics a plan is what it is in a server that has run for a while.
        await sql('reset role')
        await sql('analyze schedule')
      })
      made = size
      const taken: number[] = []
      for (let claim = 0; claim < claims; claim++) {
        const at = now + 43_200_000 + claim * 1000
        taken.push(
          await time(async () => {
            const slots = await schedule.claim({
              now: at,
              until: at + 60_000,
              claim: `bench_${size}_${claim}`,
              limit: perClaim,
            })
            if (slots.length !== perClaim) throw new Error(`claimed ${slots.length} of ${perClaim}`)
          }),
        )
      }
      medians.push(median(taken))
      yield { metric: `claim_${size}`, value: median(taken), unit: `ms per ${perClaim}` }
      await database.system(async (sql) => {
        await sql('update schedule set claim = null, claimed_until = null, ready_at = due_at where claim is not null')
      })
    }
    yield { metric: 'ratio', value: medians.at(-1)! / medians[0]!, unit: '1M against 10k' }
  } finally {
    await drop()
  }
}

const fill = `
insert into schedule (environment_id, connection_id, stream, provider, integration_id, every_ms, due_at, ready_at, lane, failures)
select 'env_bench', 'con_' || n, 'numbers', 'acme', 'int_bench', 86400000, $3::timestamptz + make_interval(secs => (n::bigint * 7919) % 86400), $3::timestamptz + make_interval(secs => (n::bigint * 7919) % 86400), 2, 0
from generate_series($1::integer, $2::integer) n`
