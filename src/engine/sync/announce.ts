import { dayMs } from '@patchbay/kit'
import type { Along, NewEvent } from '../../ports/along.ts'
import type { Instant } from '../../ports/clock.ts'
import type { Connection } from '../../ports/connections.ts'
import type { Change, Place } from '../../ports/records.ts'
import type { Deps } from '../deps.ts'

/** What is still to be told about one connection's walk. */
export interface News {
  readonly connection: Connection
  readonly stream: string
  readonly runId: string
  /** Nothing was read of it before: what is found now was not published now. */
  readonly isFirst: boolean
  /** Something changed in this run that `metrics.updated` has not told yet. */
  changed: boolean
  /** An earlier run of the same walk may have changed something and stopped before it could tell. Then the end of the walk tells in any case. */
  resumed: boolean
}

export function newsOf(connection: Connection, place: Place, runId: string): News {
  const { stream, cursor, checkpoint, savedAt } = place
  const isFirst = savedAt === null || (checkpoint !== null && cursor === null)
  return { connection, stream, runId, isFirst, changed: false, resumed: checkpoint !== null }
}

/** An item that is older was found late, not published now. */
const newForMs = 30 * dayMs

/**
 * The events of one save, made inside its transaction: each change is told, and `metrics.updated` once a run, with the page that ends it. May be
 * called twice for the same save.
 */
export function announce(
  { random }: Pick<Deps, 'random'>,
  news: ReadonlyMap<string, News>,
  changes: readonly Change[],
  ended: readonly string[],
  at: Instant,
): Along {
  for (const { connectionId, inserted, restated } of changes)
    if (inserted + restated > 0) news.get(connectionId)!.changed = true
  return {
    at,
    actor: 'schedule',
    events: [
      ...changes.flatMap((change) => eventsOf(random, news.get(change.connectionId)!, change, at)),
      ...ended
        .map((id) => news.get(id)!)
        .filter(({ changed, resumed }) => changed || resumed)
        .map((one) => updatedEvent(random, one)),
    ],
  }
}

/** A walk that stopped before its last page has changed something all the same. */
export async function tellTheRest(
  deps: Pick<Deps, 'clock' | 'random' | 'journal'>,
  environmentId: string,
  news: ReadonlyMap<string, News>,
): Promise<void> {
  const events = [...news.values()].filter(({ changed }) => changed).map((one) => updatedEvent(deps.random, one))
  if (events.length > 0) await deps.journal.note(environmentId, { at: deps.clock.now(), actor: 'schedule', events })
}

const updatedEvent = (random: Deps['random'], { connection, stream, runId }: News): NewEvent =>
  eventOf(random, 'metrics.updated', connection, { stream, run: runId })

function eventsOf(
  random: Deps['random'],
  news: News,
  { replaced, newItems, removedItems }: Change,
  at: Instant,
): NewEvent[] {
  const { connection, stream, runId, isFirst } = news
  const restated = { stream, run: runId, count: replaced.length, values: replaced.slice(0, 20) }
  const published = newItems.filter((item) => !isFirst && isNew(item.publishedAt, at))
  return [
    ...(replaced.length > 0 ? [eventOf(random, 'metric.restated', connection, restated)] : []),
    ...published.map(({ id, kind, title, url, publishedAt }) =>
      eventOf(random, 'item.published', connection, {
        stream,
        run: runId,
        item: { id, kind, title, url, publishedAt },
      }),
    ),
    ...(removedItems.length > 0
      ? [eventOf(random, 'item.removed', connection, { stream, run: runId, items: removedItems })]
      : []),
  ]
}

const isNew = (publishedAt: string | undefined, at: Instant) =>
  publishedAt === undefined || !(Date.parse(publishedAt) < at - newForMs)

const eventOf = (
  random: Deps['random'],
  type: string,
  { id, profileId, provider }: Connection,
  data: Record<string, unknown>,
): NewEvent => ({
  id: random.id('evt'),
  type,
  connectionId: id,
  profileId,
  data: { connection: id, profile: profileId, provider, ...data },
})
