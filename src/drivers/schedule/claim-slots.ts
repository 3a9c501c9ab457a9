import { lanes } from './lanes.ts'
import { slotColumns } from './slot-columns.ts'

/**
 * A limit that is computed tells PostgreSQL nothing: it expects a tenth of all rows, and then joins by reading the whole table. This one, which is
 * larger than any that is asked for, tells it how few there are. Rows are locked one by one as they are taken, so it locks no more of them.
 */
const mostOfLane = 1_000

/**
 * Takes due slots, lane by lane, in the order of the index `schedule_due`. It reads what it takes and what others hold at that moment, and nothing
 * else. $1 now, $2 until, $3 claim, $4 limit, $5 the last lane.
 */
export const claimDue = `
  with ${lanes
    .map(
      (lane, number) => `
  ${lane} as (
    select * from (
      select environment_id, connection_id, stream, ready_at, claim is not null as lapsed from schedule
      where lane = ${number} and ${number} <= $5 and blocked is null and ready_at <= $1
      order by ready_at
      limit ${mostOfLane}
      for update skip locked) first
    limit $4 ${lanes
      .slice(0, number)
      .map((before) => `- (select count(*) from ${before})`)
      .join(' ')})`,
    )
    .join(',')},
  due as (${lanes.map((lane) => `select * from ${lane}`).join(' union all ')})
  update schedule s set claim = $3, claimed_until = $2, ready_at = $2, woken_at = null
  from due
  where s.environment_id = due.environment_id and s.connection_id = due.connection_id and s.stream = due.stream
  returning ${slotColumns}, due.lapsed, due.ready_at as "readyAt"`

/**
 * One that waits because of a fault is not taken before its time. $1 environment, $2 integration, $3 stream, $4 before, $5 now, $6 until, $7 claim,
 * $8 limit, $9 share.
 */
export const claimCompanions = `
  with due as (
    select connection_id, ready_at, claim is not null as lapsed from schedule
    where environment_id = $1 and integration_id = $2 and stream = $3 and blocked is null
      and (ready_at <= $5
        or ready_at < $4 and claim is null and last_fault is null
          and (last_ended_at is null or ready_at - $5 <= (ready_at - last_ended_at) * $9))
    order by ready_at
    limit $8
    for update skip locked)
  update schedule s set claim = $7, claimed_until = $6, ready_at = $6, woken_at = null
  from due
  where s.environment_id = $1 and s.connection_id = due.connection_id and s.stream = $3
  returning ${slotColumns}, due.lapsed, due.ready_at as "readyAt"`
