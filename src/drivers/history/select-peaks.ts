import { backgroundLanes, type WatchedQuota } from '../../ports/history.ts'

/** The query for the most that was used of each bucket of one quota: $1 environment, $2 from, $3 to, $4 provider, $5 quota, $6 background lanes, $7 the window. */
export function selectPeaks({ provider, quota, per, window }: WatchedQuota): {
  text: string
  values: unknown[]
  name: string
} {
  const kind = 'day' in window ? 'day' : 'rolling'
  const span = 'day' in window ? window.day : window.rollingMs
  return {
    text: texts[kind](holders[per]),
    values: [provider, quota, backgroundLanes, span],
    name: `history.peaks_${kind}_${per}`,
  }
}

const holders: Readonly<Record<WatchedQuota['per'], string>> = {
  ip: `''`,
  app: `coalesce(call.integration_id, '')`,
  account: `coalesce(call.integration_id, '') || '/' || coalesce(connection.account_id, '')`,
  user: `coalesce(call.integration_id, '') || '/' || coalesce(connection.grant_id, '')`,
}

const draws = (holder: string) => `
  select ${holder} collate "C" as holder, ended.at, (call.cost->>$5)::double precision as amount,
    case when call.lane = any ($6::text[]) then (call.cost->>$5)::double precision else 0 end as background
  from call
  cross join lateral (select call.started_at + call.duration_ms * interval '1 millisecond' as at) as ended
  left join connection on connection.environment_id = call.environment_id and connection.id = call.connection_id
  where call.environment_id = $1 and call.provider = $4 and call.cost ? $5 and (call.cost->>$5)::double precision > 0
    and ended.at >= $2 and ended.at < $3`

/** Open at its old end: what ended exactly one window ago no longer counts. */
const window = `over (
  partition by holder order by at range between ($7::double precision - 1) * interval '1 millisecond' preceding and current row)`

const texts = {
  rolling: (holder: string) => `
    select holder, max(background) as background, max(amount) as "all"
    from (
      select holder, sum(amount) ${window} as amount, sum(background) ${window} as background
      from (${draws(holder)}) as draw) as used
    group by holder order by holder`,
  day: (holder: string) => `
    select holder, max(background) as background, max(amount) as "all"
    from (
      select holder, sum(amount) as amount, sum(background) as background
      from (${draws(holder)}) as draw group by holder, (at at time zone $7::text)::date) as used
    group by holder order by holder`,
}
