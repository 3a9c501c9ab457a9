import { type Provider, parseDuration } from '@patchbay/kit'
import { activeStates, type Connection, inactiveStates } from '../../ports/connections.ts'
import type { Integration } from '../../ports/directory.ts'
import type { Slot } from '../../ports/schedule.ts'
import type { Deps, Setting } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'
import { offeredStreams } from './scopes.ts'
import { putSlots } from './slots.ts'

/**
 * Puts into the schedule what is missing there of connections that work: a stream that came with a newer version or with another setting of the app,
 * one that is declared to be read more or less often than it was, and what a process left behind that died between two steps. What stands still for a
 * reason of its own stays so.
 */
export async function runMendSlots(
  deps: Pick<Deps, 'clock' | 'connections' | 'directory' | 'log' | 'schedule'>,
  setting: Pick<Setting, 'providers'>,
  signal?: AbortSignal,
): Promise<void> {
  await inEachEnvironment(
    deps,
    await deps.directory.environments(),
    'connect.slots_not_mended',
    ({ id }) => mendEnvironment(deps, setting, id, signal),
    signal,
  )
}

async function mendEnvironment(
  deps: Pick<Deps, 'clock' | 'connections' | 'directory' | 'log' | 'schedule'>,
  setting: Pick<Setting, 'providers'>,
  environmentId: string,
  signal?: AbortSignal,
): Promise<void> {
  const providers = await setting.providers.in(environmentId)
  const integrations = new Map((await deps.directory.integrations(environmentId)).map((one) => [one.id, one]))
  let after: string | undefined
  do {
    if (signal?.aborted) return
    const page = await deps.connections.list(environmentId, { limit: pageSize, after })
    after = page.length < pageSize ? undefined : page.at(-1)!.id
    const working = page.filter(({ state }) => activeStates.includes(state))
    const slots = await deps.schedule.of(
      environmentId,
      working.map(({ id }) => id),
    )
    const byConnection = Map.groupBy(slots, ({ connectionId }) => connectionId)
    for (const connection of working) {
      const integration = integrations.get(connection.integrationId)
      if (integration) await mend(deps, providers, integration, connection, byConnection.get(connection.id) ?? [])
    }
  } while (after !== undefined)
}

async function mend(
  deps: Pick<Deps, 'clock' | 'log' | 'schedule'>,
  providers: ReadonlyMap<string, Provider>,
  integration: Integration,
  connection: Connection,
  slots: readonly Slot[],
): Promise<void> {
  const provider = providers.get(connection.provider)
  if (!provider) return
  // Blocked because the connection was not to be read: of one that is, nobody took that back.
  const standing = new Map(
    slots.filter(({ blocked }) => !inactiveStates.has(blocked ?? '')).map((slot) => [slot.stream, slot]),
  )
  const streams = offeredStreams(provider, integration).flatMap(([name, { every }]) => {
    const slot = standing.get(name)
    if (!slot) return [name]
    // Putting it works out missing permissions anew, and takes back every other reason.
    const mayBePut = slot.blocked === null || slot.blocked === 'missing_scope'
    return mayBePut && slot.everyMs !== parseDuration(every) ? [name] : []
  })
  if (streams.length === 0) return
  await putSlots(deps, provider, integration, connection, deps.clock.now(), streams)
  const { environmentId, id } = connection
  deps.log.info('connect.slots_mended', { environmentId, connectionId: id, provider: provider.id, streams })
}

const pageSize = 200
