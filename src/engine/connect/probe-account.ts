import { type Http, type Identity, isFault, type Provider, runTime } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Integration } from '../../ports/directory.ts'
import type { Deps } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import type { Target } from '../http/target.ts'
import { plainSettings } from './integration-secrets.ts'

/** One light call that proves whether a connection still works. Throws whatever the call throws. */
export async function probeAccount(deps: Pick<Deps, 'clock'>, gateway: Gateway, target: Target): Promise<void> {
  const { provider, integration, connection } = target
  const context = contextOf(provider, integration, gateway.http(target), connection?.inputs ?? {}, deps.clock.now())
  await (provider.probe ?? provider.identify)(context)
}

/** The same as a verdict. `unclear`: an outage says nothing about the account. */
export async function judgeAccount(
  deps: Pick<Deps, 'clock' | 'log'>,
  gateway: Gateway,
  target: Target,
): Promise<'works' | 'refused' | 'unclear'> {
  try {
    await probeAccount(deps, gateway, target)
    return 'works'
  } catch (error) {
    if (isFault(error, 'connection.expired', 'connection.revoked')) return 'refused'
    deps.log.info('connection.probe_unclear', { grantId: target.grantId, error })
    return 'unclear'
  }
}

/** Who consented, and for which accounts. */
export function identifyAccounts(
  deps: Pick<Deps, 'clock'>,
  gateway: Gateway,
  target: Target,
  inputs: Readonly<Record<string, string>>,
): Promise<Identity> {
  const { provider, integration } = target
  return provider.identify(contextOf(provider, integration, gateway.http(target), inputs, deps.clock.now()))
}

function contextOf(
  provider: Provider,
  integration: Integration,
  http: Http,
  inputs: Readonly<Record<string, string>>,
  now: Instant,
) {
  return { http, inputs, settings: plainSettings(provider, integration), time: runTime(now) }
}
