/** What happened in a window, oldest first. In most of them: $1 environment, $2 from, $3 to, $4 limit. */

/** $4 the faults that are an answer when the run went on. */
const answered = `(call.fault is null or (call.fault = any ($4::text[]) and coalesce(run.state in ('succeeded', 'partial'), false)))`

export const callCounts = `
  select call.provider, call.fault, count(*) as calls, sum(attempts) as attempts
  from call left join run on call.fault is not null and run.environment_id = call.environment_id and run.id = call.run_id
  where call.environment_id = $1 and call.started_at >= $2 and call.started_at < $3 and ${answered}
  group by call.provider, call.fault order by call.provider collate "C", call.fault collate "C" nulls first`

export const failedCalls = `
  select call.id, call.provider, connection_id as "connectionId", run_id as "runId", run.state as "runState", call.fault, attempts,
    call.started_at as "startedAt", call.started_at + duration_ms * interval '1 millisecond' as "endedAt"
  from call left join run on run.environment_id = call.environment_id and run.id = call.run_id
  where call.environment_id = $1 and call.started_at >= $2 and call.started_at < $3 and not ${answered}
  order by call.started_at, call.id collate "C" limit $5`

export const steps = `
  select step.connection_id as "connectionId", coalesce(connection.provider, '') as provider, from_state as "from", to_state as "to",
    step.reason, actor, step.at
  from transition step
  left join connection on connection.environment_id = step.environment_id and connection.id = step.connection_id
  where step.environment_id = $1 and step.at < $3
    and (step.at >= $2 or not exists (
      select from transition later
      where later.environment_id = step.environment_id and later.connection_id = step.connection_id
        and later.sequence > step.sequence and later.at < $2))
  order by step.at, step.connection_id collate "C", step.sequence limit $4`

export const readings = `
  select connection_id as "connectionId", provider, stream, run_id as "runId", fault, blocked, at
  from reading_end
  where environment_id = $1 and at >= $2 and at < $3
  order by at, connection_id, stream, run_id limit $4`

/** $1 environment, $2 to. Of a run for many, those whose reading failed are left out. */
const whole = (to: string) => `
  select reader.connection_id, run.provider, run.stream, run.started_at, run.ended_at, run.id
  from run cross join unnest(run.connection_ids) as reader (connection_id)
  where run.environment_id = $1 and run.ended_at < ${to} and run.state in ('succeeded', 'partial')
    and not exists (
      select from reading_end
      where reading_end.environment_id = run.environment_id and reading_end.at = run.ended_at
        and reading_end.connection_id = reader.connection_id and reading_end.stream = run.stream
        and reading_end.run_id = run.id and fault is not null)`

export const firstReadings = `
  select connection_id as "connectionId", min(provider) as provider, stream, min(ended_at) as at
  from (${whole('$2')}) as whole
  group by connection_id, stream order by connection_id collate "C", stream collate "C"`

export const gaps = `
  select connection_id as "connectionId", provider, stream, started_at as "from", until as "to"
  from (
    select whole.*, coalesce(lead(ended_at) over (partition by connection_id, stream order by ended_at, id collate "C"), $3) as until
    from (${whole('$3')}) as whole) as gap
  where until > $2 and until - started_at > $4 * interval '1 millisecond'
  order by started_at, connection_id collate "C", stream collate "C" limit $5`

/** $1 environment, $2 integrations and $3 their streams, $4 since, $5 how many runs of each. */
export const streamCosts = `
  with last as (
    select wanted.integration_id, wanted.stream, newest.id, newest.readings
    from (select distinct integration_id, stream from unnest($2::text[], $3::text[]) as asked (integration_id, stream)) as wanted
    cross join lateral (
      select id, cardinality(connection_ids) as readings from run
      where environment_id = $1 and integration_id = wanted.integration_id and stream = wanted.stream
        and state in ('succeeded', 'partial') and trigger <> 'initial' and started_at >= $4
      order by id desc limit $5) as newest),
  made as (
    select last.integration_id, last.stream, call.cost
    from last join call on call.environment_id = $1 and call.run_id = last.id),
  taken as (
    select integration_id, stream, draw.key as quota, sum(draw.value::double precision) as amount
    from made cross join lateral jsonb_each_text(cost) as draw
    group by integration_id, stream, draw.key)
  select integration_id as "integrationId", stream, count(*)::integer as runs, sum(readings)::integer as readings,
    (select count(*)::integer from made where made.integration_id = last.integration_id and made.stream = last.stream) as calls,
    coalesce((
      select jsonb_object_agg(quota, amount) from taken
      where taken.integration_id = last.integration_id and taken.stream = last.stream), '{}') as takes
  from last group by integration_id, stream
  order by integration_id collate "C", stream collate "C"`

/** $1 from, $2 to. */
export const beats = `
  select (select min(minute) from heartbeat) as since, count(*) as alive, count(*) filter (where working) as working
  from (
    select minute, coalesce(bool_or(planner = 'at_work'), false) as working
    from heartbeat where minute >= $1 and minute < $2 group by minute) as minutes`

export const requests = `
  select operation, sum(ok) as ok, sum(refused) as refused, sum(failed) as failed, sum(upstream) as upstream, sum("left") as "left"
  from request_count
  where environment_id in ($1, '') and minute >= $2 and minute < $3
  group by operation order by operation collate "C"`

export const refreshes = `
  select id, connection_id as "connectionId", provider, asked_at as "askedAt", ended_at as "endedAt", ended
  from refresh_wait
  where environment_id = $1 and asked_at >= $2 and asked_at < $3
  order by asked_at, id collate "C" limit $4`
