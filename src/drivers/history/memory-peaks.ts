import { dayOf } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import { backgroundLanes, type Peak, type WatchedQuota, type Window } from '../../ports/history.ts'
import type { CallRecord } from '../../ports/journal.ts'

/** The most that was used of each bucket of one quota at a time. A call counts from when it ended, and no longer than its window. */
export function peakOf(
  { provider, quota, per, window }: WatchedQuota,
  calls: readonly CallRecord[],
  connections: ReadonlyMap<string, Connection>,
  { from, to }: Window,
): Peak[] {
  const draws = calls
    .filter((call) => call.provider === provider && (call.cost[quota] ?? 0) > 0)
    .map((call) => ({
      holder: holderOf(per, call, connections),
      at: call.startedAt + Math.round(call.durationMs),
      amount: call.cost[quota]!,
      inBackground: backgroundLanes.includes(call.lane),
    }))
    .filter(({ at }) => at >= from && at < to)
    .sort((one, other) => one.at - other.at)
  const most = 'day' in window ? mostOfADay(window.day) : mostOf(window.rollingMs)
  return [...Map.groupBy(draws, ({ holder }) => holder)]
    .map(([holder, own]) => ({
      ...{ provider, quota, holder, all: most(own) },
      background: most(own.filter(({ inBackground }) => inBackground)),
    }))
    .sort((one, other) => (one.holder < other.holder ? -1 : 1))
}

function holderOf(
  per: WatchedQuota['per'],
  { integrationId, connectionId }: CallRecord,
  connections: ReadonlyMap<string, Connection>,
): string {
  const connection = connectionId === null ? undefined : connections.get(connectionId)
  if (per === 'ip') return ''
  if (per === 'app') return integrationId ?? ''
  return `${integrationId ?? ''}/${(per === 'account' ? connection?.account.id : connection?.grantId) ?? ''}`
}

interface Drawn {
  readonly at: number
  readonly amount: number
}

/** Open at its old end: what ended exactly one window ago no longer counts. */
const mostOf = (rollingMs: number) => (draws: readonly Drawn[]) => {
  let most = 0
  let sum = 0
  let first = 0
  for (const [i, { at, amount }] of draws.entries()) {
    sum += amount
    while (draws[first]!.at <= at - rollingMs) sum -= draws[first++]!.amount
    // Calls that ended in the same millisecond count together.
    if (draws[i + 1]?.at !== at) most = Math.max(most, sum)
  }
  return most
}

const mostOfADay = (zone: string) => (draws: readonly Drawn[]) =>
  Math.max(
    0,
    ...[...Map.groupBy(draws, ({ at }) => dayOf(at, zone)).values()].map((own) =>
      own.reduce((sum, { amount }) => sum + amount, 0),
    ),
  )
