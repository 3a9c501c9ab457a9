import { Fault } from '@patchbay/kit'
import type { Environment, Integration } from '../../ports/directory.ts'
import type { Deps, Setting } from '../deps.ts'
import type { TokenPlace } from './exchange.ts'

/** An integration with its environment and its provider. Throws `input.unknown` when one of them is not here. */
export async function findPlace(
  deps: Pick<Deps, 'directory'>,
  setting: Setting,
  environmentId: string,
  integrationId: string,
): Promise<TokenPlace> {
  const [environment, integration] = await Promise.all([
    findEnvironment(deps, environmentId),
    deps.directory.integration(environmentId, integrationId),
  ])
  return placeOf(setting, environment, integration)
}

/** The same for an environment that is at hand. */
export async function findPlaceIn(
  deps: Pick<Deps, 'directory'>,
  setting: Setting,
  environment: Environment,
  integrationId: string,
): Promise<TokenPlace> {
  return placeOf(setting, environment, await deps.directory.integration(environment.id, integrationId))
}

async function placeOf(
  setting: Setting,
  environment: Environment,
  integration: Integration | null,
): Promise<TokenPlace> {
  const provider = integration && (await setting.providers.in(environment.id)).get(integration.provider)
  if (!integration || !provider) throw new Fault('input.unknown', 'There is no such integration.')
  return { environment, provider, integration }
}

export async function findEnvironment(deps: Pick<Deps, 'directory'>, environmentId: string): Promise<Environment> {
  const environment = (await deps.directory.environments()).find(({ id }) => id === environmentId)
  if (!environment) throw new Fault('input.unknown', 'There is no such environment.')
  return environment
}
