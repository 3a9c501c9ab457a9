/** Rows that are written to be counted. One that is there already was written by an attempt whose answer was lost. */

export const readings = `
  insert into reading_end (environment_id, connection_id, stream, run_id, provider, fault, blocked, at)
  select $1, noted.* from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[]) as noted
  on conflict do nothing`

export const beat = `
  insert into heartbeat (minute, process, planner) values (date_trunc('minute', $1::timestamptz), $2, $3)
  on conflict do nothing`

/** Several rows of one minute and operation are summed first: an upsert may meet a row only once. */
export const requests = `
  insert into request_count (environment_id, minute, operation, ok, refused, failed, upstream, "left")
  select environment_id, date_trunc('minute', minute), operation, sum(ok), sum(refused), sum(failed), sum(upstream), sum("left")
  from unnest($1::text[], $2::timestamptz[], $3::text[], $4::integer[], $5::integer[], $6::integer[], $7::integer[], $8::integer[])
    as counted (environment_id, minute, operation, ok, refused, failed, upstream, "left")
  group by 1, 2, 3 order by 1, 2, 3
  on conflict (environment_id, minute, operation) do update set
    ok = request_count.ok + excluded.ok, refused = request_count.refused + excluded.refused,
    failed = request_count.failed + excluded.failed, upstream = request_count.upstream + excluded.upstream,
    "left" = request_count."left" + excluded."left"`

export const refresh = `
  insert into refresh_wait (environment_id, id, connection_id, provider, asked_at, ended_at, ended)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict do nothing`

/** What one transaction forgets. */
export const mostSwept = 10_000

/** Each is done again until it finds less than it may take: of a server that stood for long there is much. */
export const sweeps = [
  sweepOf('reading_end', 'at'),
  sweepOf('heartbeat', 'minute'),
  sweepOf('request_count', 'minute'),
  sweepOf('refresh_wait', 'asked_at'),
] as const

function sweepOf(table: string, at: string): string {
  return `delete from ${table} where ctid = any (array(select ctid from ${table} where ${at} < $1 limit ${mostSwept}))`
}
