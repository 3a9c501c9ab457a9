import {
  type Connection,
  type Connections,
  connectionEdges,
  type GrantStanding,
  type Transition,
} from '../../ports/connections.ts'
import type { Grant } from '../../ports/grants.ts'
import type { AlongLog } from '../along/memory.ts'
import { join, type KeySets } from '../key-sets.ts'

/** Connections in memory. Each change is one synchronous step together with its row of history and its traces. */
export function openMemoryConnections(
  log: AlongLog,
  /** How a grant stands at this moment. */
  grantNow: (environmentId: string, id: string) => Pick<Grant, 'state' | 'generation'> | null = () => null,
): Connections {
  const environments = new Map<string, Own>()
  const of = (environmentId: string): Own => {
    const own = environments.get(environmentId) ?? {
      ...{ connections: new Map(), transitions: new Map(), ofGrant: new Map(), ofProfile: new Map() },
    }
    environments.set(environmentId, own)
    return own
  }
  /** A copy that looks like what comes back from a column of JSON. */
  const set = ({ connections, ofGrant, ofProfile }: Own, connection: Connection) => {
    const { id, grantId, profileId } = connection
    const before = connections.get(id)
    if (before && before.grantId !== grantId) ofGrant.get(before.grantId)?.delete(id)
    join(ofGrant, grantId, id)
    join(ofProfile, profileId, id)
    connections.set(id, JSON.parse(JSON.stringify(connection)) as Connection)
  }
  const note = (environmentId: string, transition: Transition) => {
    const { transitions } = of(environmentId)
    transitions.set(transition.connectionId, [...(transitions.get(transition.connectionId) ?? []), transition])
  }

  return {
    async create(connection, along) {
      const own = of(connection.environmentId)
      const { connections, ofProfile } = own
      const exists = named(connections, ofProfile.get(connection.profileId)).find((other) => isSame(other, connection))
      if (exists) return { created: false, exists }
      if (connections.has(connection.id)) throw new Error(`there already is another connection ${connection.id}`)
      set(own, connection)
      const { id, state, reason, stateAt } = connection
      note(connection.environmentId, {
        connectionId: id,
        from: null,
        to: state,
        reason,
        actor: along.actor,
        at: stateAt,
      })
      log.write(connection.environmentId, along)
      return { created: true }
    },

    async read(environmentId, id) {
      return of(environmentId).connections.get(id) ?? null
    },

    async list(environmentId, page) {
      const { after, limit, profile, provider, state, grant, integration, account, ids, accounts, otherId } = page
      const { reason, stateSince } = page
      const { connections, ofGrant, ofProfile } = of(environmentId)
      // Who names them need not look at all of them.
      const some = ids
        ? named(connections, ids)
        : grant !== undefined
          ? named(connections, ofGrant.get(grant))
          : profile !== undefined
            ? named(connections, ofProfile.get(profile))
            : [...connections.values()]
      const wanted = [...new Set(some)].filter(
        (connection) =>
          (after === undefined || connection.id > after) &&
          (profile === undefined || connection.profileId === profile) &&
          (provider === undefined || connection.provider === provider) &&
          (state === undefined ? connection.state !== 'disconnected' : connection.state === state) &&
          (grant === undefined || connection.grantId === grant) &&
          (integration === undefined || connection.integrationId === integration) &&
          (account === undefined || connection.account.id === account) &&
          (accounts === undefined || accounts.includes(connection.account.id)) &&
          (otherId === undefined || (connection.account.otherIds?.includes(otherId) ?? false)) &&
          (reason === undefined || connection.reason === reason) &&
          (stateSince === undefined || connection.stateAt >= stateSince),
      )
      return wanted.sort((one, other) => (one.id < other.id ? -1 : 1)).slice(0, limit)
    },

    async move(environmentId, id, { from, to, reason, grant, missingScopes }, along) {
      const { connections } = of(environmentId)
      const connection = connections.get(id)
      if (!connection || !from.includes(connection.state) || !connectionEdges[connection.state].includes(to))
        return false
      if (grant && (connection.grantId !== grant.id || !stands(grant, grantNow(environmentId, grant.id)))) return false
      const known = missingScopes ?? connection.missingScopes
      connections.set(id, { ...connection, state: to, reason, stateAt: along.at, missingScopes: known })
      note(environmentId, { connectionId: id, from: connection.state, to, reason, actor: along.actor, at: along.at })
      log.write(environmentId, along)
      return true
    },

    async update(environmentId, id, { grantId, account, inputs, missingScopes }, along) {
      const own = of(environmentId)
      const connection = own.connections.get(id)
      if (!connection) return
      set(own, {
        ...connection,
        grantId: grantId ?? connection.grantId,
        account: account ?? connection.account,
        inputs: inputs ?? connection.inputs,
        missingScopes: missingScopes ?? connection.missingScopes,
      })
      log.write(environmentId, along)
    },

    async transitions(environmentId, id, limit) {
      return (of(environmentId).transitions.get(id) ?? []).toReversed().slice(0, limit)
    },

    async count(environmentId, { integration } = {}) {
      const counts: Awaited<ReturnType<Connections['count']>> = {}
      for (const { state, integrationId } of of(environmentId).connections.values())
        if (integration === undefined || integrationId === integration) counts[state] = (counts[state] ?? 0) + 1
      return counts
    },
  }
}

interface Own {
  readonly connections: Map<string, Connection>
  readonly transitions: Map<string, Transition[]>
  /** Ids by grant and by profile, which are asked for with every call of an app. */
  readonly ofGrant: KeySets
  readonly ofProfile: KeySets
}

const named = (connections: ReadonlyMap<string, Connection>, ids: Iterable<string> = []) =>
  [...ids].flatMap((id) => connections.get(id) ?? [])

const stands = ({ states, generation }: GrantStanding, now: Pick<Grant, 'state' | 'generation'> | null) =>
  now !== null && states.includes(now.state) && (generation === undefined || now.generation === generation)

const isSame = (one: Connection, other: Connection) =>
  one.profileId === other.profileId &&
  one.integrationId === other.integrationId &&
  one.account.id === other.account.id &&
  one.state !== 'disconnected' &&
  other.state !== 'disconnected'
