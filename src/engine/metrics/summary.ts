import { addDays, dayOf, daysBetween, Fault, metrics, type Provider } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { StoredObservation } from '../../ports/records.ts'
import type { Slot } from '../../ports/schedule.ts'
import type { Deps, Setting } from '../deps.ts'
import { type Badge, freshnessOf } from './freshness.ts'
import { type Growth, growthOf } from './growth.ts'
import { definitionOf, goesOn } from './point.ts'
import { readLatest } from './read-latest.ts'
import { whyNoTotal } from './refusals.ts'
import { addUp, areOnSeveral, gives, onePerAccount, type Part, partOf, reads, type Sum } from './totals.ts'

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
    readNewest(deps, environmentId, ids),
    readDays(deps, environmentId, ids, addDays(dayOf(now), -Math.ceil(growthDays * 1.5) - 3)),
    deps.schedule.of(environmentId, ids),
  ])
  const days = Map.groupBy(history, seriesOf)
  const accounts = connections.map((connection) => summarize(connection, { latest, days, slots, now }, providers))
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

type Reading = Pick<Deps, 'records' | 'clock'>

/** More rows than this are not read at once: of all accounts, and of one. */
const mostLatest = 10_000
const mostDays = 100_000
const mostOfOne = 5_000

const isWhole = ({ dimensions }: StoredObservation) => Object.keys(dimensions).length === 0

/** Where it is cut, accounts are read one by one: numbers that are split by much would otherwise take the place of other accounts' numbers. */
async function readNewest(deps: Reading, environmentId: string, ids: readonly string[]): Promise<StoredObservation[]> {
  const all = await readLatest(deps, environmentId, ids, { limit: mostLatest })
  if (all.length <= mostLatest) return all.filter(isWhole)
  const found: StoredObservation[] = []
  for (const id of ids) {
    const own = await readLatest(deps, environmentId, [id], { limit: mostOfOne })
    if (own.length <= mostOfOne) found.push(...own.filter(isWhole))
    else
      for (const metric of Object.keys(metrics))
        found.push(...(await readLatest(deps, environmentId, [id], { metrics: [metric], limit: 1 })).filter(isWhole))
  }
  return found
}

/** All days of each number: growth up to the day where they were cut would look like growth up to now. */
async function readDays(
  { records, clock }: Reading,
  environmentId: string,
  connections: readonly string[],
  from: string,
): Promise<StoredObservation[]> {
  const wanted = { metrics: [], from }
  const all = await records.series(environmentId, { ...wanted, connections, limit: mostDays })
  if (all.length < mostDays) return all.filter(isWhole)
  const found: StoredObservation[] = []
  // Days without dimensions come before those that are split by some, and there is one of each.
  const days = daysBetween(from, dayOf(clock.now())) + 3
  for (const connectionId of connections) {
    const own = await records.series(environmentId, { ...wanted, connections: [connectionId], limit: mostOfOne })
    if (own.length < mostOfOne) found.push(...own.filter(isWhole))
    else
      for (const metric of Object.keys(metrics))
        found.push(...(await records.scan(environmentId, { connectionId, metric, from, limit: days })).filter(isWhole))
  }
  return found
}

/** What two accounts or more have. Where adding is refused the reason stands in the place of the number, so that nobody adds by hand. */
function addAccounts(
  connections: readonly Connection[],
  rows: ReadonlyMap<string, readonly StoredObservation[]>,
  { providers, slots }: { providers: ReadonlyMap<string, Provider>; slots: readonly Slot[] },
): Together[] {
  const found = new Set([...rows.values()].flatMap((its) => its.map(({ metric }) => metric)))
  const own = Map.groupBy(slots, ({ connectionId }) => connectionId)
  const slotsOf = ({ id }: Connection) => own.get(id) ?? []
  return [...found].sort().flatMap((metric): Together[] => {
    const accounts = onePerAccount(connections, (one) => reads(providers, one, metric, slotsOf(one)))
    const parts = accounts.flatMap((connection) => {
      const row = rows.get(connection.id)?.find((one) => one.metric === metric)
      return row || gives(providers, connection, metric, slotsOf(connection)) ? [partOf(connection, row)] : []
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
    days: DaysOfSeries
    slots: readonly Slot[]
    now: number
  },
  providers: ReadonlyMap<string, Provider>,
): AccountSummary & { rows: readonly StoredObservation[] } {
  const { account } = connection
  const mine = read.latest
    .filter((row) => row.connectionId === connection.id)
    .map((row) => lastWorkedOut(row, read.days))
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
      change: goesOn(row, read.now)
        ? { value: null, reason: 'not_over', since: null }
        : growthOf(
            daysOf(row, read.days).filter(({ day }) => day <= row.day),
            growthDays,
          ),
    })),
    notOffered: { ...providers.get(connection.provider)?.notOffered },
  }
}

type DaysOfSeries = ReadonlyMap<string, readonly StoredObservation[]>

const seriesOf = ({ connectionId, metric }: StoredObservation) => `${connectionId} ${metric}`
const daysOf = (row: StoredObservation, days: DaysOfSeries) => days.get(seriesOf(row)) ?? []

/** A platform that is late says so with a null: what it said last is shown instead, on its own day. */
function lastWorkedOut(row: StoredObservation, days: DaysOfSeries): StoredObservation {
  if (row.reason !== 'not_ready') return row
  return daysOf(row, days).findLast(({ reason }) => reason !== 'not_ready') ?? row
}
