import type { Provider } from '@patchbay/kit'
import type { Environment } from '../../../ports/directory.ts'
import type { Window } from '../../../ports/history.ts'
import type { Deps } from '../../deps.ts'
import { apiErrors } from './api-errors.ts'
import { callSuccess, noIsAnAnswer } from './call-success.ts'
import { ConnectionPast } from './connection-past.ts'
import { dataLag, mostLagMs } from './data-lag.ts'
import { definitions, type Figure, type Kpi, type KpiId, unknown } from './kpi.ts'
import { quotaShare, watchedQuotas } from './quota-share.ts'
import { reconnects } from './reconnects.ts'
import { Recoveries } from './recovered.ts'
import { lookBackMs, recoveries } from './recoveries.ts'
import { refreshTime } from './refresh-time.ts'
import { uptime } from './uptime.ts'

/** Rows of one kind that are looked at; a window that holds more says so instead of a number. */
const mostRows = 200_000
const tooMany: Figure = unknown(`More than ${mostRows.toLocaleString('en-US')} rows: ask for a shorter window.`)

export interface KpiQuery extends Window {
  /** Only this one. Numbers that concern no provider are the same. */
  readonly provider?: string
}

/** Every number by which this server is judged, computed anew from what is written down. */
export async function readKpis(
  deps: Pick<Deps, 'history' | 'directory' | 'clock'>,
  providers: ReadonlyMap<string, Provider>,
  environment: Environment,
  { provider: only, ...window }: KpiQuery,
): Promise<Kpi[]> {
  const { history, directory, clock } = deps
  const now = clock.now()
  const { id } = environment
  const limited = { ...window, limit: mostRows + 1 }
  // What began in the window may have ended since.
  const since = { from: window.from - lookBackMs, to: now + 1, limit: mostRows + 1 }
  const integrations = await directory.integrations(id)
  const watched = watchedQuotas(providers.values(), integrations)
  const [counts, failed, steps, ends, first, gaps, peaks, beats, requests, waits] = await Promise.all([
    history.callCounts(id, { ...window, answers: noIsAnAnswer }),
    history.failedCalls(id, { ...limited, answers: noIsAnAnswer }),
    history.steps(id, { from: window.from, to: now + 1, limit: mostRows + 1 }),
    history.readings(id, since),
    history.firstReadings(id, window),
    history.gaps(id, { ...limited, longerThanMs: mostLagMs }),
    history.peaks(id, window, watched),
    history.beats(window),
    history.requests(id, window),
    history.refreshes(id, limited),
  ])
  const past = new ConnectionPast(steps)
  const facts = { past, recoveries: new Recoveries(ends), now, window, providers }
  const fits = (...lists: readonly (readonly unknown[])[]) => lists.every(({ length }) => length <= mostRows)
  const or = (fit: boolean, measure: () => Pick<Kpi, 'overall' | 'providers'>) =>
    fit ? measure() : { overall: tooMany, providers: {} }
  const measured: Record<KpiId, Pick<Kpi, 'overall' | 'providers'>> = {
    K1: or(fits(failed, steps, ends), () => callSuccess({ counts, failed }, facts)),
    K2: { overall: uptime(beats, window), providers: {} },
    K3: { overall: apiErrors(requests), providers: {} },
    K4: or(fits(gaps, steps), () => dataLag({ first, gaps }, facts)),
    K5: or(fits(waits), () => refreshTime(waits)),
    K6: or(fits(steps), () => reconnects(past, window)),
    K7: quotaShare(watched, peaks),
    K8: or(fits(ends, steps), () => recoveries(ends, facts)),
  }
  return (Object.keys(definitions) as KpiId[]).map((kpi) => {
    const { overall, providers: each } = measured[kpi]
    const concernsProviders = !['K2', 'K3'].includes(kpi)
    if (only === undefined || !concernsProviders) return { id: kpi, ...definitions[kpi], overall, providers: each }
    const own = each[only] ?? (overall === tooMany ? tooMany : unknown('Nothing of this platform in the window.'))
    return { id: kpi, ...definitions[kpi], overall: own, providers: { [only]: own } }
  })
}
