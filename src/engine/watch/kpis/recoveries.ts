import { dayMs, type FaultCode, faults, hour } from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import type { ReadingEnd, Window } from '../../../ports/history.ts'
import { waitFaults } from '../../../ports/schedule.ts'
import type { ConnectionPast } from './connection-past.ts'
import { byProvider, count, figure, type Kpi, quantile } from './kpi.ts'

/** From the first failed reading of a connection until none of its streams fails any more. */
interface Episode {
  readonly provider: string
  readonly connectionId: string
  readonly from: Instant
  /** Null: it still lasts. */
  readonly to: Instant | null
  /** Of the last reading that failed: what it recovered from, or waits for. */
  readonly lastFault: string
  readonly blocked: boolean
}

/** How far before a window one looks for episodes that had begun by then: no failing stream is left alone for longer. */
export const lookBackMs = 8 * dayMs

/** K8. */
export function recoveries(
  ends: readonly ReadingEnd[],
  { past, now, window }: { past: ConnectionPast; now: Instant; window: Window },
): Pick<Kpi, 'overall' | 'providers'> {
  const episodes = episodesOf(ends).filter(({ from }) => from >= window.from && from < window.to)
  const rows = episodes.map((episode) => ({ ...episode, excludedAs: exclusionOf(episode, past, now) }))
  return byProvider(rows, (some) => {
    const excluded: Record<string, number> = {}
    const lasted: number[] = []
    let [inTime, open] = [0, 0]
    for (const { excludedAs, from, to } of some) {
      if (excludedAs !== null) count(excluded, excludedAs)
      else if (to === null) open++
      else {
        lasted.push(to - from)
        if (to - from <= dayMs) inTime++
      }
    }
    const denominator = lasted.length + open
    const withinHour = lasted.filter((ms) => ms <= hour).length
    return figure(
      {
        numerator: inTime,
        denominator,
        excluded,
        details: {
          withinAnHour: denominator > 0 ? withinHour / denominator : null,
          medianMs: quantile(lasted, 0.5),
          longestMs: quantile(lasted, 1),
          stillFailing: open,
        },
      },
      'No connection began to fail.',
    )
  })
}

/** Oldest first. */
function episodesOf(ends: readonly ReadingEnd[]): Episode[] {
  const episodes: Episode[] = []
  for (const own of Map.groupBy(ends, ({ connectionId }) => connectionId).values()) {
    const failing = new Set<string>()
    let open = null as Episode | null
    for (const { connectionId, provider, stream, fault, blocked, at } of own) {
      if (fault === null) {
        failing.delete(stream)
        if (failing.size > 0 || open === null) continue
        episodes.push({ ...open, to: at })
        open = null
      } else if (open !== null || !waitFaults.includes(fault)) {
        failing.add(stream)
        open = { provider, connectionId, from: open?.from ?? at, to: null, lastFault: fault, blocked: blocked !== null }
      }
    }
    if (open !== null) episodes.push(open)
  }
  return episodes.sort((one, other) => one.from - other.from)
}

function exclusionOf({ connectionId, from, to, lastFault, blocked }: Episode, past: ConnectionPast, now: Instant) {
  const kind = faults[lastFault as FaultCode] ?? null
  if (blocked || ['owner', 'operator', 'caller'].includes(kind?.fixedBy ?? ''))
    return `only the ${kind?.fixedBy === 'operator' ? 'operator' : 'owner'} could end it`
  const stop = past.stopWithin(connectionId, from, to ?? now)
  if (stop !== null && stop.to !== 'needs_reauth') return `the connection was ${stop.to} meanwhile`
  if (stop !== null && past.causeOf(stop) === 'owner') return 'only the owner could end it'
  return to === null && now - from <= dayMs ? 'it lasts for less than a day yet' : null
}
