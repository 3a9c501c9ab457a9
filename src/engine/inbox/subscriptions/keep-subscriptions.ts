import {
  dayMs,
  type FaultCode,
  hour,
  isFault,
  minute,
  type SubscribeContext,
  second,
  type WebhookSubscription,
  type Webhooks,
} from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import type { Subscription } from '../../../ports/subscriptions.ts'
import { findPlace } from '../../connect/find-place.ts'
import type { Deps, Setting } from '../../deps.ts'
import { faultOf } from '../../fault-of.ts'
import type { Gateway } from '../../http/gateway.ts'
import type { Vault } from '../../vault/vault.ts'
import { hookSecrets } from '../hook-secrets.ts'
import { derivedKey } from '../verify/hmac-keys.ts'

export interface KeepParts {
  readonly deps: Deps
  readonly setting: Setting
  readonly vault: Vault
  readonly gateway: Gateway
}

/** How many in one turn, and for how long one that is worked on is left alone by others. */
const [mostInTurn, heldMs] = [200, 10 * minute]

/** Does what is due: asks, asks again, looks, ends. What fails is tried again later; it keeps none of the others waiting. Returns how many there were. */
export async function runKeepSubscriptions(parts: KeepParts, signal?: AbortSignal): Promise<number> {
  const { deps } = parts
  const now = deps.clock.now()
  const due = await deps.subscriptions.claim({ now, until: now + heldMs, limit: mostInTurn })
  for (const row of due) {
    if (signal?.aborted) break
    await keepSubscription(parts, row)
  }
  return due.length
}

export async function keepSubscription(
  parts: KeepParts,
  row: Subscription,
  options: { patienceMs: number } = { patienceMs: 30 * second },
): Promise<void> {
  const { deps } = parts
  const { environmentId, id } = row
  try {
    const place = await placeOf(parts, row, options)
    if (place === null) await deps.subscriptions.remove(environmentId, id)
    else if (row.wanted) await begin(deps, row, place)
    else await end(deps, row, place)
  } catch (error) {
    // A bug of a connector keeps none of the others waiting either.
    if (!isFault(error)) deps.log.error('subscription.bug', { environmentId, connectionId: row.connectionId, error })
    await postpone(deps, row, faultOf(error).code)
  }
}

interface Place {
  readonly subscription: WebhookSubscription
  readonly context: SubscribeContext
}

/** Null where the connector asks for nothing any more. */
async function placeOf(
  { deps, setting, vault, gateway }: KeepParts,
  row: Subscription,
  { patienceMs }: { patienceMs: number },
): Promise<Place | null> {
  const { environmentId, integrationId, connectionId } = row
  const { environment, provider, integration } = await findPlace(deps, setting, environmentId, integrationId)
  const subscription = provider.webhooks?.subscription
  const connection = await deps.connections.read(environmentId, connectionId)
  if (!subscription || !connection) return null
  const target = { environment, provider, integration, connection, grantId: connection.grantId, runId: null }
  const http = gateway.http({ ...target, lane: 'webhook', patienceMs })
  const { verify } = provider.webhooks
  const secrets = await hookSecrets(vault, provider, integration, deps.clock.now())
  const secret = keyFor(verify, subscription, secrets)
  const leaseSeconds = subscription.leaseMs === undefined ? null : Math.floor(subscription.leaseMs / 1000)
  const context = { http, account: row.account, topic: row.topic, kinds: row.kinds, secret, leaseSeconds }
  return { subscription, context: { ...context, callbackUrl: `${setting.publicUrl}/hooks/${integrationId}` } }
}

/** The one by which verification will judge: derived from the current secret. */
function keyFor(
  verify: Webhooks['verify'],
  { keyLabel }: WebhookSubscription,
  secrets: Readonly<Record<string, readonly string[]>>,
): string {
  if (keyLabel === undefined || verify.scheme !== 'hmac') return ''
  const [current] = secrets[verify.secret] ?? []
  return current === undefined ? '' : derivedKey(current, keyLabel)
}

/**
 * One that holds and can be asked about is looked at first, and asked for anew when it is otherwise than it should be. While its lease runs it is
 * asked for anew when half of that is over, so that there is as much time again for everything that may go wrong.
 */
async function begin(deps: Deps, row: Subscription, { subscription, context }: Place): Promise<void> {
  const { environmentId, id } = row
  const change = (fields: Parameters<typeof deps.subscriptions.change>[2]) =>
    deps.subscriptions.change(environmentId, id, fields)
  if (row.state === 'active' && subscription.look && !isHalfOver(row, deps.clock.now())) {
    const actual = await subscription.look(context)
    const checkedAt = deps.clock.now()
    const isRight = actual !== null && row.kinds.every((kind) => actual.includes(kind))
    await change({ actual: actual ?? [], checkedAt, ...(!isRight && { drifts: row.drifts + 1, state: 'missing' }) })
    if (isRight) {
      await change({ attempts: 0, fault: null, dueAt: nextAt(subscription, row.until, checkedAt) })
      return
    }
    deps.log.info('subscription.drifted', { environmentId, connectionId: row.connectionId, actual })
  }
  const askedAt = deps.clock.now()
  const isActive = row.state === 'active'
  // Before it is asked, since the platform may ask back before its answer is here.
  await change({
    askedAt,
    attempts: row.attempts + 1,
    dueAt: askedAt + waitMs(row.attempts),
    ...(!isActive && { state: 'asked' }),
  })
  await subscription.begin(context)
  if (subscription.confirmedBy === 'handshake') {
    await change({ fault: null })
    return
  }
  const confirmedAt = deps.clock.now()
  const until = subscription.leaseMs === undefined ? null : confirmedAt + subscription.leaseMs
  const right = { state: 'active', actual: context.kinds, until, confirmedAt, attempts: 0, fault: null } as const
  await change({ ...right, dueAt: nextAt(subscription, until, confirmedAt) })
}

/** Nobody else’s: another connection with the same account still needs it. */
async function end(deps: Deps, row: Subscription, { subscription, context }: Place): Promise<void> {
  const { environmentId, integrationId, topic, id } = row
  const same = await deps.subscriptions.ofTopic(environmentId, integrationId, topic)
  const isShared = same.some((one) => one.id !== id && one.wanted)
  if (!isShared && row.state !== 'missing') {
    const askedAt = deps.clock.now()
    await deps.subscriptions.change(environmentId, id, {
      askedAt,
      attempts: row.attempts + 1,
      dueAt: askedAt + waitMs(row.attempts),
    })
    await subscription.end(context)
    // The platform asks whether that is meant, and the row goes when it was answered; one that never asks does not keep it.
    if (subscription.confirmedBy === 'handshake' && row.attempts < mostEnds) return
  }
  await deps.subscriptions.remove(environmentId, id)
}

/** After so many tries a subscription that nobody wants is left to its lease, or to the platform, which took back the access that it needs. */
const mostEnds = 5
const gone: ReadonlySet<FaultCode> = new Set([
  'connection.expired',
  'connection.revoked',
  'connection.scopes',
  'connection.inactive',
  'input.unknown',
])

async function postpone(deps: Deps, row: Subscription, fault: FaultCode): Promise<void> {
  const { environmentId, id, wanted, attempts } = row
  if (!wanted && (gone.has(fault) || attempts >= mostEnds)) {
    await deps.subscriptions.remove(environmentId, id)
    return
  }
  const at = deps.clock.now()
  await deps.subscriptions.change(environmentId, id, { fault, attempts: attempts + 1, dueAt: at + waitMs(attempts) })
  deps.log.info('subscription.postponed', { environmentId, connectionId: row.connectionId, fault, attempts })
}

/** A minute, then twice as long each time, up to six hours. */
const waitMs = (attempts: number) => Math.min(minute * 2 ** Math.min(attempts, 20), 6 * hour)

function isHalfOver({ until, confirmedAt }: Subscription, now: Instant): boolean {
  return until !== null && now >= (confirmedAt ?? 0) + (until - (confirmedAt ?? 0)) / 2
}

/** Looked at daily where that can be done. What can be neither looked at nor runs out is asked for anew by the week. */
export function nextAt({ look }: Pick<WebhookSubscription, 'look'>, until: Instant | null, now: Instant): Instant {
  const renewAt = until === null ? now + 7 * dayMs : now + (until - now) / 2
  return Math.floor(look ? Math.min(renewAt, now + dayMs) : renewAt)
}
