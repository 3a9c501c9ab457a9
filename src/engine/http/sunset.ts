import { dayMs, parseInstant } from '@patchbay/kit'
import type { Deps } from '../deps.ts'
import type { Layer } from './intent.ts'
import type { CallIncidents } from './report-outage.ts'

/**
 * Says once a day when a provider announces the end of what we use (`Sunset`, RFC 8594, and `Deprecation`, RFC 9745), for each app that uses it: in the log,
 * and to whoever keeps its incidents (F53).
 */
export function noticeSunset(
  { clock, log }: Pick<Deps, 'clock' | 'log'>,
  incidents: Pick<CallIncidents, 'ending'>,
): Layer {
  const said = new Map<string, number>()
  return (next) => async (intent) => {
    const answer = await next(intent)
    const { sunset, deprecation } = answer.headers
    if (sunset === undefined && deprecation === undefined) return answer
    const place = `${intent.method} ${intent.url.host}${intent.url.pathname.split('/').slice(0, 3).join('/')}`
    const now = clock.now()
    const { integration } = intent.target
    const key = `${integration.environmentId} ${integration.id} ${place}`
    if ((said.get(key) ?? Number.NEGATIVE_INFINITY) > now - dayMs) return answer
    said.delete(key)
    said.set(key, now)
    if (said.size > mostPlaces) said.delete(said.keys().next().value!)
    log.warn('provider.sunset', { provider: intent.target.provider.id, place, sunset, deprecation })
    await incidents.ending(integration, { place, at: parseInstant(sunset ?? '') })
    return answer
  }
}

const mostPlaces = 1_000
