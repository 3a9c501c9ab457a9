import { addDays, dayOf, Fault, type Provider } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { StoredObservation } from '../../ports/records.ts'
import type { Slot } from '../../ports/schedule.ts'
import type { Deps, Setting } from '../deps.ts'
import { type Badge, freshnessOf } from './freshness.ts'
import { type Growth, growthOf } from './growth.ts'
import { definitionOf } from './point.ts'
import { readLatest } from './read-latest.ts'
import { whyNoTotal } from './refusals.ts'
import { addUp, areOnSeveral, gives, onePerAccount, type Part, partOf, type Sum } from './totals.ts'

export interface ProfileSummary {
  readonly profile: { readonly id: string; readonly name: string }
  readonly accounts: readonly AccountSummary[]
  /** What several accounts have, as one number where that is one. */
  readonly together: readonly Together[]
}

export interface Together extends Omit<Sum, 'reason'> {
  readonly metric: string
  readonly unit: string
  /** Why there is no value: a word as on a null, or `not_additive`. */
  readonly reason: string | null
  /** Why it is not additive, and what can be had instead. */
  readonly says: string | null
  readonly parts: readonly Part[]
}

export interface AccountSummary {
  readonly connection: string
  readonly provider: string
  readonly account: {
    readonly id: string
    readonly name: string
    readonly handle: string | null
    readonly url: string | null
    readonly imageUrl: string | null
  }
  readonly state: string
  readonly reason: string | null
  readonly freshness: { readonly syncedAt: number | null; readonly dataAsOf: string | null; readonly badge: Badge }
  readonly metrics: readonly {
    readonly metric: string
    readonly value: number | null
    readonly reason: string | null
    readonly unit: string
    readonly day: string
    readonly provenance: string
    readonly change: Growth
  }[]
  readonly notOffered: Readonly<Record<string, string>>
}

/** How far back growth looks. */
const growthDays = 28
/** More accounts of one profile than this are not summarized, and nothing is added up then. */
const mostAccounts = 200

/** The newest account numbers of a profile on each platform. Platforms stand beside each other: one without numbers hides none of the others. */
export async function summarizeProfile(
  deps: Pick<Deps, 'directory' | 'connections' | 'records' | 'schedule' | 'clock'>,
  setting: Setting,
  environmentId: string,
  profileId: string,
): Promise<ProfileSummary> {
  const [[profile], found] = await Promise.all([
    deps.directory.profiles(environmentId, { ids: [profileId], limit: 1 }),
    deps.connections.list(environmentId, { profile: profileId, limit: mostAccounts + 1 }),
  ])
  if (!profile) throw new Fault('input.unknown', 'There is no such profile.')
  const connections = found.slice(0, mostAccounts)
  const ids = connections.map(({ id }) => id)
  const now = deps.clock.now()
  const [providers, latest, history, slots] = await Promise.all([
    setting.providers.in(environmentId),
    readLatest(deps, environmentId, ids, { limit: 10_000 }),
    deps.records.series(environmentId, {
      connections: ids,
      metrics: [],
      from: addDays(dayOf(now), -Math.ceil(growthDays * 1.5) - 3),
      limit: 100_000,
    }),
    deps.schedule.of(environmentId, ids),
  ])
  const accounts = connections.map((connection) => summarize(connection, { latest, history, slots, now }, providers))
  return {
    profile: { id: profile.id, name: profile.name },
    accounts: accounts.map(({ rows: _, ...account }) => account),
    // A total of some accounts would look like one of all.
    together:
      found.length > mostAccounts
        ? []
        : addAccounts(connections, new Map(accounts.map(({ connection, rows }) => [connection, rows])), {
            providers,
            slots,
          }),
  }
}

/** What two accounts or more have. Where adding is refused the reason stands in the place of the number, so that nobody adds by hand. */
function addAccounts(
  connections: readonly Connection[],
  rows: ReadonlyMap<string, readonly StoredObservation[]>,
  { providers, slots }: { providers: ReadonlyMap<string, Provider>; slots: readonly Slot[] },
): Together[] {
  const accounts = onePerAccount(connections)
  const found = new Set(accounts.flatMap(({ id }) => rows.get(id)?.map(({ metric }) => metric) ?? []))
  return [...found].sort().flatMap((metric): Together[] => {
    const parts = accounts.flatMap((connection) => {
      const row = rows.get(connection.id)?.find((one) => one.metric === metric)
      return row || gives(providers, connection, metric, slots) ? [partOf(connection, row)] : []
    })
    if (parts.length < 2) return []
    const about = { metric, unit: definitionOf(metric).unit, parts }
    const says = whyNoTotal(metric, areOnSeveral(parts))
    if (says !== null) return [{ ...about, value: null, known: null, reason: 'not_additive', says }]
    return [{ ...about, ...addUp(metric, parts), says: null }]
  })
}

function summarize(
  connection: Connection,
  read: {
    latest: readonly StoredObservation[]
    history: readonly StoredObservation[]
    slots: readonly Slot[]
    now: number
  },
  providers: ReadonlyMap<string, Provider>,
): AccountSummary & { rows: readonly StoredObservation[] } {
  const { account } = connection
  const mine = read.latest
    .filter((row) => row.connectionId === connection.id && Object.keys(row.dimensions).length === 0)
    .map((row) => lastWorkedOut(row, read.history))
  const freshness = freshnessOf(
    read.slots.filter(({ connectionId }) => connectionId === connection.id),
    read.now,
  )
  return {
    rows: mine,
    connection: connection.id,
    provider: connection.provider,
    account: {
      id: account.id,
      name: account.name,
      handle: account.handle ?? null,
      url: account.url ?? null,
      imageUrl: account.imageUrl ?? null,
    },
    state: connection.state,
    reason: connection.reason,
    freshness: {
      ...freshness,
      dataAsOf:
        mine
          .map(({ day }) => day)
          .sort()
          .at(-1) ?? null,
    },
    metrics: mine.map((row) => ({
      metric: row.metric,
      value: row.value,
      reason: row.reason,
      unit: definitionOf(row.metric).unit,
      day: row.day,
      provenance: row.provenance,
      change: growthOf(
        read.history.filter(
          (other) =>
            other.connectionId === row.connectionId &&
            other.metric === row.metric &&
            other.day <= row.day &&
            Object.keys(other.dimensions).length === 0,
        ),
        growthDays,
      ),
    })),
    notOffered: { ...providers.get(connection.provider)?.notOffered },
  }
}

/** A platform that is late says so with a null: what it said last is shown instead, on its own day. */
function lastWorkedOut(row: StoredObservation, history: readonly StoredObservation[]): StoredObservation {
  if (row.reason !== 'not_ready') return row
  const known = history.findLast(
    (other) =>
      other.connectionId === row.connectionId &&
      other.metric === row.metric &&
      other.reason !== 'not_ready' &&
      Object.keys(other.dimensions).length === 0,
  )
  return known ?? row
}
