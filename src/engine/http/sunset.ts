import type { Deps } from '../deps.ts'
import type { Layer } from './intent.ts'

/** Says once a day when a provider announces the end of what we use (`Sunset`, RFC 8594, and `Deprecation`, RFC 9745). */
export function noticeSunset({ clock, log }: Pick<Deps, 'clock' | 'log'>): Layer {
  const said = new Map<string, number>()
  return (next) => async (intent) => {
    const answer = await next(intent)
    const { sunset, deprecation } = answer.headers
    if (sunset === undefined && deprecation === undefined) return answer
    const place = `${intent.method} ${intent.url.host}${intent.url.pathname.split('/').slice(0, 3).join('/')}`
    const now = clock.now()
    if ((said.get(place) ?? Number.NEGATIVE_INFINITY) > now - dayMs) return answer
    said.set(place, now)
    if (said.size > mostPlaces) said.delete(said.keys().next().value!)
    log.warn('provider.sunset', { provider: intent.target.provider.id, place, sunset, deprecation })
    return answer
  }
}

const dayMs = 86_400_000
const mostPlaces = 1_000
