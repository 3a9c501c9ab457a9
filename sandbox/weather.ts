import { parseRoutePattern, type RoutePattern } from '@patchbay/kit'
import type { Chance } from './chance.ts'

/** A fault that may befall requests. Without provider, route and artist it may befall all but the consent page. */
export type WeatherRule = {
  /** Shown in the ledger. Made from the kind when absent. */
  readonly id?: string
  readonly provider?: string
  /**
   * `GET api.example.com/v1/artists`: that address and what lies below it; `*` is any method. `POST webhooks`: the messages that the platform
   * sends, which may be dropped, lost (done and not heard of), delayed, repeated and shuffled.
   */
  readonly route?: string
  /** The artist's key. */
  readonly artist?: string
  /** 1 when absent. */
  readonly probability?: number
  readonly from?: number
  /** Instants by the sandbox's clock. */
  readonly until?: number
  /** Fires so many times at most. */
  readonly times?: number
} & WeatherKind

export type WeatherKind =
  /** The request never arrives. */
  | { readonly kind: 'drop' }
  /** It arrives and is done, but the answer does not get back. */
  | { readonly kind: 'lose' }
  /** The provider answers with that status and does nothing. 500 when absent. */
  | { readonly kind: 'fail'; readonly status?: number }
  /** 429. `retryAfter`: the form of the header; one of them by chance when absent. */
  | { readonly kind: 'throttle'; readonly retryAfter?: RetryAfter; readonly waitMs?: number }
  | { readonly kind: 'outage' }
  /** The body comes in small pieces, with a pause before each. */
  | { readonly kind: 'slow'; readonly pauseMs?: number }
  /** 200 with a page that is no answer, as from a captive portal. */
  | { readonly kind: 'html' }
  /** Done, and the body ends in the middle. */
  | { readonly kind: 'truncate' }
  /** A field of the answer is missing, or is called otherwise. By chance one at the top when none is named. */
  | { readonly kind: 'drift'; readonly field?: string; readonly rename?: string }
  /** The owner takes access back just before. */
  | { readonly kind: 'revoke' }
  /** Access tokens end early, and a refresh gives a new refresh token. */
  | { readonly kind: 'rotate' }
  /** `request`: it arrives later. `reply`: it is done at once and answered later. */
  | { readonly kind: 'delay'; readonly ms: number; readonly side?: 'request' | 'reply' }
  /** Of messages that the platform sends: it comes so many times more. Once when absent. */
  | { readonly kind: 'repeat'; readonly copies?: number }
  /** Of messages that the platform sends: it comes later by up to that, so that another may come before it. */
  | { readonly kind: 'shuffle'; readonly ms: number }

export type RetryAfter = 'seconds' | 'http-date' | 'float' | 'zero' | 'negative' | 'huge' | 'absent'

/** What a rule needs to know about a request. `identity` says which request it is, the same in every run. */
export interface WeatherTarget {
  readonly providers: readonly string[]
  readonly method: string
  readonly place: string
  readonly artist: string | null
  readonly identity: string
  readonly consent: boolean
  /** A message of the platform: befallen by rules that name it only. */
  readonly outgoing?: true
}

export type Fired = WeatherRule & { readonly id: string; readonly draw: (what: string) => number }

/**
 * The faults in force. Whether a rule fires is drawn from seed, rule, request and how often that request came before, and from nothing else:
 * the same seed gives the same weather, and taking one rule away leaves the others as they were.
 */
export class Weather {
  readonly #chance: Chance
  #rules: { rule: WeatherRule & { id: string }; route: RoutePattern | null; fired: number }[] = []
  readonly #seen = new Map<string, number>()
  #count = 0

  constructor(chance: Chance) {
    this.#chance = chance
  }

  add(rule: WeatherRule): string {
    const id = rule.id ?? `${rule.kind}-${++this.#count}`
    this.#rules = this.#rules.filter((other) => other.rule.id !== id)
    this.#rules.push({ rule: { ...rule, id }, route: rule.route ? parseRoutePattern(rule.route) : null, fired: 0 })
    return id
  }

  /** Every rule when none is named. */
  clear(id?: string): void {
    this.#rules = id === undefined ? [] : this.#rules.filter(({ rule }) => rule.id !== id)
  }

  list(): (WeatherRule & { id: string; fired: number })[] {
    return this.#rules.map(({ rule, fired }) => ({ ...rule, fired }))
  }

  /** The rules that befall this request; `only` when others have their turn at another time. */
  at(target: WeatherTarget, now: number, only: (kind: WeatherRule['kind']) => boolean = () => true): Fired[] {
    if (this.#rules.length === 0) return []
    const nth = (this.#seen.get(target.identity) ?? 0) + 1
    if (this.#seen.size >= mostSeen) this.#seen.clear()
    this.#seen.set(target.identity, nth)
    const fired: Fired[] = []
    for (const entry of this.#rules) {
      const { rule, route } = entry
      if (
        !only(rule.kind) ||
        !concerns(rule, route, target, now) ||
        entry.fired >= (rule.times ?? Number.POSITIVE_INFINITY)
      )
        continue
      const draw = (what: string) => this.#chance.unit(`weather/${rule.id}/${target.identity}/${nth}/${what}`)
      if (draw('fires') >= (rule.probability ?? 1)) continue
      entry.fired++
      fired.push({ ...rule, draw })
    }
    return fired
  }
}

function concerns(rule: WeatherRule, route: RoutePattern | null, target: WeatherTarget, now: number): boolean {
  return (
    (rule.provider === undefined || target.providers.includes(rule.provider)) &&
    (route === null ? !target.consent && !target.outgoing : route.begins(target.method, target.place)) &&
    (rule.artist === undefined || rule.artist === target.artist) &&
    now >= (rule.from ?? Number.NEGATIVE_INFINITY) &&
    now < (rule.until ?? Number.POSITIVE_INFINITY)
  )
}

const mostSeen = 200_000
