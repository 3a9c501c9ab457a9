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
  /** Something was stored, of this app, of this environment or of any. What other processes store is noticed within `pollMs`. */
  wake(environmentId?: string, integrationId?: string): void
  /** When it last looked; null before the first time. */
  lastBeatAt(): Instant | null
}

export interface InboxWorkerOptions {
  readonly pollMs: number
  /** Of each environment, at once. */
  readonly batch: number
  /** Environments that are worked on at the same time. */
  readonly atOnce: number
  /** Apps of each of those: in all as many as the pool has connections, of which none is held by an app that waits for its platform. */
  readonly appsAtOnce: number
}

export interface WorkParts extends DoParts {
  readonly setting: Setting
}

/** What is at work in an environment. */
interface Working {
  /** Apps whose messages were claimed and are not through yet. */
  readonly apps: Set<string>
  readonly inLane: ReturnType<typeof openLanes>
  /** Apps of which more may be due since they were claimed, or since the claim began that is under way. */
  readonly since: Set<string>
  claiming: boolean
}

interface Claim {
  readonly claim: string
  readonly until: Instant
}

/**
 * Works through what came in, each environment and in it each app by itself, a batch in a turn, so that none waits for another one that has much or is slow.
 * Of an app that is at work nothing more is claimed here, so what is about an account is done in order. A claim is longer than a batch takes, and where it
 * was not the batch is done twice; whoever dies with one leaves it to whoever comes next, and what was done already is done again, which changes nothing. A
 * message is finished after all that it does, never before.
 */
export function openInboxWorker(parts: WorkParts, options: Partial<InboxWorkerOptions> = {}): InboxWorker {
  const { pollMs = second, batch = 200, atOnce = 4, appsAtOnce = 3 } = options
  const { clock, inbox, random, log } = parts.deps
  const working = new Map<string, Working>()
  const turns = new Set<Promise<void>>()
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

  function wake(environmentId?: string, integrationId?: string): void {
    if (environmentId === undefined) {
      fruitless.clear()
      for (const work of working.values()) note(work)
      lookAgain()
      return
    }
    const work = working.get(environmentId)
    if (work) note(work, integrationId)
    // Whoever claims there, or is at work on that app, looks again afterwards.
    if (work?.claiming || (integrationId !== undefined && work?.apps.has(integrationId))) return
    fruitless.delete(environmentId)
    lookAgain()
  }

  /** Of that app, or of some. */
  function note({ apps, since, claiming }: Working, integrationId?: string): void {
    if (integrationId === undefined) for (const app of [...apps, anyApp]) since.add(app)
    else if (claiming || apps.has(integrationId)) since.add(integrationId)
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
    await Promise.all(turns)
  }

  /** In each environment in which something is due and there is room for an app, as far as there is room for environments. */
  async function beginTurns(): Promise<void> {
    beatAt = clock.now()
    crowded = working.size >= atOnce
    if (crowded && [...working.values()].every(isFull)) return
    const due = await inbox.environmentsDue(beatAt)
    for (const [id, until] of fruitless) if (until <= beatAt) fruitless.delete(id)
    const next = Math.max(
      0,
      due.findIndex((id) => id > last),
    )
    crowded = false
    for (const environmentId of [...due.slice(next), ...due.slice(0, next)]) {
      const known = working.get(environmentId)
      if (fruitless.has(environmentId) || (known && isFull(known))) continue
      if (!known && working.size >= atOnce) {
        crowded = true
        continue
      }
      last = environmentId
      const work = known ?? nothingYet()
      working.set(environmentId, work)
      const turn = workIn(environmentId, work, beatAt).finally(() => turns.delete(turn))
      turns.add(turn)
    }
  }

  function isFull({ claiming, apps }: Working): boolean {
    return claiming || apps.size >= appsAtOnce
  }

  function nothingYet(): Working {
    return { apps: new Set(), since: new Set(), inLane: openLanes(appsAtOnce), claiming: false }
  }

  async function workIn(environmentId: string, work: Working, beganAt: Instant): Promise<void> {
    const { apps, since } = work
    work.claiming = true
    const begun = await beginTurn(environmentId, work, (integrationId, mayHaveMore) => {
      const wasFull = apps.size >= appsAtOnce
      apps.delete(integrationId)
      if (since.delete(integrationId) || mayHaveMore || wasFull || apps.size === 0) again(environmentId, work)
      leave(environmentId, work)
    }).catch((error: unknown) => {
      log.warn('inbox.not_claimed', { environmentId, error })
      return { count: 0, through: null }
    })
    work.claiming = false
    // It would be asked again at once, and again, for as long as others wait for room.
    if (begun.count === 0) fruitless.set(environmentId, beganAt + pollMs)
    const others = [...since].filter((app) => !apps.has(app))
    for (const app of others) since.delete(app)
    if (others.length > 0) again(environmentId, work)
    leave(environmentId, work)
    await begun.through
  }

  function again(environmentId: string, work: Working): void {
    if (work.claiming) {
      work.since.add(anyApp)
      return
    }
    fruitless.delete(environmentId)
    lookAgain()
  }

  function leave(environmentId: string, { claiming, apps }: Working): void {
    if (claiming || apps.size > 0) return
    working.delete(environmentId)
    if (crowded) lookAgain()
  }

  async function turn(): Promise<number> {
    let worked = 0
    for (const environmentId of await inbox.environmentsDue(clock.now())) {
      const { count, through } = await beginTurn(environmentId, nothingYet(), () => {})
      await through
      worked += count
    }
    return worked
  }

  /** Claims, and begins with each app of which something was claimed. `ended`: an app is through, and whether it may have had more than that. */
  async function beginTurn(
    environmentId: string,
    { apps, inLane }: Working,
    ended: (integrationId: string, mayHaveMore: boolean) => void,
  ): Promise<{ count: number; through: Promise<unknown> }> {
    const now = clock.now()
    const claim: Claim = { claim: random.id('clm'), until: now + claimMs }
    const messages = await inbox.claim(environmentId, { now, ...claim, limit: batch, without: [...apps] })
    const byApp = Map.groupBy(messages, ({ integrationId }) => integrationId)
    for (const integrationId of byApp.keys()) apps.add(integrationId)
    const through = [...byApp].map(async ([integrationId, mine]) => {
      const isDone = await inLane(() => finishApp(mine, claim))
      ended(integrationId, !isDone || messages.length === batch)
    })
    return { count: messages.length, through: Promise.all(through) }
  }

  async function sleep(): Promise<void> {
    sleeping = new AbortController()
    await clock.sleep(pollMs, sleeping.signal).catch(() => {})
    sleeping = null
  }

  /** Each of its addresses by itself. False when it waited for its turn until the claim had run out: somebody else may have them by now. */
  async function finishApp(messages: readonly Message[], { claim, until }: Claim): Promise<boolean> {
    for (const group of Map.groupBy(messages, ({ callback }) => callback).values()) {
      if (clock.now() >= until) return false
      await finishGroup(group, claim)
    }
    return true
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

/** So many at once. Whoever comes then waits, in line. */
function openLanes(most: number) {
  let free = most
  const line: (() => void)[] = []
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => line.push(resolve))
    try {
      return await work()
    } finally {
      const next = line.shift()
      if (next) next()
      else free++
    }
  }
}

/** Where nobody said of which. */
const anyApp = ''

/** Several times what a batch takes. What came later about the accounts of a batch waits for so long when its process dies. */
const claimMs = 20 * second
