import { Fault } from '@patchbay/kit'
import type { Environment } from '../../ports/directory.ts'
import type { Lane } from '../../ports/schedule.ts'
import type { Setting } from '../deps.ts'
import type { Target } from '../http/target.ts'
import type { Recent } from '../recent.ts'

/** What a call on behalf of a connection needs. Throws `input.unknown` for a connection of another environment as for one that never was (T21). */
export async function targetOf(
  recent: Recent,
  setting: Setting,
  environment: Environment,
  connectionId: string,
  options: { lane: Lane; patienceMs: number },
): Promise<Target> {
  const connection = await recent.connection(environment.id, connectionId)
  if (!connection || connection.environmentId !== environment.id)
    throw new Fault('input.unknown', 'There is no such connection.')
  if (connection.state === 'disconnected' || connection.state === 'paused')
    throw new Fault('connection.inactive', `The connection is ${connection.state}.`)
  const provider = (await setting.providers.in(environment.id)).get(connection.provider)
  const integration = await recent.integration(environment.id, connection.integrationId)
  if (!provider || !integration)
    throw new Fault('setup.configuration', 'The app or the provider of this connection is no longer set up.')
  return {
    environment,
    provider,
    integration,
    grantId: connection.grantId,
    connection,
    lane: options.lane,
    runId: null,
    patienceMs: options.patienceMs,
  }
}
