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
  /** One claim, worked through. Returns how many messages there were. */
  turn(): Promise<number>
  /** Something was stored. What other processes store is noticed within `pollMs`. */
  wake(): void
  /** When it last looked; null before the first time. */
  lastBeatAt(): Instant | null
}

export interface InboxWorkerOptions {
  readonly pollMs: number
  /** Of each environment, at once. */
  readonly batch: number
}

export interface WorkParts extends DoParts {
  readonly setting: Setting
}

/**
 * Works through what came in. A claim is longer than a batch takes, and where it was not the batch is done twice; whoever dies with one leaves it to whoever comes next, and what was done already is
 * done again, which changes nothing. A message is finished after all that it does, never before.
 */
export function openInboxWorker(parts: WorkParts, options: Partial<InboxWorkerOptions> = {}): InboxWorker {
  const { pollMs = second, batch = 200 } = options
  const { clock, inbox, random, log } = parts.deps
  let beatAt: Instant | null = null
  let woken = false
  let sleeping: AbortController | null = null

  return { run, turn, wake, lastBeatAt: () => beatAt }

  function wake(): void {
    woken = true
    sleeping?.abort('woken')
  }

  async function run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', wake, { once: true })
    while (!signal.aborted) {
      woken = false
      const worked = await turn().catch((error: unknown) => {
        log.warn('inbox.not_claimed', { error })
        return 0
      })
      if (worked === 0 && !woken) await sleep()
    }
  }

  async function turn(): Promise<number> {
    beatAt = clock.now()
    const claim = random.id('clm')
    const messages = await inbox.claim({ now: beatAt, until: beatAt + claimMs, claim, limit: batch })
    const keyOf = ({ environmentId, integrationId, callback }: Message) =>
      JSON.stringify([environmentId, integrationId, callback])
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
