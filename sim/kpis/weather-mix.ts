import { dayMs, hour, minute, type Provider, second } from '@patchbay/kit'
import type { WeatherRule } from '../../sandbox/weather.ts'
import type { Random } from '../../src/ports/random.ts'

/**
 * What goes wrong in an ordinary month, as data. Nobody publishes such rates for all platforms together; these are guesses on the bad side of what status
 * pages of large APIs show, so that a month of this is worse than most.
 */
export const mix = {
  /** For each platform and month: so many outages, each between so long and so long. */
  outages: [
    { aMonth: 4, shortestMs: 3 * minute, longestMs: 30 * minute },
    { aMonth: 1, shortestMs: hour, longestMs: 4 * hour },
  ],
  /** One platform is away for most of a day. */
  longOutageMs: 10 * hour,
  /** For each platform with a token endpoint and month: it alone is down. */
  tokenOutages: { aMonth: 1, shortestMs: 20 * minute, longestMs: 90 * minute },
  /** An operator saves a wrong secret at one platform and notices after an hour. */
  wrongSecretMs: hour,
  /** Of every request, all the time. */
  always: [
    { kind: 'fail', status: 500, probability: 0.002 },
    { kind: 'fail', status: 502, probability: 0.001 },
    { kind: 'throttle', retryAfter: 'seconds', waitMs: 20 * second, probability: 0.0003 },
    { kind: 'throttle', retryAfter: 'http-date', waitMs: 60 * second, probability: 0.0001 },
    { kind: 'throttle', retryAfter: 'absent', waitMs: 20 * second, probability: 0.0001 },
    { kind: 'drop', probability: 0.0005 },
    { kind: 'lose', probability: 0.0003 },
    { kind: 'html', probability: 0.0002 },
    { kind: 'truncate', probability: 0.0002 },
    { kind: 'delay', ms: 1500, probability: 0.03 },
    { kind: 'delay', ms: 45 * second, probability: 0.0002 },
  ] as const,
  /** Access tokens end early, as when a platform rolls its keys: of all requests, where there are refresh tokens. Elsewhere the access would be lost with it. */
  earlyEnds: { kind: 'rotate', probability: 0.0002 } as const,
  /** Of all connections and month: the owner takes access back on the platform, and so many come back, after up to so many days. */
  people: { revokeAMonth: 0.005, comeBack: 0.7, withinDays: 4 },
  /** Of all connections and day: somebody presses refresh and waits. */
  refreshesADay: 0.02,
} as const

/** What happens at a time of its own, for the timeline. */
export interface Span {
  readonly provider: string
  readonly what: 'outage' | 'token endpoint down' | 'wrong secret'
  readonly from: number
  readonly until: number
}

/** One month's weather for these providers: rules for the sandbox, and what they are called in the timeline. The same seed gives the same month. */
export function drawWeather(
  providers: readonly Provider[],
  window: { from: number; to: number },
  random: Pick<Random, 'unit'>,
): { rules: WeatherRule[]; spans: Span[] } {
  const rules: WeatherRule[] = []
  const spans: Span[] = []
  const months = (window.to - window.from) / (30 * dayMs)
  // The last two days are calm, so that everything that can recover has the time.
  const span = (durationMs: number) => {
    const from = window.from + random.unit() * Math.max(0, window.to - window.from - durationMs - 2 * dayMs)
    return { from, until: from + durationMs }
  }
  const between = (shortest: number, longest: number) => shortest + random.unit() * (longest - shortest)
  const times = (aMonth: number) => Math.floor(aMonth * months + random.unit())

  for (const [nth, provider] of providers.entries()) {
    const { id } = provider
    for (const { aMonth, shortestMs, longestMs } of mix.outages)
      for (let i = times(aMonth); i > 0; i--)
        spans.push({ provider: id, what: 'outage', ...span(between(shortestMs, longestMs)) })
    if (nth === 0 && months >= 0.5) spans.push({ provider: id, what: 'outage', ...span(mix.longOutageMs) })
    if (tokenRoute(provider) === null) continue
    const { aMonth, shortestMs, longestMs } = mix.tokenOutages
    for (let i = times(aMonth); i > 0; i--)
      spans.push({ provider: id, what: 'token endpoint down', ...span(between(shortestMs, longestMs)) })
  }
  const signedIn = providers.filter((provider) => tokenRoute(provider) !== null)
  const mistaken = signedIn[Math.floor(random.unit() * signedIn.length)]
  if (mistaken) spans.push({ provider: mistaken.id, what: 'wrong secret', ...span(mix.wrongSecretMs) })

  for (const [i, { provider, what, from, until }] of spans.entries()) {
    if (what === 'wrong secret') continue
    const route = what === 'outage' ? undefined : tokenRoute(providers.find(({ id }) => id === provider)!)!
    rules.push({ id: `outage-${i}`, kind: 'outage', provider, route, from, until })
  }
  // Nor does anything begin in the last hours.
  const always = { from: window.from, until: window.to - 6 * hour }
  for (const [i, rule] of mix.always.entries()) rules.push({ id: `${rule.kind}-always-${i}`, ...rule, ...always })
  for (const { id, auth } of providers)
    if (auth.scheme === 'oauth2' && ['keeps', 'rotates'].includes(auth.refresh.model))
      rules.push({ id: `rotate-${id}`, provider: id, ...mix.earlyEnds, ...always })
  return { rules, spans: spans.sort((one, other) => one.from - other.from) }
}

/** Where a platform gives tokens out; null where it does not. */
function tokenRoute({ auth }: Provider): string | null {
  if (auth.scheme !== 'oauth2') return null
  const url = auth.refresh.model === 'extends' ? auth.refresh.request.url : auth.tokenUrl
  const { host, pathname } = new URL(url)
  return `* ${host}${pathname}`
}
