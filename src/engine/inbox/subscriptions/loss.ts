import { dayMs, type Json, type Provider, type WebhookSubscription } from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import type { Subscription } from '../../../ports/subscriptions.ts'
import type { Deps, Setting } from '../../deps.ts'
import { inEachEnvironment } from '../../in-each-environment.ts'
import { readEvents } from '../read-message.ts'

type Needs = Pick<Deps, 'clock' | 'directory' | 'inbox' | 'log' | 'records' | 'subscriptions'>

/** What a platform told of beside what reading found. */
export interface Loss {
  readonly provider: string
  readonly from: Instant
  readonly to: Instant
  readonly found: number
  readonly told: number
  /** Null where there was nothing to tell. */
  readonly loss: number | null
  readonly missed: readonly { readonly connectionId: string; readonly item: string }[]
}

/** Two weeks, but for the last day: a message may come late, and so may a reading. */
const [comparedMs, lateMs] = [14 * dayMs, dayMs]
/** Subscriptions of a platform that are compared, by id; items and messages of each; and how many of what was missed are named. */
const [mostSubscriptions, mostItems, mostMessages, mostMissed] = [2_000, 200, 1_000, 20]

/**
 * How much of what reading found a platform should have told of and did not (F75): items that were published while it was subscribed to. Only kinds
 * of events whose items are read too can be compared; platforms without any are left out.
 */
export async function lossOf(deps: Needs, setting: Setting, environmentId: string): Promise<Loss[]> {
  const losses: Loss[] = []
  for (const provider of (await setting.providers.in(environmentId)).values()) {
    const announces = provider.webhooks?.subscription?.announces
    if (announces) losses.push(await lossAt(deps, environmentId, provider, announces))
  }
  return losses
}

/** The same by the day for everybody who watches the log. */
export async function runLoss(deps: Needs, setting: Setting, signal?: AbortSignal): Promise<void> {
  const tellOf = async ({ id: environmentId }: { id: string }) => {
    for (const { provider, found, told, loss } of await lossOf(deps, setting, environmentId))
      if (loss !== null)
        deps.log[loss > 0.05 ? 'warn' : 'info']('webhooks.loss', { environmentId, provider, found, told, loss })
  }
  await inEachEnvironment(deps, await deps.directory.environments(), 'webhooks.loss_unknown', tellOf, signal)
}

type Announces = NonNullable<WebhookSubscription['announces']>

async function lossAt(deps: Needs, environmentId: string, provider: Provider, announces: Announces): Promise<Loss> {
  const now = deps.clock.now()
  const [from, to] = [now - comparedMs, now - lateMs]
  let [found, told] = [0, 0]
  const missed: { connectionId: string; item: string }[] = []
  for (const row of await subscriptionsOf(deps, environmentId, provider.id)) {
    const items = await itemsOf(deps, environmentId, row, from, to)
    if (items.length === 0) continue
    const announced = await announcedTo(deps, row, provider, announces, from)
    for (const item of items) {
      found++
      if (announced.has(item)) told++
      else if (missed.length < mostMissed) missed.push({ connectionId: row.connectionId, item })
    }
  }
  const loss = found === 0 ? null : (found - told) / found
  return { provider: provider.id, from, to, found, told, loss, missed }
}

async function subscriptionsOf(deps: Needs, environmentId: string, provider: string): Promise<Subscription[]> {
  const rows: Subscription[] = []
  for (let after: string | undefined; rows.length < mostSubscriptions; after = rows.at(-1)!.id) {
    const page = await deps.subscriptions.list(environmentId, { limit: 200, after, provider })
    rows.push(...page)
    if (page.length < 200) break
  }
  return rows.filter(({ wanted, confirmedAt }) => wanted && confirmedAt !== null)
}

/** What was published since it was asked for: of older things nothing was to be told. */
async function itemsOf(
  deps: Needs,
  environmentId: string,
  row: Subscription,
  from: Instant,
  to: Instant,
): Promise<string[]> {
  const items = await deps.records.items(environmentId, { connections: [row.connectionId], limit: mostItems })
  const since = Math.max(from, row.createdAt)
  return items.flatMap(({ id, publishedAt, status }) => {
    // Of what only its owner sees nothing is told.
    if (status === 'private') return []
    const at = publishedAt == null ? Number.NaN : Date.parse(publishedAt)
    return at > since && at <= to ? [id] : []
  })
}

/** Ids of the items that messages about the account named. */
async function announcedTo(
  deps: Needs,
  { environmentId, integrationId, account }: Subscription,
  provider: Provider,
  announces: Announces,
  from: Instant,
): Promise<ReadonlySet<string>> {
  const named = new Set<string>()
  for (const [type, itemOf] of Object.entries(announces)) {
    const query = { integrationId, accounts: [account], type, from, limit: mostMessages }
    for (const { headers, body } of await deps.inbox.list(environmentId, query))
      for (const event of readEvents(provider.webhooks!, headers, body) ?? [])
        if (event.type === type && event.account === account) {
          const item = itemOf(event.data as Json)
          if (item !== null) named.add(item)
        }
  }
  return named
}
