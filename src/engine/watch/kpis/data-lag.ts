import { type Duration, dayMs, minute, type Provider, parseDuration } from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import type { Gap, Window } from '../../../ports/history.ts'
import type { ConnectionPast } from './connection-past.ts'
import { byProvider, count, figure, type Kpi } from './kpi.ts'

/** How old the newest stored data may be. */
export const mostLagMs = dayMs

interface Read {
  readonly connectionId: string
  readonly provider: string
  readonly stream: string
  /** When it was first read whole. */
  readonly at: Instant
}

/** K4. */
export function dataLag(
  { first, gaps }: { first: readonly Read[]; gaps: readonly Gap[] },
  facts: { past: ConnectionPast; providers: ReadonlyMap<string, Provider>; window: Window },
): Pick<Kpi, 'overall' | 'providers'> {
  const long = Map.groupBy(gaps, keyOf)
  const rows = first.map((read) => ({ provider: read.provider, ...lagOf(read, long.get(keyOf(read)) ?? [], facts) }))
  return byProvider(rows, (some) => {
    const excluded: Record<string, number> = {}
    let [all, late] = [0, 0]
    for (const row of some) {
      all += row.allMs
      late += row.lateMs
      for (const [reason, ms] of Object.entries(row.excludedMs)) count(excluded, reason, Math.round(ms / minute))
    }
    const minutes = Math.round(all / minute)
    return figure(
      {
        numerator: minutes - Math.round(late / minute),
        denominator: minutes,
        excluded,
        details: { streams: some.length, lateStreams: some.filter(({ lateMs }) => lateMs > 0).length },
      },
      'Nothing was read before the window ended.',
    )
  })
}

const keyOf = ({ connectionId, stream }: Pick<Read, 'connectionId' | 'stream'>) => `${connectionId}\n${stream}`

function lagOf(
  { connectionId, provider, stream, at }: Read,
  gaps: readonly Gap[],
  { past, providers, window }: { past: ConnectionPast; providers: ReadonlyMap<string, Provider>; window: Window },
) {
  const from = Math.max(window.from, at)
  const excludedMs: Record<string, number> = {}
  const wholeMs = Math.max(0, window.to - from)
  const every = providers.get(provider)?.streams[stream]?.every
  if (every === undefined) return { allMs: 0, lateMs: 0, excludedMs: { 'no longer offered': wholeMs } }
  if (parseDuration(every as Duration) > mostLagMs)
    return { allMs: 0, lateMs: 0, excludedMs: { [`read every ${every} only`]: wholeMs } }
  const idle = past.inactive(connectionId, from, window.to)
  for (const { state, from: begin, to: end } of idle) count(excludedMs, state, end - begin)
  const allMs = wholeMs - idle.reduce((sum, { from: begin, to: end }) => sum + end - begin, 0)
  let lateMs = 0
  for (const gap of gaps) {
    const [begin, end] = [Math.max(from, gap.from + mostLagMs), Math.min(window.to, gap.to)]
    if (end <= begin) continue
    lateMs += end - begin
    for (const rest of idle) lateMs -= Math.max(0, Math.min(end, rest.to) - Math.max(begin, rest.from))
  }
  return { allMs, lateMs, excludedMs }
}
