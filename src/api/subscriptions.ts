import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { fixSubscriptions } from '../engine/inbox/subscriptions/fix-subscriptions.ts'
import { type Loss, lossOf } from '../engine/inbox/subscriptions/loss.ts'
import { standingOf, standingSays, standings } from '../engine/inbox/subscriptions/standing.ts'
import type { Subscription } from '../ports/subscriptions.ts'
import { cutPage, idText, instant, iso, pageOf, paging, route } from './route.ts'

const subscriptionJson = z.strictObject({
  id: z.string(),
  connection: z.string(),
  integration: z.string(),
  provider: z.string(),
  /** The platform's account that it is about, and what the subscription is called there. */
  account: z.string(),
  topic: z.string(),
  /** Kinds of events: those that are wanted, and those of which the platform last said that it tells; null while that is not known. */
  wanted: z.array(z.string()),
  actual: z.array(z.string()).nullable(),
  standing: z.enum(standings),
  says: z.string(),
  /** When it ends unless it is renewed; null for never. */
  until: instant.nullable(),
  /** When something is done about it next. */
  nextAt: instant,
  askedAt: instant.nullable(),
  confirmedAt: instant.nullable(),
  /** When the platform was last asked how it stands; null where it cannot be asked. */
  checkedAt: instant.nullable(),
  /** How often it was found to be otherwise than it had been confirmed. */
  drifts: z.number(),
  /** How many tries failed in a row. */
  attempts: z.number(),
})

const lossJson = z.strictObject({
  provider: z.string(),
  /** Days that were compared: those whose messages have had time to come. */
  from: instant,
  to: instant,
  /** What reading found that the platform should have told of. */
  found: z.number(),
  /** Of those, how many it told of. */
  told: z.number(),
  /** The share that it did not tell of; null where there was nothing to tell. */
  loss: z.number().nullable(),
  /** Some of what was missed, by the platform's ids. */
  missed: z.array(z.strictObject({ connection: z.string(), item: z.string() })),
})

const selection = { provider: z.string().min(1).max(50).optional(), connection: idText.optional() }

/** What platforms are asked to tell of: what is wanted and how it stands. */
export function subscriptionRoutes(engine: Engine) {
  const { deps } = engine
  return [
    route({
      method: 'GET',
      path: '/v1/subscriptions',
      name: 'subscriptions.list',
      summary: 'Subscriptions at platforms, oldest first: what is wanted beside what the platform tells of',
      scope: 'messages:read',
      query: z.strictObject({ ...paging, ...selection }),
      answer: pageOf(subscriptionJson),
      handle: async ({ query, caller }) => {
        const { limit, cursor: after, provider, connection } = query
        const connections = connection === undefined ? undefined : [connection]
        const asked = { limit: limit + 1, after, provider, connections }
        const page = cutPage(await deps.subscriptions.list(caller.environment.id, asked), limit, ({ id }) => id)
        const now = deps.clock.now()
        return { ...page, data: page.data.map((row) => subscriptionToJson(row, now)) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/subscriptions/fix',
      name: 'subscriptions.fix',
      summary: 'Compare what is wanted with the connections now, and do soon what is missing at the platforms',
      scope: 'messages:write',
      body: z.strictObject(selection),
      answer: z.strictObject({ hastened: z.number() }),
      handle: async ({ body, caller }) => ({ hastened: await fixSubscriptions(engine, caller.environment.id, body) }),
    }),
    route({
      method: 'GET',
      path: '/v1/subscriptions/loss',
      name: 'subscriptions.loss',
      summary: 'How much platforms did not tell of that reading found, by platform',
      scope: 'messages:read',
      answer: z.strictObject({ data: z.array(lossJson) }),
      handle: async ({ caller }) => {
        const losses = await lossOf(deps, engine.setting, caller.environment.id)
        return { data: losses.map(lossToJson) }
      },
    }),
  ]
}

function subscriptionToJson(row: Subscription, now: number): z.infer<typeof subscriptionJson> {
  const { id, provider, account, topic, drifts, attempts } = row
  return {
    ...{ id, connection: row.connectionId, integration: row.integrationId, provider, account, topic },
    ...{ wanted: row.wanted ? [...row.kinds] : [], actual: row.actual && [...row.actual] },
    ...{ standing: standingOf(row, now), says: standingSays(row, now), drifts, attempts },
    ...{ until: iso(row.until), nextAt: iso(row.dueAt), askedAt: iso(row.askedAt) },
    ...{ confirmedAt: iso(row.confirmedAt), checkedAt: iso(row.checkedAt) },
  }
}

const lossToJson = ({ from, to, missed, ...loss }: Loss): z.infer<typeof lossJson> => ({
  ...{ ...loss, from: iso(from), to: iso(to) },
  missed: missed.map(({ connectionId, item }) => ({ connection: connectionId, item })),
})
