import { Fault, type Provider } from '@patchbay/kit'
import type { Environment, Integration } from '../../ports/directory.ts'
import type { Deps, Setting } from '../deps.ts'
import { type Capacity, capacity, type Plan } from './capacity.ts'
import { quotasUnder } from './draws.ts'
import { type ReadingCost, readingCosts } from './reading-costs.ts'

export interface CapacityQuery extends Plan {
  readonly provider: string
  /** Whose settings and last runs; the provider's oldest in that environment when absent. */
  readonly integration?: string
}

export interface FoundCapacity extends Capacity {
  readonly provider: string
  /** Null: none is set up, and the settings are those that the form suggests. */
  readonly integration: string | null
  readonly costs: readonly ReadingCost[]
}

/** How many accounts a provider's quotas have room for. */
export async function readCapacity(
  deps: Pick<Deps, 'directory' | 'history' | 'clock'>,
  setting: Pick<Setting, 'providers' | 'costCards'>,
  environment: Environment,
  query: CapacityQuery,
): Promise<FoundCapacity> {
  const provider = setting.providers.get(query.provider)
  if (!provider) throw new Fault('input.unknown', `There is no provider “${query.provider}”.`)
  const integration = await integrationOf(deps, environment, provider, query.integration)
  const costs = await readingCosts(deps, setting, provider, integration ?? notSetUp(environment, provider), {
    fullBatches: true,
  })
  const unknown = query.streams?.find((name) => !costs.some(({ stream }) => stream === name))
  if (unknown !== undefined)
    throw new Fault('input.unknown', `${provider.name} offers no stream “${unknown}” with the app as it is set up.`)
  const quotas = quotasUnder({ provider, integration: integration ?? notSetUp(environment, provider) })
  const found = capacity(quotas, costs, query, deps.clock.now())
  return { ...found, provider: provider.id, integration: integration?.id ?? null, costs }
}

async function integrationOf(
  { directory }: Pick<Deps, 'directory'>,
  environment: Environment,
  provider: Provider,
  id: string | undefined,
): Promise<Integration | null> {
  const own = (await directory.integrations(environment.id)).filter((one) => one.provider === provider.id)
  if (id === undefined) return own.toSorted((one, other) => one.createdAt - other.createdAt)[0] ?? null
  const integration = own.find((one) => one.id === id)
  if (!integration) throw new Fault('input.unknown', `${provider.name} has no app “${id}” here.`)
  return integration
}

/** An app that nobody has set up, to ask before one does. */
const notSetUp = ({ id: environmentId }: Environment, { id: provider, name }: Provider): Integration => ({
  ...{ id: '', environmentId, provider, name, clientId: null, clientSecret: null, settings: {}, scopes: [] },
  ...{ enabled: false, incident: null, createdAt: 0 },
})
