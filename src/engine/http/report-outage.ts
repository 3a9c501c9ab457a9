import { isFault } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Integration } from '../../ports/directory.ts'
import { firstRestMostMs } from './breaker.ts'
import type { Intent, Layer } from './intent.ts'

/** Who keeps the incidents that show in calls. */
export interface CallIncidents {
  /** A host of the platform goes on not working. */
  outage(integration: Integration, host: string): Promise<void>
  /** What the integration's open incident says is over. */
  over(integration: Integration): Promise<void>
  /** The platform announces the end of something that is used. `at` is when, where it says so. */
  ending(integration: Integration, end: { readonly place: string; readonly at: Instant | null }): Promise<void>
}

/**
 * A platform that goes on not working is an incident of the integration, told once and over with the first call that the same host answers. It
 * stands above the breaker: one rest is weather, and the second in a row is longer.
 */
export function reportOutage(incidents: CallIncidents): Layer {
  const told = new Set<string>()
  return (next) => async (intent) => {
    const { integration } = intent.target
    const keyOf = () => `${integration.environmentId} ${integration.id} ${intent.url.host}`
    try {
      const answer = await next(intent)
      if (told.size > 0) told.delete(keyOf())
      if (isOver(intent)) await incidents.over(integration)
      return answer
    } catch (error) {
      const rests = isFault(error, 'provider.down') && error.detail.reason === 'resting'
      if (rests && (error.detail.waitMs ?? 0) > firstRestMostMs && !told.has(keyOf())) {
        told.add(keyOf())
        await incidents.outage(integration, intent.url.host)
      }
      throw error
    }
  }
}

function isOver({ target, url, as }: Intent): boolean {
  const { incident } = target.integration
  if (incident?.source === 'calls') return incident.host === url.host
  // The app's own credential says nothing about accounts that are refused.
  return incident?.source === 'refusals' && as === 'account'
}
