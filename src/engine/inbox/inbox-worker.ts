import { second } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Message, MessageOutcome } from '../../ports/inbox.ts'
import { findPlace } from '../connect/find-place.ts'
import type { Setting } from '../deps.ts'
import { attribute } from './attribute.ts'
import { type DoParts, doPlans, retryOf } from './do-plans.ts'
import { failedAlong } from './failed-messages.ts'
import { planMessage } from './plan-message.ts'

export interface InboxWorker {
  /** Works until the signal aborts; what is begun then is finished. Throws nothing: what goes wrong is logged and tried again. */
  run(signal: AbortSignal): Promise<void>
  /** One claim of each environment, worked through. Returns how many messages there were. */
  turn(): Promise<number>
  /** Something was stored, of this environment or of any. What other processes store is noticed within `pollMs`. */
  wake(environmentId?: string): void
  /** When it last looked; null before the first time. */
  lastBeatAt(): Instant | null
}

export interface InboxWorkerOptions {
  readonly pollMs: number
  /** Of each environment, at once. */
  readonly batch: number
  /** Environments that are worked on at the same time. */
  readonly atOnce: number
}

export interface WorkParts extends DoParts {
  readonly setting: Setting
}

/**
 * Works through what came in, each environment by itself, a batch in a turn, so that none waits for another one that has much or is slow. A claim is longer
 * than a batch takes, and where it was not the batch is done twice; whoever dies with one leaves it to whoever comes next, and what was done already is
 * done again, which changes nothing. A message is finished after all that it does, never before.
 */
export function openInboxWorker(parts: WorkParts, options: Partial<InboxWorkerOptions> = {}): InboxWorker {
  const { pollMs = second, batch = 200, atOnce = 4 } = options
  const { clock, inbox, random, log } = parts.deps
  /** Environments, and those of them in which something was stored since their turn began. */
  const working = new Map<string, Promise<void>>()
  const again = new Set<string>()
  /** Environments whose turn brought nothing, because somebody else has what is due or it could not be asked for, and until when they are left alone. */
  const fruitless = new Map<string, Instant>()
  /** Whose turn began last: the next one in their order comes next. */
  let last = ''
  /** Somebody had to wait for room. */
  let crowded = false
  let beatAt: Instant | null = null
  let woken = false
  let sleeping: AbortController | null = null

  return { run, turn, wake, lastBeatAt: () => beatAt }

  function wake(environmentId?: string): void {
    // Whoever is at work there looks again afterwards.
    if (environmentId !== undefined && working.has(environmentId)) {
      again.add(environmentId)
      return
    }
    if (environmentId === undefined) fruitless.clear()
    else fruitless.delete(environmentId)
    lookAgain()
  }

  function lookAgain(): void {
    woken = true
    sleeping?.abort('woken')
  }

  async function run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', lookAgain, { once: true })
    while (!signal.aborted) {
      woken = false
      await beginTurns().catch((error: unknown) => log.warn('inbox.not_claimed', { error }))
      if (!woken) await sleep()
    }
    await Promise.all(working.values())
  }

  /** In each environment in which something is due and nobody is at work here, as far as there is room. */
  async function beginTurns(): Promise<void> {
    beatAt = clock.now()
    crowded = working.size >= atOnce
    if (crowded) return
    const due = await inbox.environmentsDue(beatAt)
    for (const [id, until] of fruitless) if (until <= beatAt) fruitless.delete(id)
    const next = Math.max(
      0,
      due.findIndex((id) => id > last),
    )
    for (const environmentId of [...due.slice(next), ...due.slice(0, next)]) {
      if (working.has(environmentId) || fruitless.has(environmentId)) continue
      crowded = working.size >= atOnce
      if (crowded) return
      last = environmentId
      working.set(environmentId, workIn(environmentId, beatAt))
    }
  }

  async function workIn(environmentId: string, beganAt: Instant): Promise<void> {
    const worked = await turnOf(environmentId).catch((error: unknown) => {
      log.warn('inbox.not_claimed', { environmentId, error })
      return 0
    })
    working.delete(environmentId)
    const hasMore = again.delete(environmentId) || worked > 0
    // It would be asked again at once, and again, for as long as others wait for room.
    if (!hasMore) fruitless.set(environmentId, beganAt + pollMs)
    if (hasMore || crowded) lookAgain()
  }

  async function turn(): Promise<number> {
    let worked = 0
    for (const environmentId of await inbox.environmentsDue(clock.now())) worked += await turnOf(environmentId)
    return worked
  }

  async function turnOf(environmentId: string): Promise<number> {
    const now = clock.now()
    const claim = random.id('clm')
    const messages = await inbox.claim(environmentId, { now, until: now + claimMs, claim, limit: batch })
    const keyOf = ({ integrationId, callback }: Message) => JSON.stringify([integrationId, callback])
    for (const group of Map.groupBy(messages, keyOf).values()) await finishGroup(group, claim)
    return messages.length
  }

  async function sleep(): Promise<void> {
    sleeping = new AbortController()
    await clock.sleep(pollMs, sleeping.signal).catch(() => {})
    sleeping = null
  }

  /** Those of one app and address. Without an outcome that could be stored, the claim runs out and they are worked on again. */
  async function finishGroup(group: readonly Message[], claim: string): Promise<void> {
    const { environmentId, integrationId } = group[0]!
    try {
      const outcomes = await workThrough(parts, group)
      const failed = outcomes.filter(({ state }) => state === 'failed')
      if (failed.length > 0)
        await parts.deps.journal.note(environmentId, await failedAlong(parts.deps, group[0]!, failed))
      await inbox.finish(environmentId, claim, outcomes)
    } catch (error) {
      log.warn('inbox.not_finished', { environmentId, integrationId, count: group.length, error })
    }
  }
}

/** All together, and where that fails each by itself, in order, so that one of them holds up none of the others. */
async function workThrough(parts: WorkParts, group: readonly Message[]): Promise<MessageOutcome[]> {
  try {
    return await work(parts, group)
  } catch (error) {
    const [only] = group
    if (group.length > 1) {
      const outcomes: MessageOutcome[] = []
      for (const message of group) outcomes.push(...(await workThrough(parts, [message])))
      return outcomes
    }
    const { environmentId, id, attempts } = only!
    parts.deps.log.error('inbox.message_failed', { environmentId, messageId: id, attempts, error })
    return [retryOf(only!, error, parts.deps.clock.now())]
  }
}

async function work(parts: WorkParts, group: readonly Message[]): Promise<MessageOutcome[]> {
  const { deps, setting } = parts
  const { environmentId, integrationId } = group[0]!
  const place = await findPlace(deps, setting, environmentId, integrationId)
  const attribution = await attribute(deps, place.integration, group)
  const plans = group.map((message) => planMessage(place.provider, message, attribution))
  return doPlans(parts, place, plans, attribution)
}

/** Several times what a batch takes. What came later about the accounts of a batch waits for so long when its process dies. */
const claimMs = 20 * second
