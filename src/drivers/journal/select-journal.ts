/** What happened, newest first. In all of them: $1 environment, $2 limit, $3 only what came before that one. */

export const calls = `
  select environment_id as "environmentId", id, connection_id as "connectionId", integration_id as "integrationId", run_id as "runId",
    provider, lane, method, address, attempts, status, fault, cost, started_at as "startedAt", duration_ms as "durationMs",
    waited_ms as "waitedMs", request_bytes as "requestBytes", response_bytes as "responseBytes", request_id as "requestId"
  from call
  where environment_id = $1 and ($3::text is null or id < $3) and ($4::text is null or connection_id = $4)
    and ($5::text is null or run_id = $5) and ($6::boolean is null or (fault is not null) = $6)
  order by id desc limit $2`

export const runs = `
  select environment_id as "environmentId", id, provider, integration_id as "integrationId", stream, connection_ids as "connectionIds",
    trigger, lane, state, started_at as "startedAt", ended_at as "endedAt", pages, calls, inserted, restated, unchanged, items, refused,
    fault, says
  from run
  where environment_id = $1 and ($3::text is null or id < $3) and ($4::text is null or connection_ids @> array[$4::text])
    and ($5::text is null or stream = $5) and ($6::text is null or state = $6)
  order by id desc limit $2`

export const events = `
  select environment_id as "environmentId", sequence, id, type, connection_id as "connectionId", profile_id as "profileId", data, at
  from event
  where environment_id = $1 and ($3::text is null or sequence < $3::bigint) and ($4::text is null or connection_id = $4)
    and ($5::text is null or type = $5)
  order by sequence desc limit $2`

const everyTask = `
  select environment_id as "environmentId", id, kind, connection_id as "connectionId", subject, title, description, category, priority,
    impact, due_at as "dueAt", opened_at as "openedAt", snoozed_until as "snoozedUntil", dismissed_at as "dismissedAt",
    closed_at as "closedAt"
  from task`

/** $5 is the moment that the state $4 is about. */
export const tasks = `
  ${everyTask}
  where environment_id = $1 and ($3::text is null or id < $3)
    and ($4::text is null or $4 = case
      when closed_at is not null then 'done'
      when dismissed_at is not null then 'dismissed'
      when snoozed_until > $5::timestamptz then 'snoozed'
      else 'open' end)
    and ($6::text is null or connection_id = $6) and ($7::text is null or kind = $7)
    and ($8::text is null or category = $8) and ($9::text is null or priority = $9)
    and ($10::text is null or subject = $10)
  order by id desc limit $2`

export const tasksById = `${everyTask} where environment_id = $1 and id = any ($2::text[])`

export const incidents = `
  select environment_id as "environmentId", id, integration_id as "integrationId", provider, code, says, opened_at as "openedAt",
    closed_at as "closedAt"
  from incident
  where environment_id = $1 and ($3::text is null or id < $3) and ($4::boolean is null or (closed_at is null) = $4)
    and ($5::text is null or integration_id = $5)
  order by id desc limit $2`

export const audit = `
  select environment_id as "environmentId", id, actor, action, subject, detail, at
  from audit
  where environment_id = $1 and ($3::text is null or id < $3) and ($4::text is null or subject = $4)
  order by id desc limit $2`
