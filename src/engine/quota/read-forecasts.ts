import type { Provider, Quota } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Environment, Integration } from '../../ports/directory.ts'
import type { SlotCount } from '../../ports/schedule.ts'
import type { Deps, Setting } from '../deps.ts'
import { quotasUnder } from './draws.ts'
import { type Forecast, forecast, type Load, resetOf, type Steps, stepsUntil } from './forecast.ts'
import { type ReadingCost, readingCosts } from './reading-costs.ts'
import { type QuotaUsage, quotaUsage } from './usage.ts'

/** How a quota of an integration will stand. Of one that is counted for each account or user it is the fullest. */
export interface QuotaForecast extends Forecast {
  readonly provider: string
  readonly integration: string
  readonly quota: Quota
  readonly whose: string | null
  readonly used: number
  readonly parkedUntil: Instant | null
}

export interface ForecastQuery {
  readonly provider?: string
  readonly integration?: string
  /** What came last on the page before. */
  readonly after?: Pick<QuotaForecast, 'integration'> & { readonly quota: string }
  readonly limit: number
}

/** By integration and quota, in the order of their ids. */
export async function readForecasts(
  deps: Pick<Deps, 'limiter' | 'clock' | 'directory' | 'schedule' | 'history'>,
  setting: Pick<Setting, 'providers' | 'costCards'>,
  environment: Environment,
  query: ForecastQuery,
): Promise<QuotaForecast[]> {
  const all = (await deps.directory.integrations(environment.id)).toSorted((one, other) => (one.id < other.id ? -1 : 1))
  const wanted = all.filter(
    ({ id, provider }) =>
      (query.provider === undefined || provider === query.provider) &&
      (query.integration === undefined || id === query.integration) &&
      (query.after === undefined || id >= query.after.integration),
  )
  const costs = openCosts()
  const found: QuotaForecast[] = []
  for (const integration of wanted) {
    if (found.length >= query.limit) break
    const provider = setting.providers.get(integration.provider)
    if (provider) found.push(...(await forecastsOf(provider, integration)).filter(isAfter))
  }
  return found.slice(0, query.limit)

  function isAfter({ integration, quota }: QuotaForecast): boolean {
    const { after } = query
    return after === undefined || integration > after.integration || quota.id > after.quota
  }

  async function forecastsOf(provider: Provider, integration: Integration): Promise<QuotaForecast[]> {
    const now = deps.clock.now()
    const usage = await quotaUsage(deps, { provider, integration, environment })
    // What is counted by our address is drawn on by every app of that provider.
    const siblings = all.filter((one) => one.provider === provider.id)
    const loads = openLoads(now)
    const quotas = quotasUnder({ provider, integration }).toSorted((one, other) => (one.id < other.id ? -1 : 1))
    return Promise.all(
      quotas.map(async (quota): Promise<QuotaForecast> => {
        const steps = stepsUntil(now, resetOf(quota, now) ?? now + 1)
        const users = quota.per === 'ip' ? siblings : [integration]
        const each = await Promise.all(
          users.map(async (one) => loadsOf(quota, await costs(provider, one), await loads(users, steps), one)),
        )
        const fullest = usage.find((one) => one.quota === quota.id)
        const { used, parkedUntil, whose } = fullest ?? unused
        const ahead = forecast({ quota, used, parkedUntil }, each.flat(), steps, now)
        return { ...ahead, provider: provider.id, integration: integration.id, quota, whose, used, parkedUntil }
      }),
    )
  }

  /** What each integration's readings cost, looked up once. */
  function openCosts(): (provider: Provider, integration: Integration) => Promise<ReadingCost[]> {
    const known = new Map<string, Promise<ReadingCost[]>>()
    return (provider, integration) => {
      const asked = known.get(integration.id) ?? readingCosts(deps, setting, provider, integration)
      known.set(integration.id, asked)
      return asked
    }
  }

  /** The load ahead; quotas that reset at the same time look at the same steps. */
  function openLoads(now: Instant): (users: readonly Integration[], steps: Steps) => Promise<SlotCount[]> {
    const known = new Map<string, Promise<SlotCount[]>>()
    return (users, steps) => {
      const integrationIds = users.map(({ id }) => id)
      const key = [...integrationIds, steps.stepMs].join(' ')
      const asked = known.get(key) ?? deps.schedule.load(environment.id, { now, ...steps, integrationIds })
      known.set(key, asked)
      return asked
    }
  }
}

const unused: Pick<QuotaUsage, 'used' | 'parkedUntil' | 'whose'> = { used: 0, parkedUntil: null, whose: null }

/** One account's readings are its share of all of them: everybody has the same streams, each at a time of its own. */
function loadsOf(
  { per }: Quota,
  costs: readonly ReadingCost[],
  counts: readonly SlotCount[],
  { id }: Integration,
): Load[] {
  const own = counts.filter(({ integrationId }) => integrationId === id)
  const byStream = Map.groupBy(own, ({ stream }) => stream)
  const accounts = Math.max(1, ...[...byStream.values()].map((of) => of.reduce((sum, { slots }) => sum + slots, 0)))
  const share = per === 'account' || per === 'user' ? 1 / accounts : 1
  return costs.map((cost) => ({ cost, counts: byStream.get(cost.stream) ?? [], share }))
}
