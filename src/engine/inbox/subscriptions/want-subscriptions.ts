import { activeStates, type Connection } from '../../../ports/connections.ts'
import type { Integration } from '../../../ports/directory.ts'
import type { WantedSubscription } from '../../../ports/subscriptions.ts'
import type { Deps, Setting } from '../../deps.ts'
import { inEachEnvironment } from '../../in-each-environment.ts'

type Needs = Pick<Deps, 'clock' | 'connections' | 'directory' | 'grants' | 'random' | 'subscriptions'>

/** Says for these connections of one environment what platforms should tell of. `again`: their owner has just consented, so nothing that was holds. */
export async function wantSubscriptions(
  deps: Needs,
  setting: Setting,
  environmentId: string,
  connections: readonly Connection[],
  options: { again?: boolean } = {},
): Promise<void> {
  const integrations = new Map((await deps.directory.integrations(environmentId)).map((one) => [one.id, one]))
  const wanted: WantedSubscription[] = []
  const unwanted: string[] = []
  for (const connection of connections) {
    const integration = integrations.get(connection.integrationId)
    const wish = await wishOf(deps, setting, integration, connection)
    if (wish === 'as it is') continue
    if (wish === null) unwanted.push(connection.id)
    else wanted.push(wish)
  }
  const now = deps.clock.now()
  await deps.subscriptions.want(environmentId, wanted, { now, again: options.again })
  if (unwanted.length > 0) await deps.subscriptions.unwant(environmentId, unwanted, now)
}

/**
 * The same for all connections, so that nothing depends on having heard of a change: a newer version that asks for more, a permission that was
 * given, an app that was switched off, a process that died after somebody disconnected.
 */
export async function runWantSubscriptions(
  deps: Needs & Pick<Deps, 'log'>,
  setting: Setting,
  signal?: AbortSignal,
): Promise<void> {
  const wantIn = async ({ id }: { id: string }) => {
    for (let after: string | undefined; !signal?.aborted; ) {
      const page = await deps.connections.list(id, { limit: pageSize, after })
      await wantSubscriptions(deps, setting, id, page)
      await endDisconnected(deps, id, after, page)
      if (page.length < pageSize) break
      after = page.at(-1)!.id
    }
  }
  await inEachEnvironment(deps, await deps.directory.environments(), 'subscription.not_wanted', wantIn, signal)
}

/** Lists of connections leave out those that are disconnected: what is subscribed and not among them is looked at by itself. */
async function endDisconnected(
  deps: Needs,
  environmentId: string,
  after: string | undefined,
  page: readonly Connection[],
): Promise<void> {
  if (after !== undefined) return
  const known = new Set(page.map(({ id }) => id))
  for (let from: string | undefined; ; ) {
    const rows = await deps.subscriptions.list(environmentId, { limit: pageSize, after: from })
    const unknown = rows.filter(({ connectionId, wanted }) => wanted && !known.has(connectionId))
    const ended: string[] = []
    for (const { connectionId } of unknown) {
      const connection = await deps.connections.read(environmentId, connectionId)
      if (!connection || isOver(connection)) ended.push(connectionId)
    }
    if (ended.length > 0) await deps.subscriptions.unwant(environmentId, ended, deps.clock.now())
    if (rows.length < pageSize) return
    from = rows.at(-1)!.id
  }
}

/** Null when there should be none. A connection that waits for its owner keeps what it has: it may be back in a moment. */
async function wishOf(
  deps: Needs,
  setting: Setting,
  integration: Integration | undefined,
  connection: Connection,
): Promise<WantedSubscription | 'as it is' | null> {
  const { environmentId, grantId, provider: id } = connection
  const subscription = (await setting.providers.in(environmentId)).get(id)?.webhooks?.subscription
  if (!subscription) return 'as it is'
  if (!integration?.enabled || isOver(connection)) return null
  if (!activeStates.includes(connection.state)) return 'as it is'
  const grant = await deps.grants.read(environmentId, grantId)
  const given = new Set(grant?.scopes)
  const kinds = Object.entries(subscription.kinds).flatMap(([kind, scope]) => {
    return scope === null || given.has(scope) ? [kind] : []
  })
  if (kinds.length === 0) return null
  return {
    ...{ id: deps.random.id('sub'), connectionId: connection.id, integrationId: integration.id, provider: id },
    ...{ account: connection.account.id, topic: subscription.topic(connection.account.id), kinds },
  }
}

const isOver = ({ state }: Connection) => state === 'disconnected' || state === 'revoked'

const pageSize = 200
