import { dayMs, minute, type Quota } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { StreamNote } from '../../ports/stream-notes.ts'
import type { Deps } from '../deps.ts'
import { readingsApartMs } from './cadence.ts'

/** Reading that nobody waits for keeps to a tenth of a limit. One stream that is read more often than it has to be leaves the other half of that to the rest. */
const share = 0.05

/**
 * The quota that has no room for a reading so often, of everybody whom it is counted for together; null when all have. What a reading takes is what the last
 * one took.
 */
export function lackingQuota(
  quotas: readonly Quota[],
  spent: StreamNote['spent'],
  { everyMs, connections }: { everyMs: number; connections: number },
): string | null {
  const readingsADay = dayMs / readingsApartMs(everyMs)
  for (const { id, per, limit, window } of quotas) {
    if ('concurrent' in window) continue
    const each = (spent[id] ?? 0) * readingsADay
    const all = per === 'app' || per === 'ip' ? each * connections : each
    const windowMs = 'rollingMs' in window ? window.rollingMs : 'month' in window ? 31 * dayMs : dayMs
    const room = (share * limit * dayMs) / windowMs
    if (all > room) return id
  }
  return null
}

/** How many accounts share the quotas of an app; a few minutes old. */
export type Crowd = (environmentId: string, integrationId: string) => Promise<number>

const oldMs = 10 * minute
const mostApps = 1_000

export function openCrowd({ connections, clock }: Pick<Deps, 'connections' | 'clock'>): Crowd {
  const known = new Map<string, { readonly at: Instant; readonly count: Promise<number> }>()
  return (environmentId, integrationId) => {
    const key = `${environmentId}/${integrationId}`
    const found = known.get(key)
    if (found && clock.now() - found.at < oldMs && clock.now() >= found.at) return found.count
    const count = connections
      .count(environmentId, { integration: integrationId })
      .then(({ disconnected: _, ...live }) => Object.values(live).reduce((sum, some) => sum + some, 0))
    if (known.size >= mostApps) known.clear()
    known.set(key, { at: clock.now(), count })
    // One that failed is asked for again.
    count.catch(() => known.delete(key))
    return count
  }
}
