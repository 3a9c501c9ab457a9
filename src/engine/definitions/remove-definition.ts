import { Fault } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Environment } from '../../ports/directory.ts'
import type { Deps } from '../deps.ts'

/**
 * Removes a platform of the environment's own, once no connection uses it. Its integrations are switched off and forget their secrets, so that whoever
 * registers the same id anew does not get them.
 */
export async function removeDefinition(
  deps: Pick<Deps, 'clock' | 'random' | 'definitions' | 'directory' | 'connections'>,
  environment: Environment,
  id: string,
  actor: Actor,
): Promise<void> {
  const [stored] = await deps.definitions.read(environment.id, [id])
  if (!stored) throw new Fault('input.unknown', 'This environment has no platform of that id of its own.')
  const some = await deps.connections.list(environment.id, { provider: id, limit: mostCounted })
  if (some.length > 0) {
    const many = some.length === mostCounted ? `${mostCounted} or more connections use` : `${some.length} use`
    throw new Fault('input.conflict', `${many} "${id}": disconnect them first.`, { connections: some.length })
  }
  const at = deps.clock.now()
  const trace = (action: string, subject: string) => ({
    at,
    actor,
    audit: [{ id: deps.random.id('aud'), action, subject, detail: { provider: id } }],
  })
  for (const integration of await deps.directory.integrations(environment.id)) {
    if (integration.provider !== id) continue
    const forgotten = { clientId: null, clientSecret: null, settings: {}, enabled: false, incident: null }
    await deps.directory.saveIntegration(
      { ...integration, ...forgotten },
      trace('integration.forgotten', integration.id),
    )
  }
  await deps.definitions.remove(environment.id, id, trace('provider.removed', id))
}

const mostCounted = 100
