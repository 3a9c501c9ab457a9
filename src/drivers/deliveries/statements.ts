/** In all of them: $1 environment. */

/** Whether an event is one that an endpoint wants. It is not sent what is told of itself. */
const wants = `
  (endpoint.types is null or event.type = any (endpoint.types) or '*' = any (endpoint.types)
    or split_part(event.type, '.', 1) || '.*' = any (endpoint.types))
  and (endpoint.profiles is null or event.profile_id = any (endpoint.profiles))
  and not (event.type like 'endpoint.%' and event.data ->> 'endpoint' is not distinct from endpoint.id)`

export const makePlace = `insert into event_place (environment_id, head, swept) values ($1, 0, 0) on conflict do nothing`
export const lockPlace = `select from event_place where environment_id = $1 for update`
export const moveSwept = `update event_place set swept = greatest(swept, $2) where environment_id = $1`
export const places = `select head, swept from event_place where environment_id = $1`

/** Where the places are locked. $2 how many, $3 now. */
export const place = `
  with unplaced as (
    select sequence, (select head from event_place where environment_id = $1) + row_number() over (order by sequence) as position
    from (select sequence from event where environment_id = $1 and position is null order by sequence limit $2) first
  ), event as (
    update event set position = unplaced.position from unplaced
    where event.environment_id = $1 and event.sequence = unplaced.sequence
    returning event.id, event.type, event.profile_id, event.data, event.position
  ), fanned_out as (
    insert into delivery (environment_id, event_id, endpoint_id, position, state, attempts, next_at, tries, made_at)
    select $1, event.id, endpoint.id, event.position, 'waiting', 0, $3, '[]', $3
    from event join endpoint on endpoint.environment_id = $1 and endpoint.disabled is null and ${wants}
    on conflict do nothing
  ), moved as (
    update event_place set head = head + (select count(*) from event)
    where environment_id = $1 and exists (select from event) returning head
  )
  select (select count(*) from event)::integer as placed, coalesce((select head from moved), head) as head
  from event_place where environment_id = $1`

/** A row without an id says that events wait for their place. $2 now. */
export const look = `
  (select null::text as id where exists (select from event where environment_id = $1 and position is null))
  union all
  (select endpoint.id
   from endpoint cross join lateral (
     select next_at from delivery
     where environment_id = $1 and endpoint_id = endpoint.id and state = 'waiting' and next_at <= $2
       and (claimed_until is null or claimed_until <= $2)
     order by next_at limit 1) first
   where endpoint.environment_id = $1 and disabled is null and (rest_until is null or rest_until <= $2)
   order by first.next_at, endpoint.id)`

/** $2 now, $3 how far it is counted. */
export const waitingOf = `
  select
    (select count(*) from (
      select from delivery join endpoint on endpoint.environment_id = $1 and endpoint.id = delivery.endpoint_id and disabled is null
      where delivery.environment_id = $1 and state = 'waiting' limit $3) counted)::integer as count,
    (select min(first.next_at)
     from endpoint cross join lateral (
       select next_at from delivery where environment_id = $1 and endpoint_id = endpoint.id and state = 'waiting'
       order by next_at limit 1) first
     where endpoint.environment_id = $1 and disabled is null and (rest_until is null or rest_until <= $2) and first.next_at <= $2) as since`

const columns = `
  delivery.event_id as "eventId", delivery.endpoint_id as "endpointId", delivery.state, delivery.attempts, delivery.next_at as "nextAt",
  delivery.tries, delivery.made_at as "madeAt", delivery.ended_at as "endedAt",
  jsonb_build_object(
    'sequence', event.sequence, 'position', event.position, 'id', event.id, 'environmentId', event.environment_id, 'type', event.type,
    'connectionId', event.connection_id, 'profileId', event.profile_id, 'data', event.data, 'at', event.at) as event`
/**
 * The event of a delivery that is known. The two columns sort differently, and two that are equal in one way are equal in the other; but only so can the
 * index of events be used, without which all that an environment has are read for each one that is looked for.
 */
const itsEvent = `event.environment_id = $1 and event.id = delivery.event_id collate "default"`

const waiting = `environment_id = $1 and endpoint_id = $2 and state = 'waiting'`

/**
 * Where the endpoint is locked. What a limit is has to be seen when it is planned, or everything that waits is sorted for a few. Of an ordered one from the front up to the first that is not due, and nothing while somebody has any.
 * $2 endpoint, $3 now, $4 until, $5 claim, $6 how many, $7 how many while nothing gets through.
 */
export const claim = `
  with ready as (
    select ordered, case when failures > 0 then least($7::integer, $6::integer) else $6::integer end as most from endpoint
    where environment_id = $1 and id = $2 and disabled is null and (rest_until is null or rest_until <= $3)
  ), due as (
    select event_id from (
      select event_id from delivery
      where not (select ordered from ready)
        and ${waiting} and next_at <= $3 and (claimed_until is null or claimed_until <= $3)
      order by next_at, position limit $6
    ) first limit (select most from ready)
  ), front as (
    select event_id, bool_and(next_at <= $3) over (order by position) as due
    from (
      select event_id, next_at, position from (
        select event_id, next_at, position from delivery where (select ordered from ready) and ${waiting}
        order by position limit $6
      ) first limit (select most from ready)
    ) first
    where not exists (select from delivery where (select ordered from ready) and ${waiting} and claimed_until > $3)
  )
  update delivery set claim = $5, claimed_until = $4
  from event
  where delivery.environment_id = $1 and delivery.endpoint_id = $2 and delivery.state = 'waiting'
    and delivery.event_id = any (array(select event_id from due union all select event_id from front where due))
    and ${itsEvent}
  returning ${columns}`

/** $2 endpoint, $3 claim, $4 what became of them, $5 how many tries are kept. */
export const settle = `
  update delivery set
    state = settled.state, next_at = settled."nextAt", ended_at = settled."endedAt", claim = null, claimed_until = null,
    attempts = attempts + case when settled.tried is null then 0 else 1 end,
    tries = case
      when settled.tried is null then tries
      when jsonb_array_length(tries) >= $5 then (tries - 0) || settled.tried
      else tries || settled.tried end
  from jsonb_to_recordset($4::jsonb) as settled ("eventId" text, state text, "nextAt" timestamptz, "endedAt" timestamptz, tried jsonb)
  where environment_id = $1 and endpoint_id = $2 and event_id = settled."eventId" and delivery.state = 'waiting'
    and (claim = $3 or settled.state = 'delivered')`

const anew = `state = 'waiting', attempts = 0, next_at = excluded.next_at, claim = null, claimed_until = null, ended_at = null`

/** $2 event, $3 endpoint, $4 now. */
export const resend = `
  insert into delivery (environment_id, event_id, endpoint_id, position, state, attempts, next_at, tries, made_at)
  select $1, event.id, endpoint.id, event.position, 'waiting', 0, $4, '[]', $4
  from event, endpoint
  where event.environment_id = $1 and event.id = $2 and event.position is not null and endpoint.environment_id = $1 and endpoint.id = $3
  on conflict (environment_id, event_id, endpoint_id) do update set ${anew}`

/** $2 endpoint, $3 since, $4 now, $5 after which place, $6 how many. */
export const recover = `
  with found as (
    select event.id, event.position from event join endpoint on endpoint.environment_id = $1 and endpoint.id = $2 and ${wants}
    where event.environment_id = $1 and event.position > $5 and event.at >= $3
    order by event.position limit $6
  ), made as (
    insert into delivery (environment_id, event_id, endpoint_id, position, state, attempts, next_at, tries, made_at)
    select $1, found.id, $2, found.position, 'waiting', 0, $4, '[]', $4 from found
    on conflict (environment_id, event_id, endpoint_id) do update set ${anew}
      where delivery.state <> 'delivered' and (delivery.claimed_until is null or delivery.claimed_until <= $4)
    returning 1
  )
  select (select count(*) from made)::integer as recovered, count(*)::integer as looked, max(position) as last from found`

/** What is left of an endpoint that was taken away is on its way out. */
const some = (joined: string, condition: string, order: string) => `
  select ${columns} from delivery join event on ${joined}
  where delivery.environment_id = $1 and delivery.endpoint_id = any (array(select id from endpoint where environment_id = $1))
    and ${condition} ${order}`

/** Of an event that was forgotten there is no place, and nothing older is left either. */
const placeOfCursor = '(select position from event where environment_id = $1 and id = $7)'
/** By the order of events, which their ids need not have. $2 how many, $3 endpoint, $4 event, $5 state, $6 type, $7 and $8 after which. */
export const list = some(
  'event.environment_id = $1 and event.id = delivery.event_id',
  `($3::text is null or delivery.endpoint_id = $3) and ($4::text is null or delivery.event_id = $4)
    and ($5::text is null or delivery.state = $5) and ($6::text is null or event.type = $6)
    and event.position is not null and ($7::text is null
      or (event.position <= ${placeOfCursor} and (event.position, delivery.endpoint_id) < (${placeOfCursor}, $8 collate "C")))`,
  'order by event.position desc, delivery.endpoint_id desc limit $2',
)
export const one = some(itsEvent, 'delivery.event_id = $2 and delivery.endpoint_id = $3', '')

/** $2 after which place, $3 how many, $4 types, $5 profiles, $6 connection. */
export const eventsAfter = `
  select sequence, position, id, environment_id as "environmentId", type, connection_id as "connectionId", profile_id as "profileId", data, at
  from event
  where environment_id = $1 and position > $2
    and ($4::text[] is null or type = any ($4) or '*' = any ($4) or split_part(type, '.', 1) || '.*' = any ($4))
    and ($5::text[] is null or profile_id = any ($5)) and ($6::text is null or connection_id = $6)
  order by position limit $3`

/** One that was taken stays beside its event: without it, that event would count as missed. $2 before, $3 how many. */
export const sweepFailed = `
  delete from delivery where environment_id = $1 and (event_id, endpoint_id) in (
    select event_id, endpoint_id from delivery where environment_id = $1 and ended_at < $2 and state = 'failed' limit $3)`

/**
 * Of endpoints that were taken away, or that were while a delivery of theirs was made. One look into the index tells of an endpoint whether there is any.
 * $2 how many.
 */
export const sweepLeft = `
  with recursive owner as (
    (select endpoint_id as id from delivery where environment_id = $1 order by endpoint_id limit 1)
    union all
    select (select endpoint_id from delivery where environment_id = $1 and endpoint_id > owner.id order by endpoint_id limit 1)
    from owner where owner.id is not null
  ), gone as (
    select id from owner
    where id is not null and not exists (select from endpoint where endpoint.environment_id = $1 and endpoint.id = owner.id)
  ), front as (
    select first.event_id, gone.id from gone cross join lateral (
      select event_id from delivery where environment_id = $1 and endpoint_id = gone.id order by event_id limit $2) first
    limit $2
  )
  delete from delivery using front
  where delivery.environment_id = $1 and delivery.endpoint_id = front.id and delivery.event_id = front.event_id`

/** From the front, so that what is forgotten is one piece of the order. $2 before, $3 how many. */
export const sweepEvents = `
  with old as (
    select id from (
      select id, bool_and(at < $2) over (order by position) as old
      from (select id, at, position from event where environment_id = $1 and position is not null order by position limit $3) front
    ) prefix where old
  ), theirs as (
    delete from delivery where environment_id = $1 and event_id in (select id from old)
  ), gone as (
    delete from event where environment_id = $1 and id in (select id from old) returning position
  )
  select count(*)::integer as swept, max(position) as last from gone`
