import { type Account, Fault, second } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Environment } from '../../ports/directory.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import { findPlaceIn } from './find-place.ts'
import { identifyAccounts } from './probe-account.ts'
import { attachAccount } from './settle-consent.ts'

/** The accounts that a consent reaches, of which one was connected. */
export interface GrantAccounts {
  /** Asks the provider which they are, and says which are connected already for that profile. */
  accounts(environment: Environment, connectionId: string): Promise<ReachableAccount[]>
  /** Connects more of them, by the consent that is there: nobody is asked again. Throws `connection.unsuitable` for one that it does not reach. */
  addAccounts(
    environment: Environment,
    connectionId: string,
    wish: { accounts: readonly string[]; profile?: string },
    actor: Actor,
  ): Promise<Connection[]>
}

export interface ReachableAccount {
  readonly account: Account
  readonly connectionId: string | null
}

export function openGrantAccounts(
  deps: Deps,
  setting: Setting,
  parts: { gateway: Gateway; connected?: (connections: readonly Connection[]) => void | Promise<void> },
): GrantAccounts {
  return {
    async accounts(environment, connectionId) {
      const { connection, accounts } = await ask(environment, connectionId)
      const { profileId, grantId } = connection
      const known = await deps.connections.list(environment.id, { grant: grantId, profile: profileId, limit: 500 })
      return accounts.map((account) => ({
        account,
        connectionId: known.find((one) => one.account.id === account.id)?.id ?? null,
      }))
    },

    async addAccounts(environment, connectionId, wish, actor) {
      const { connection, place, accounts } = await ask(environment, connectionId)
      const wanted = wish.accounts.map((id) => {
        const account = accounts.find((one) => one.id === id)
        if (account) return account
        throw new Fault('connection.unsuitable', `This consent does not reach the account ${id.slice(0, 80)}.`, {
          field: 'accounts',
        })
      })
      const grant = await deps.grants.read(environment.id, connection.grantId)
      if (!grant || grant.state === 'dead' || grant.state === 'revoked')
        throw new Fault('connection.expired', undefined, { provider: place.provider.id })
      const profileId = wish.profile ?? connection.profileId
      if (wish.profile !== undefined)
        await deps.directory.saveProfile({
          ...{ id: profileId, environmentId: environment.id, name: '', createdAt: deps.clock.now() },
        })
      const settlement = { place, profileId, inputs: {}, actor }
      const connections: Connection[] = []
      for (const account of wanted)
        connections.push((await attachAccount(deps, setting, settlement, grant, account)).connection)
      await parts.connected?.(connections)
      return connections
    },
  }

  async function ask(environment: Environment, connectionId: string) {
    const connection = await deps.connections.read(environment.id, connectionId)
    if (!connection) throw new Fault('input.unknown', 'There is no such connection.')
    const place = await findPlaceIn(deps, setting, environment, connection.integrationId)
    const { grantId, inputs } = connection
    const target = { ...place, grantId, connection, lane: 'interactive', runId: null, patienceMs: 15 * second } as const
    const { accounts } = await identifyAccounts(deps, parts.gateway, target, inputs)
    return { connection, place, accounts }
  }
}
