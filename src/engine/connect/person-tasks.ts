import { dayMs, type FixedBy, type Provider } from '@patchbay/kit'
import type { NewTask, TaskKind } from '../../ports/along.ts'
import type { Instant } from '../../ports/clock.ts'
import { activeStates, type Connection, type ConnectionState } from '../../ports/connections.ts'
import type { Integration } from '../../ports/directory.ts'
import type { Deps } from '../deps.ts'
import type { EndingClock } from './grant-end.ts'
import { type ReauthCause, reasons } from './reasons.ts'
import { offeredStreams } from './scopes.ts'
import { blockedStreams } from './slots.ts'

type Needs = Pick<Deps, 'clock' | 'random' | 'connections'>

/** Who does what is asked. */
export const taskFixedBy = {
  reconnect: 'owner',
  grant_permission: 'owner',
  set_up: 'operator',
  repair_channel: 'operator',
  check_numbers: 'operator',
  check_account: 'owner',
  prepare_change: 'operator',
  replay_messages: 'operator',
  repair_endpoint: 'operator',
} as const satisfies Record<TaskKind, FixedBy>

/** What a person is asked to do about a connection that needs a new consent: within a week, and all of it stands still meanwhile. */
export async function reconnectTask(
  deps: Needs,
  provider: Provider,
  connection: Connection,
  cause: ReauthCause,
): Promise<NewTask> {
  return {
    id: deps.random.id('tsk'),
    kind: 'reconnect',
    connectionId: connection.id,
    title: `Connect ${accountName(connection)} on ${provider.name} again`,
    description: `${reasons[cause].says} Until then nothing new is read; what was read stays. Send the owner a reconnect link: the connection keeps its id, its history and its place.`,
    category: 'connection',
    priority: 'high',
    impact: impactOf({ share: 1, others: await othersOf(deps, connection) }),
    dueAt: inDays(deps, 7),
  }
}

/** What a person is asked to do about access that ends in some days. `clock` says which of the platform's clocks it is. */
export function expiringTask(
  deps: Pick<Deps, 'random'>,
  provider: Provider,
  connection: Connection,
  { days, endsAt, clock }: { days: number; endsAt: Instant; clock: EndingClock },
): NewTask {
  const when = new Date(endsAt).toISOString().slice(0, 16).replace('T', ' ')
  const why = {
    dataAccess: `${provider.name} lets a consent count for so long and no longer, whatever is renewed`,
    refresh: 'what renews the access has an end that the platform does not move',
    access: 'the platform gave nothing that could renew it',
  }[clock]
  return {
    id: deps.random.id('tsk'),
    kind: 'reconnect',
    connectionId: connection.id,
    title: `Connect ${accountName(connection)} on ${provider.name} again before the access ends`,
    description: `The access that was given ends on ${when} UTC, and ${why}. Send the owner a reconnect link before that: the connection keeps its id, its history and its place, and nothing stops.`,
    category: 'connection',
    priority: days > 7 ? 'low' : days > 3 ? 'normal' : 'high',
    impact: days > 7 ? 10 : days > 3 ? 30 : days > 1 ? 50 : 70,
    dueAt: endsAt,
  }
}

/** What a person is asked to do about permissions that were not given. `streams` is what stands still, by name. */
export async function permissionTask(
  deps: Needs,
  provider: Provider,
  integration: Integration,
  connection: Connection,
  missing: readonly string[],
  streams: readonly string[] = blockedStreams(provider, integration, missing),
): Promise<NewTask> {
  const all = offeredStreams(provider, integration).length
  const summaries = streams.map((name) => provider.streams[name]?.summary ?? name)
  return {
    id: deps.random.id('tsk'),
    kind: 'grant_permission',
    connectionId: connection.id,
    title: `Give ${accountName(connection)} the missing ${missing.length === 1 ? 'permission' : 'permissions'} on ${provider.name}`,
    description: `Not given: ${missing.join(', ')}. ${streams.length > 0 ? `Because of it nothing is read of: ${summaries.join(', ')}.` : 'Everything that is read now works without.'} Send the owner a reconnect link and ask to leave every box ticked.`,
    category: 'connection',
    priority: streams.length > 0 ? 'normal' : 'low',
    impact: impactOf({ share: all === 0 ? 0 : streams.length / all, others: await othersOf(deps, connection) }),
    dueAt: streams.length > 0 ? inDays(deps, 14) : null,
  }
}

/** What a person is asked to do about an account that its platform does not show any more. `says` is how the platform puts it. */
export async function accountTask(
  deps: Needs,
  provider: Provider,
  connection: Connection,
  says: string,
): Promise<NewTask> {
  return {
    id: deps.random.id('tsk'),
    kind: 'check_account',
    connectionId: connection.id,
    title: `See what became of ${accountName(connection)} on ${provider.name}`,
    description: `${says} It may have been closed, suspended, made private or merged with another one. What was read stays. It is asked for again once a day at the least, and goes on by itself when it is back; when it is not to come back, disconnect it.`,
    category: 'connection',
    priority: 'normal',
    impact: impactOf({ share: 1, others: await othersOf(deps, connection) }),
    dueAt: inDays(deps, 14),
  }
}

/** What the operator is asked to do about an app that its platform refuses. `says` is what is wrong. */
export async function setUpTask(deps: Needs, integration: Integration, says: string): Promise<NewTask> {
  const { environmentId, id, name } = integration
  const [own, all] = await Promise.all([
    deps.connections.count(environmentId, { integration: id }).then(liveOf),
    deps.connections.count(environmentId).then(liveOf),
  ])
  return {
    id: deps.random.id('tsk'),
    kind: 'set_up',
    subject: id,
    title: `Put the ${name} app in order`,
    description: `${says} Nothing is wrong with the accounts: ${own === 0 ? 'none can be connected until then' : `${own === 1 ? 'the one connection goes' : `all ${own} connections go`} on by themselves afterwards`}. Compare the app’s id, secret and settings with what the platform shows for it.`,
    category: 'setup',
    priority: 'high',
    impact: impactOf({ share: all === 0 ? 0 : own / all, others: 0 }),
    dueAt: inDays(deps, 2),
  }
}

/** What the operator is asked to do about something that the platform announces the end of. `at` is when, where it says so. */
export function changeTask(
  { clock, random }: Pick<Deps, 'clock' | 'random'>,
  { id, name }: Integration,
  { place, at }: { place: string; at: Instant | null },
): NewTask {
  const days = at === null ? null : Math.floor((at - clock.now()) / dayMs)
  const when = at === null ? 'It names no day.' : `It ends on ${new Date(at).toISOString().slice(0, 10)}.`
  return {
    id: random.id('tsk'),
    kind: 'prepare_change',
    subject: id,
    title: `${name} will stop answering ${place}`,
    description: `The platform announces the end of something that is read here: ${place}. ${when} Look for a version of Patchbay that does without, or change the definition where the platform is your own. It is said again as long as the platform says so.`,
    category: 'setup',
    priority: days === null || days > 90 ? 'low' : days > 14 ? 'normal' : 'high',
    impact: days === null || days > 90 ? 10 : days > 14 ? 40 : 80,
    dueAt: at,
  }
}

const liveOf = ({ disconnected: _, ...live }: Partial<Record<ConnectionState, number>>): number =>
  Object.values(live).reduce((sum, count) => sum + count, 0)

/**
 * How much it hurts, 0–100: the share of the streams that stand still, counted in full where the profile has nothing else that is read, and with six
 * tenths where it has much else.
 */
export function impactOf({ share, others }: { share: number; others: number }): number {
  return Math.max(5, Math.round(100 * share * (0.6 + 0.4 / (1 + others))))
}

/** How many other connections of the profile are read. */
async function othersOf(deps: Pick<Deps, 'connections'>, connection: Connection): Promise<number> {
  const { environmentId, profileId, id } = connection
  const all = await deps.connections.list(environmentId, { profile: profileId, limit: 100 })
  return all.filter((other) => other.id !== id && activeStates.includes(other.state)).length
}

/** What a person calls an account. */
export const accountName = ({ account }: Connection): string => account.handle ?? account.name
const inDays = ({ clock }: Pick<Deps, 'clock'>, days: number): Instant => clock.now() + days * dayMs
