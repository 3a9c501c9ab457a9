import { type Backfill, type Backfills, restingBackfillStates } from '../../ports/backfills.ts'
import type { Database } from '../../ports/database.ts'
import { writeAlong } from '../along/postgres.ts'
import { DatabaseError } from '../database/database-error.ts'

/** Backfills in PostgreSQL. Claims see all environments; everything else is one environment's. */
export function openPostgresBackfills(database: Database): Backfills {
  return {
    create: (backfill, along) =>
      database.tenant(backfill.environmentId, async (sql) => {
        const { environmentId, connectionId, stream } = backfill
        const made = await sql(insertBackfill, valuesOf(backfill), 'backfills.create')
        if (made.count > 0) {
          await writeAlong(sql, environmentId, along)
          return null
        }
        const { rows } = await sql<Row>(selectOpen, [environmentId, connectionId, stream])
        return rows[0] ?? null
      }),

    read: async (environmentId, id) =>
      (await database.read<Row>(environmentId, `${select} and id = $2`, [environmentId, id]))[0] ?? null,

    list: (environmentId, { connectionId, state, before, limit }) =>
      database.read<Row>(
        environmentId,
        selectPage,
        [environmentId, connectionId ?? null, state ?? null, before ?? null, limit],
        'backfills.list',
      ),

    claim: ({ now, until, claim }) =>
      database.system(
        async (sql) =>
          (await sql<Row>(claimFirst, [new Date(now), new Date(until), claim], 'backfills.claim')).rows[0] ?? null,
      ),

    report: (environmentId, id, claim, { until, pages, calls, written, seenFrom, seenTo }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, id, claim, new Date(until), pages, calls, written, seenFrom, seenTo]
        return (await sql(reportProgress, values, 'backfills.report')).count > 0
      }),

    release: (environmentId, id, claim, { state, fault, says, failures, readyAt, endedAt }, along) =>
      database.tenant(environmentId, async (sql) => {
        const ended = endedAt === null ? null : new Date(endedAt)
        const values = [environmentId, id, claim, state, fault, says, failures, new Date(readyAt), ended]
        if ((await sql(releaseClaim, values, 'backfills.release')).count === 0) return false
        if (along) await writeAlong(sql, environmentId, along)
        return true
      }),

    move: (environmentId, id, { from, to, at }, along) =>
      database
        .tenant(environmentId, async (sql) => {
          if ((await sql(moveTo, [environmentId, id, from, to, new Date(at)])).count === 0) return 'stale'
          await writeAlong(sql, environmentId, along)
          return 'moved'
        })
        .catch(unlessAnother),

    untouched: (environmentId, { before, limit }) =>
      database.read<{ id: string; connectionId: string }>(
        environmentId,
        selectUntouched,
        [environmentId, restingBackfillStates, new Date(before), limit],
        'backfills.untouched',
      ),

    forget: (environmentId, ids, before) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, restingBackfillStates, new Date(before), ids]
        return (await sql(forgetUntouched, values, 'backfills.forget')).count
      }),
  }
}

/** The index says that one of the stream is open, whoever comes first. */
function unlessAnother(error: unknown): 'another' {
  if (error instanceof DatabaseError && error.constraint === 'backfill_open') return 'another'
  throw error
}

type Row = Backfill & Record<string, unknown>

const valuesOf = (backfill: Backfill) => [
  ...[backfill.environmentId, backfill.id, backfill.connectionId, backfill.integrationId, backfill.provider],
  ...[backfill.stream, backfill.firstDay, backfill.lastDay, backfill.state, backfill.fault, backfill.says],
  ...[backfill.failures, new Date(backfill.readyAt), backfill.pages, backfill.calls, backfill.written],
  ...[backfill.seenFrom, backfill.seenTo, backfill.actor, new Date(backfill.createdAt)],
]

const columns = `
  id, environment_id as "environmentId", connection_id as "connectionId", integration_id as "integrationId", provider, stream,
  first_day as "firstDay", last_day as "lastDay", state, fault, says, failures, ready_at as "readyAt", pages, calls, written,
  seen_from as "seenFrom", seen_to as "seenTo", actor, created_at as "createdAt", started_at as "startedAt", ended_at as "endedAt"`

const select = `select ${columns} from backfill where environment_id = $1`

/** Conflicts with the one that is open. */
const insertBackfill = `
  insert into backfill (environment_id, id, connection_id, integration_id, provider, stream, first_day, last_day, state, fault, says,
    failures, ready_at, pages, calls, written, seen_from, seen_to, actor, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
  on conflict do nothing`

const selectOpen = `${select} and connection_id = $2 and stream = $3 and state in ('waiting', 'running', 'paused')`

const selectPage = `
  ${select} and ($2::text is null or connection_id = $2) and ($3::text is null or state = $3) and ($4::text is null or id < $4)
  order by id collate "C" desc limit $5`

const claimFirst = `
  update backfill set state = 'running', claim = $3, claimed_until = $2, ready_at = $2, started_at = coalesce(started_at, $1)
  where (environment_id, id) = (
    select environment_id, id from backfill
    where state in ('waiting', 'running') and ready_at <= $1
    order by ready_at, id limit 1 for update skip locked)
  returning ${columns}`

/** Whatever happens to one says since when it is so: it is over, or waits for a person, from then on. */
const isUntouched = `environment_id = $1 and state = any ($2) and ready_at < $3`

const selectUntouched = `
  select id, connection_id as "connectionId" from backfill where ${isUntouched} order by id collate "C" limit $4`

const forgetUntouched = `delete from backfill where ${isUntouched} and id = any ($4)`

const held = `where environment_id = $1 and id = $2 and claim = $3 and state = 'running'`

const reportProgress = `
  update backfill set claimed_until = $4::timestamptz, ready_at = $4::timestamptz, pages = $5, calls = $6, written = $7,
    seen_from = $8, seen_to = $9 ${held}`

const releaseClaim = `
  update backfill set state = $4, fault = $5, says = $6, failures = $7, ready_at = $8, ended_at = $9, claim = null, claimed_until = null ${held}`

const moveTo = `
  update backfill set state = $4, claim = null, claimed_until = null, ready_at = $5::timestamptz, failures = 0, fault = null, says = null,
    ended_at = case when $4 = 'cancelled' then $5::timestamptz end
  where environment_id = $1 and id = $2 and state = any ($3)`
