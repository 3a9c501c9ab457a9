import type { Database } from '../../ports/database.ts'
import { type ClaimedSlot, paces, quotaFaults, type Schedule, type Slot, type SlotCount } from '../../ports/schedule.ts'
import { arrayLiteral } from '../records/array-literal.ts'
import { claimCompanions, claimDue } from './claim-slots.ts'
import { laneNumber, lanes } from './lanes.ts'
import { slotColumns } from './slot-columns.ts'

/** The schedule in PostgreSQL. Claims see all environments; everything else is one environment's. */
export function openPostgresSchedule(database: Database): Schedule {
  return {
    put: (environmentId, slots) =>
      database.tenant(environmentId, async (sql) => {
        if (slots.length === 0) return
        const columns = [
          slots.map(({ connectionId }) => connectionId),
          slots.map(({ stream }) => stream),
          slots.map(({ provider }) => provider),
          slots.map(({ integrationId }) => integrationId),
          slots.map(({ everyMs }) => everyMs),
          slots.map(({ dueAt }) => new Date(dueAt).toISOString()),
          slots.map(({ lane }) => laneNumber(lane)),
          slots.map(({ blocked }) => blocked),
        ]
        await sql(putSlots, [environmentId, ...columns.map(arrayLiteral)], 'schedule.put')
      }),

    claim: ({ now, until, claim, limit, upTo }) =>
      database.system(async (sql) => {
        const values = [new Date(now), new Date(until), claim, limit, laneNumber(upTo ?? 'backfill')]
        return inOrder((await sql<Claimed>(claimDue, values, 'schedule.claim')).rows)
      }),

    claimCompanions: ({ environmentId, integrationId, stream, before, share, now, until, claim, limit }) =>
      database.tenant(environmentId, async (sql) => {
        const times = [new Date(before), new Date(now), new Date(until)]
        const values = [environmentId, integrationId, stream, ...times, claim, limit, share]
        return inOrder((await sql<Claimed>(claimCompanions, values, 'schedule.claim_companions')).rows)
      }),

    extend: (environmentId, claim, slots, until) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, claim, ...keysOf(slots), new Date(until)]
        return (await sql(extendClaims, values, 'schedule.extend')).count
      }),

    release: (environmentId, claim, slots, at) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, claim, ...keysOf(slots), new Date(at), slots.map(({ lapsed }) => lapsed)]
        return (await sql(releaseClaims, values, 'schedule.release')).count
      }),

    finish: (environmentId, claim, outcomes) =>
      database.tenant(environmentId, async (sql) => {
        const columns = [
          outcomes.map(({ dueAt }) => new Date(dueAt).toISOString()),
          outcomes.map(({ failures }) => failures),
          outcomes.map(({ blocked }) => blocked),
          outcomes.map(({ runId }) => runId),
          outcomes.map(({ fault }) => fault),
          outcomes.map(({ endedAt }) => new Date(endedAt).toISOString()),
          outcomes.map(({ quota }) => quota),
        ]
        const values = [environmentId, claim, ...keysOf(outcomes), ...columns.map(arrayLiteral)]
        return (await sql(finishClaims, values, 'schedule.finish')).count
      }),

    endClaims: (now) =>
      database.system(async (sql) => (await sql(endClaims, [new Date(now)], 'schedule.end_claims')).count),

    wake: (environmentId, connectionId, { streams, lane, at }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, connectionId, streams ?? null, laneNumber(lane), new Date(at), 0]
        return (await sql(wakeSlots, values, 'schedule.wake')).count
      }),

    wakeAll: (environmentId, slots, { lane, at, apartMs }) =>
      database.tenant(environmentId, async (sql) => {
        const keys = keysOf(slots)
        // In one order for everybody, so that nobody waits for whoever waits for him.
        await sql(lockSlots, [environmentId, ...keys], 'schedule.lock')
        const values = [environmentId, ...keys, laneNumber(lane), new Date(at), apartMs]
        return (await sql(wakeAllSlots, values, 'schedule.wake_all')).count
      }),

    block: (environmentId, connectionId, { streams, blocked }) =>
      database.tenant(environmentId, async (sql) => {
        await sql(blockSlots, [environmentId, connectionId, streams ?? null, blocked], 'schedule.block')
      }),

    of: (environmentId, connectionIds) =>
      database.tenant(environmentId, async (sql) => {
        const { rows } = await sql<Columns<Slot>>(selectSlots, [environmentId, connectionIds], 'schedule.of')
        return rows.map(toSlot)
      }),

    load: (environmentId, { now, stepMs, steps, integrationIds }) =>
      database.tenant(environmentId, async (sql) => {
        const values = [environmentId, new Date(now), stepMs, steps, integrationIds ?? null]
        return (await sql<SlotCount & Record<string, unknown>>(countLoad, values, 'schedule.load')).rows
      }),

    nextDueAt: () =>
      database.system(async (sql) => {
        const { rows } = await sql<{ at: number | null }>(selectNextDue, [], 'schedule.next_due')
        return rows[0]?.at ?? null
      }),
  }
}

type Columns<T extends Slot> = Omit<T, 'lane'> & { lane: number } & Record<string, unknown>

const toSlot = <T extends Slot>({ lane, ...slot }: Columns<T>) => ({ ...slot, lane: lanes[lane]! }) as unknown as T

type Claimed = Columns<ClaimedSlot> & { readyAt: number }

/** An update returns rows in whatever order it found them. */
function inOrder(rows: Claimed[]): ClaimedSlot[] {
  rows.sort((one, other) => one.lane - other.lane || one.readyAt - other.readyAt)
  return rows.map(({ readyAt: _, ...slot }) => toSlot<ClaimedSlot>(slot))
}

const keysOf = (slots: readonly { connectionId: string; stream: string }[]) => [
  arrayLiteral(slots.map(({ connectionId }) => connectionId)),
  arrayLiteral(slots.map(({ stream }) => stream)),
]

const putSlots = `
  insert into schedule (
    environment_id, connection_id, stream, provider, integration_id, every_ms, due_at, ready_at, lane, blocked, failures)
  select $1, connection_id, stream, provider, integration_id, every_ms, due_at, due_at, lane, blocked, 0
  from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[], $8::smallint[], $9::text[])
    as incoming (connection_id, stream, provider, integration_id, every_ms, due_at, lane, blocked)
  on conflict (environment_id, connection_id, stream) do update set
    every_ms = excluded.every_ms, blocked = excluded.blocked, integration_id = excluded.integration_id`

const held = `
  where s.environment_id = $1 and s.claim = $2 and s.connection_id = k.connection_id and s.stream = k.stream`

const extendClaims = `
  update schedule s set claimed_until = $5, ready_at = $5::timestamptz
  from unnest($3::text[], $4::text[]) as k (connection_id, stream) ${held}`

const endClaims = `update schedule set claimed_until = $1, ready_at = $1 where claim is not null and claimed_until > $1`

/** A claim of nobody says that it lapsed. */
const releaseClaims = `
  update schedule s set claim = case when k.lapsed then 'lapsed' end, claimed_until = null, woken_at = null,
    due_at = least(s.due_at, s.woken_at), ready_at = least($5::timestamptz, s.woken_at)
  from unnest($3::text[], $4::text[], $6::boolean[]) as k (connection_id, stream, lapsed) ${held}`

/** A slot that was woken while it ran has its due time from whoever woke it, and that one's lane. */
const finishClaims = `
  update schedule s set claim = null, claimed_until = null, woken_at = null,
    due_at = least(k.due_at, s.woken_at), ready_at = least(k.due_at, s.woken_at),
    lane = case when s.woken_at is null then ${laneNumber('scheduled')} else s.lane end,
    failures = k.failures, blocked = coalesce(k.blocked, s.blocked), last_run_id = k.run_id, last_fault = k.fault,
    last_quota = k.quota, last_ended_at = k.ended_at, synced_at = case when k.fault is null then k.ended_at else s.synced_at end
  from unnest($3::text[], $4::text[], $5::timestamptz[], $6::integer[], $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::text[])
    as k (connection_id, stream, due_at, failures, blocked, run_id, fault, ended_at, quota) ${held}`

/** What is claimed cannot be claimed again before it ends, so it is noted; the first note sets the lane, later ones may raise it. */
const apart = `$6::double precision * interval '1 millisecond'`
const wakenAt = `greatest($5::timestamptz, last_ended_at + ${apart})`
const wakened = `
    due_at = case when claimed_until is null then least(due_at, ${wakenAt}) else due_at end,
    ready_at = case when claimed_until is null then least(ready_at, ${wakenAt}) else ready_at end,
    woken_at = case when claimed_until is null then null else least(woken_at, $5::timestamptz + ${apart}) end,
    lane = case when claimed_until is not null and woken_at is null then $4::smallint else least(lane, $4::smallint) end`

const wakeSlots = `
  update schedule set ${wakened}
  where environment_id = $1 and connection_id = $2 and ($3::text[] is null or stream = any ($3)) and blocked is null`

const lockSlots = `
  select from schedule s, unnest($2::text[], $3::text[]) as k (connection_id, stream)
  where s.environment_id = $1 and s.connection_id = k.connection_id and s.stream = k.stream
  order by s.connection_id, s.stream
  for update of s`

const wakeAllSlots = `
  update schedule s set ${wakened}
  from (select distinct * from unnest($2::text[], $3::text[]) as wanted (connection_id, stream)) k
  where s.environment_id = $1 and s.connection_id = k.connection_id and s.stream = k.stream and blocked is null`

const blockSlots = `
  update schedule set blocked = $4
  where environment_id = $1 and connection_id = $2 and ($3::text[] is null or stream = any ($3)) and blocked is distinct from $4`

const selectSlots = `
  select ${slotColumns} from schedule s where s.environment_id = $1 and s.connection_id = any ($2) order by s.connection_id, s.stream`

/** $1 environment, $2 now, $3 the length of a step, $4 how many, $5 integrations. */
const countLoad = `
  select provider, integration_id as "integrationId", stream, least(every_ms, pace) as "everyMs", waiting, quota,
    step, count(*)::integer as slots, min(due_at) as "firstDueAt", max(due_at) as "lastDueAt"
  from schedule s
  cross join lateral (select
    coalesce(s.last_fault = any ('{${quotaFaults.join(',')}}') and s.due_at > $2, false) as waiting) as put_off
  cross join lateral (select case
    when s.last_fault is not null or s.lane <> ${laneNumber('scheduled')} or s.due_at <= s.last_ended_at then null
    ${paces.map((pace) => `when s.due_at - s.last_ended_at <= interval '${pace} milliseconds' then ${pace}`).join('\n    ')}
    end as pace) as paced
  cross join lateral (select case when waiting then last_quota end as quota,
    least($4::integer, greatest(0, floor(extract(epoch from s.due_at - $2) * 1000 / $3::double precision)))::integer as step) as ahead
  where environment_id = $1 and blocked is null and ($5::text[] is null or integration_id = any ($5))
  group by 1, 2, 3, 4, 5, 6, 7
  order by integration_id collate "C", stream collate "C", step, "everyMs", waiting, quota collate "C" nulls first`

/** One look at the head of each lane. */
const selectNextDue = `
  select min(head.ready_at) as at
  from generate_series(0, ${lanes.length - 1}) as l (lane)
  cross join lateral (
    select ready_at from schedule where schedule.lane = l.lane and blocked is null order by ready_at limit 1) as head`
