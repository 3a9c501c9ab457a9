import { type Account, Fault, type Identity } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Connection, ConnectionState } from '../../ports/connections.ts'
import type { Grant } from '../../ports/grants.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { chooseAccounts, isSameAccount } from './choose-accounts.ts'
import { connectionEvent, connectionsOf, markWorking, sameScopes, workingState } from './connection-states.ts'
import type { Consent } from './consent.ts'
import type { TokenPlace } from './exchange.ts'
import { permissionTask } from './person-tasks.ts'
import { missingScopes } from './scopes.ts'
import { putSlots } from './slots.ts'
import { storeGrant } from './store-grant.ts'

export interface Settlement {
  readonly place: TokenPlace
  readonly profileId: string
  readonly inputs: Readonly<Record<string, string>>
  readonly reconnect: Connection | null
  readonly identity: Identity
  readonly consent: Consent
  /** Under which id calls were made while the accounts were found out. */
  readonly grantId: string
  readonly actor: Actor
}

/**
 * Stores a consent and makes its connections, or renews those that are there: the same id, history and place. A person has one grant at an
 * integration (F64): a later consent gives its tokens to the grant that exists, and all its connections profit.
 */
export async function settleConsent(
  deps: Deps,
  setting: Setting,
  vault: Vault,
  settlement: Settlement,
): Promise<{ connections: Connection[]; reconnected: boolean }> {
  const { place, reconnect, identity, inputs } = settlement
  const { environment } = place
  const before = reconnect && (await deps.grants.read(environment.id, reconnect.grantId))
  const accounts = chooseAccounts(identity, inputs, reconnect && { connection: reconnect, grant: before })
  if (reconnect) await refuseTaken(deps, reconnect, accounts)
  const grant = await storeGrant(deps, vault, settlement, before)

  const connections: Connection[] = []
  const replaced = new Set<string>()
  for (const account of accounts) {
    const { connection, existing } = reconnect
      ? { connection: reconnect, existing: true }
      : await makeConnection(deps, settlement, grant, account)
    if (connection.grantId !== grant.id) replaced.add(connection.grantId)
    const renewed = { ...connection, account, inputs: { ...connection.inputs, ...inputs } }
    connections.push(existing ? await renew(deps, setting, settlement, grant, renewed) : connection)
  }
  await renewOthers(deps, setting, settlement, grant, connections)
  for (const id of replaced) await retireReplaced(deps, settlement, id)
  return { connections, reconnected: reconnect !== null }
}

/** An account that goes under another id now, which another connection of the profile has: it is not to be had twice. */
async function refuseTaken(deps: Deps, reconnect: Connection, accounts: readonly Account[]): Promise<void> {
  const [account] = accounts
  if (!account || account.id === reconnect.account.id) return
  const { environmentId, profileId: profile, integrationId: integration } = reconnect
  const [taken] = await deps.connections.list(environmentId, { profile, integration, account: account.id, limit: 1 })
  if (taken)
    throw new Fault(
      'connection.mismatch',
      `The platform calls this account ${account.handle ?? account.name} now, and another connection of the profile has it already. Disconnect this one.`,
      { expected: reconnect.account.id },
    )
}

/** Makes the connection of an account by that grant and puts its streams into the schedule; or finds the one that the profile has, as it is. */
async function makeConnection(
  deps: Deps,
  settlement: Pick<Settlement, 'place' | 'profileId' | 'inputs' | 'actor'>,
  grant: Grant,
  account: Account,
): Promise<{ connection: Connection; existing: boolean }> {
  const { place, profileId, inputs } = settlement
  const at = deps.clock.now()
  const missing = missingScopes(place.provider, place.integration, grant.scopes)
  const working = workingState({ missingScopes: missing })
  const fresh: Connection = {
    id: deps.random.id('con'),
    environmentId: place.environment.id,
    profileId,
    provider: place.provider.id,
    integrationId: place.integration.id,
    grantId: grant.id,
    account,
    inputs,
    // Nothing was read yet, unless it is clear already that not all can be.
    state: working.to === 'degraded' ? 'degraded' : 'pending',
    reason: working.reason,
    missingScopes: missing,
    stateAt: at,
    createdAt: at,
  }
  const existing = (await findMoved(deps, fresh)) ?? (await create(deps, settlement, fresh))
  if (existing) return { connection: existing, existing: true }
  await putSlots(deps, place.provider, place.integration, fresh, at)
  return { connection: fresh, existing: false }
}

/** The connection of the account under the id that it had before, where the profile has none under the one that it has now. */
async function findMoved(deps: Deps, { environmentId, profileId, integrationId, account }: Connection) {
  const own = { profile: profileId, integration: integrationId }
  const ids = [account.id, ...(account.otherIds ?? [])]
  const [named, bearing] = await Promise.all([
    deps.connections.list(environmentId, { ...own, accounts: ids, limit: ids.length }),
    deps.connections.list(environmentId, { ...own, otherId: account.id, limit: 1 }),
  ])
  if (named.some((other) => other.account.id === account.id)) return null
  return [...named, ...bearing].find((other) => isSameAccount(other.account, account)) ?? null
}

/** The same by a grant that is in use already. One that waits for a consent has one here; any other stays as it is. */
export async function attachAccount(
  deps: Deps,
  setting: Setting,
  settlement: Pick<Settlement, 'place' | 'profileId' | 'inputs' | 'actor'>,
  grant: Grant,
  account: Account,
): Promise<{ connection: Connection; existing: boolean }> {
  const { connection, existing } = await makeConnection(deps, settlement, grant, account)
  const waits = existing && (connection.state === 'needs_reauth' || connection.state === 'revoked')
  if (!waits) return { connection, existing }
  return { connection: await renew(deps, setting, settlement, grant, connection), existing: false }
}

/** The connection that stood there already, or null when the new one was made. */
async function create(
  deps: Deps,
  { place, actor }: Pick<Settlement, 'place' | 'actor'>,
  connection: Connection,
): Promise<Connection | null> {
  const { provider, integration } = place
  const { missingScopes: missing } = connection
  const made = await deps.connections.create(connection, {
    at: connection.createdAt,
    actor,
    events: [
      connectionEvent(deps, 'connection.created', connection, missing.length > 0 ? { missingScopes: missing } : {}),
    ],
    audit: [{ id: deps.random.id('aud'), action: 'connection.created', subject: connection.id }],
    openTasks: missing.length > 0 ? [await permissionTask(deps, provider, integration, connection, missing)] : [],
  })
  return made.created ? null : made.exists
}

const renewable: readonly ConnectionState[] = ['needs_reauth', 'revoked', 'degraded', 'healthy']

async function renew(
  deps: Deps,
  setting: Setting,
  settlement: Pick<Settlement, 'place' | 'actor'>,
  grant: Grant,
  connection: Connection,
) {
  const options = { actor: settlement.actor, from: renewable, type: 'connection.reconnected' } as const
  const renewed = await markWorking(deps, setting, settlement.place.integration, grant, connection, options)
  const at = deps.clock.now()
  await deps.schedule.wake(connection.environmentId, connection.id, { lane: 'interactive', at })
  return renewed
}

/** Other connections of the same grant have the new tokens, and the new permissions, too. */
async function renewOthers(
  deps: Deps,
  setting: Setting,
  settlement: Settlement,
  grant: Grant,
  done: readonly Connection[],
) {
  const known = new Set(done.map(({ id }) => id))
  for (const other of await connectionsOf(deps, grant)) {
    if (known.has(other.id)) continue
    const waits = other.state === 'needs_reauth' || other.state === 'revoked'
    const missing = missingScopes(settlement.place.provider, settlement.place.integration, grant.scopes)
    if (waits) await renew(deps, setting, settlement, grant, other)
    else if (sameScopes(missing, other.missingScopes)) await closeWarning(deps, settlement, other)
    else {
      const options = {
        actor: settlement.actor,
        from: ['healthy', 'degraded', 'pending'],
        type: 'connection.scopes_changed',
      } as const
      await markWorking(deps, setting, settlement.place.integration, grant, other, options)
    }
  }
}

/** What its owner was asked to do in time is done. */
async function closeWarning(deps: Deps, { actor }: Settlement, { environmentId, id }: Connection): Promise<void> {
  const along = { at: deps.clock.now(), actor, closeTasks: [{ connectionId: id, kind: 'reconnect' }] }
  await deps.journal.note(environmentId, along)
}

/** The grant that a connection had before. The provider may count its tokens as the same consent, so they are dropped and not given back. */
async function retireReplaced(deps: Deps, { place, actor }: Settlement, grantId: string): Promise<void> {
  const before = await deps.grants.read(place.environment.id, grantId)
  if (!before || before.state === 'revoked' || (await connectionsOf(deps, before)).length > 0) return
  const audit = [{ id: deps.random.id('aud'), action: 'grant.replaced', subject: grantId }]
  const along = { at: deps.clock.now(), actor, audit }
  await deps.grants.forget(before.environmentId, grantId, 'revoked', along, before.generation)
}
