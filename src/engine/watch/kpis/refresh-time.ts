import { second } from '@patchbay/kit'
import type { RefreshWait } from '../../../ports/history.ts'
import { byProvider, figure, type Kpi, quantile } from './kpi.ts'

/** K5. Whoever got no fresh numbers did not get them in time. */
export function refreshTime(waits: readonly RefreshWait[]): Pick<Kpi, 'overall' | 'providers'> {
  return byProvider(waits, (some) => {
    const fresh = some.filter(({ ended }) => ended === 'fresh').map(({ askedAt, endedAt }) => endedAt - askedAt)
    return figure(
      {
        numerator: fresh.filter((ms) => ms <= 5 * second).length,
        denominator: some.length,
        details: {
          p95Ms: quantile(fresh, 0.95),
          p99Ms: quantile(fresh, 0.99),
          failed: some.filter(({ ended }) => ended === 'failed').length,
          notInTime: some.filter(({ ended }) => ended === 'not_in_time').length,
        },
      },
      'Nobody asked for fresh numbers and waited.',
    )
  })
}
