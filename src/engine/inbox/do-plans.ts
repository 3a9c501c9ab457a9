import { hour, minute, second } from '@patchbay/kit'
import type { NewEvent } from '../../ports/along.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Message, MessageEffects, MessageOutcome } from '../../ports/inbox.ts'
import type { TypedRecordChange } from '../../ports/typed-records.ts'
import { connectionEvent } from '../connect/connection-states.ts'
import type { TokenPlace } from '../connect/exchange.ts'
import type { Deps } from '../deps.ts'
import { faultOf } from '../fault-of.ts'
import { checkAccessLater } from './check-access.ts'
import type { Attribution, Plan } from './plan-message.ts'

export interface DoParts {
  readonly deps: Deps
  /** Something was made due. */
  readonly woken: (connectionIds: readonly string[]) => void
  /** Ends a connection and deletes everything of it. */
  readonly erase: (connection: Connection) => Promise<void>
}

/**
 * Does what several messages of one app ask for, together: one statement for all records, one for all streams. Each part may be done again: records are
 * kept by their keys, a stream that is due already stays so, what is asked about once more answers the same. So a process that dies in between leaves
 * nothing to tidy up. Throws when something could not be done.
 */
export async function doPlans(
  parts: DoParts,
  place: TokenPlace,
  plans: readonly Plan[],
  attribution: Attribution,
): Promise<MessageOutcome[]> {
  const { deps } = parts
  const environmentId = place.environment.id
  const changed = await saveRecords(parts, environmentId, plans, attribution)
  const wakes = [
    ...new Map(
      plans.flatMap((plan) => plan.wakes).map((wake) => [`${wake.connectionId} ${wake.stream}`, wake] as const),
    ).values(),
  ]
  if (wakes.length > 0) {
    await deps.schedule.wakeAll(environmentId, wakes, {
      lane: 'webhook',
      at: deps.clock.now(),
      apartMs: readingsApartMs,
    })
    parts.woken(wakes.map(({ connectionId }) => connectionId))
  }
  for (const { checks, message } of plans)
    for (const connection of checks) await checkAccessLater(deps, connection, message.id)
  for (const { erases } of plans) for (const connection of erases) await parts.erase(connection)
  return plans.map((plan) => outcomeOf(plan, changed.get(plan.message.id) ?? 0, deps.clock.now()))
}

/** Returns how many changed because of each message. */
async function saveRecords(
  { deps }: DoParts,
  environmentId: string,
  plans: readonly Plan[],
  attribution: Attribution,
): Promise<ReadonlyMap<string, number>> {
  const records = plans.flatMap((plan) => plan.records.map((record) => ({ ...record, id: deps.random.id('rec') })))
  const connections = new Map([...attribution.values()].flat().map((connection) => [connection.id, connection]))
  let changed = new Map<string, number>()
  for (let from = 0; from < records.length; from += atOnce) {
    let now = new Map<string, number>()
    await deps.typedRecords.save(environmentId, records.slice(from, from + atOnce), {
      at: deps.clock.now(),
      of(changes) {
        now = new Map()
        for (const { record } of changes) now.set(record.messageId, (now.get(record.messageId) ?? 0) + 1)
        return {
          at: deps.clock.now(),
          actor: 'webhook',
          events: changes.map((change) => told(deps, connections, change)),
        }
      },
    })
    changed = new Map([...changed, ...[...now].map(([id, count]) => [id, count + (changed.get(id) ?? 0)] as const)])
  }
  return changed
}

/** Thin: whoever wants to know what it says asks for it. */
function told(
  deps: Pick<Deps, 'random'>,
  connections: ReadonlyMap<string, Connection>,
  { was, record }: TypedRecordChange,
): NewEvent {
  const type = record.removed ? 'record.removed' : `record.${was}`
  const { kind, key, id } = record
  return connectionEvent(deps, type, connections.get(record.connectionId)!, { record: id, kind, key })
}

function outcomeOf(plan: Plan, records: number, now: number): MessageOutcome {
  const { message, wakes, checks, erases, strangers, unknown, broken } = plan
  const effects: MessageEffects = {
    woken: wakes.slice(0, 100).map(({ connectionId, stream }) => ({ connection: connectionId, stream })),
    records,
    checked: checks.map(({ id }) => id),
    erased: erases.map(({ id }) => id),
  }
  const ended = { id: message.id, attempts: message.attempts, dueAt: message.dueAt, processedAt: now, effects }
  if (broken !== null) return { ...ended, state: 'failed', fault: 'provider.changed', says: broken }
  const why = [
    strangers.length > 0
      ? `Nobody has connected ${listed('the account', 'the accounts', strangers)} through this app.`
      : null,
    unknown.length > 0
      ? `Nothing is declared for ${listed('events of the type', 'events of the types', unknown)}.`
      : null,
  ].filter((one) => one !== null)
  if (why.length === 0) return { ...ended, state: 'processed', fault: null, says: null }
  return { ...ended, state: 'unmatched', fault: null, says: why.join(' ') }
}

function listed(one: string, many: string, names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return `${names.length === 1 ? one : many} ${shown}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
}

/** What becomes of a message that could not be worked through: another try, later and later, and in the end a person is asked. */
export function retryOf(message: Message, error: unknown, now: number): MessageOutcome {
  const fault = faultOf(error)
  const attempts = message.attempts + 1
  const waitMs = waitsMs[message.attempts]
  const shared = { id: message.id, attempts, fault: fault.code, says: fault.message, effects: null }
  return waitMs === undefined
    ? { ...shared, state: 'failed', dueAt: message.dueAt, processedAt: now }
    : { ...shared, state: 'received', dueAt: now + waitMs, processedAt: null }
}

/** What a platform tells of in a burst, such as the comments on a post that many see, is read at once and then once in five minutes. */
const readingsApartMs = 5 * minute

/** Ten hours in all: an outage of the night is over by then. */
const waitsMs = [5 * second, 30 * second, 2 * minute, 10 * minute, hour, 3 * hour, 6 * hour]
const atOnce = 500
