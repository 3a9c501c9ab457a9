import { minute, second } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { ClaimedSlot, Lane } from '../../ports/schedule.ts'
import { closeLostRuns } from './abandon-runs.ts'
import { rideAlongShare } from './cadence.ts'
import { FairQueue, type Owner, type Waiting } from './fair-queue.ts'
import { claimMs } from './hold-claim.ts'
import { type Group, runStream, type SyncDeps } from './run-stream.ts'

export interface PlannerOptions {
  /** Runs at once in this process. */
  readonly concurrency: number
  /** Runs at once for one integration, since they share its quota. */
  readonly perIntegration: number
  /** Of `concurrency`, kept free for people who wait in front of a screen. */
  readonly reserved: number
  /** The longest sleep: how late the planner may notice what another process made due. */
  readonly pollMs: number
  /** How long a stop waits for the pages that are being read. */
  readonly stopMs: number
}

export interface Planner {
  /** Plans until the signal aborts; resolves when every run has stopped. Throws nothing: what goes wrong is logged and tried again. */
  run(signal: AbortSignal): Promise<void>
  /** Something may have become due. What of these connections was claimed and waits for its turn is taken up again in the lane that it has now. */
  wake(connectionIds?: readonly string[]): void
  /** When it last looked; null before the first time. A planner that stopped looking is not well. */
  lastBeatAt(): Instant | null
  /** Runs under way. */
  readonly running: number
  /** Nothing that is due waits for its turn here, and there are places. */
  isIdle(): boolean
}

/**
 * Takes what is due, lets what is nearly due ride along in its batch, and reads it. Any number of these may work on one schedule. What this process
 * claims it soon begins: the rest goes back, so that a flood of one integration is taken aside piece by piece and everybody else comes up.
 */
export function openPlanner(deps: SyncDeps, options: Partial<PlannerOptions> = {}): Planner {
  const { concurrency = 16, perIntegration = 4, reserved = 2, pollMs = second, stopMs = usualStopMs } = options
  const { clock, schedule, log } = deps
  const queue = new FairQueue<Group & Waiting>()
  const running = new Map<Promise<void>, string>()
  /** By environment, how much its turns weigh. */
  const weights = new Map<string, number>()
  const stop = new AbortController()
  const putOff = new Map<string, number>()
  let beatAt: Instant | null = null
  let sleeping: AbortController | null = null
  let woken = false
  let hurried = new Set<string>()
  let tidyAt: Instant = 0
  /** Places that are not reserved. */
  const places = Math.max(1, concurrency - reserved)
  let reach = places

  return {
    run,
    wake,
    lastBeatAt: () => beatAt,
    isIdle: () => queue.size === 0 && running.size < places,
    get running() {
      return running.size
    },
  }

  function wake(connectionIds: readonly string[] = []): void {
    for (const id of connectionIds) hurried.add(id)
    woken = true
    // With a reason, since making one up takes longer than the rest of it.
    sleeping?.abort('woken')
  }

  async function run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => wake(), { once: true })
    while (!signal.aborted) {
      woken = false
      beatAt = clock.now()
      await tidyUp()
      await giveBackHurried()
      dispatch()
      const more = await fill().catch((error: unknown) => {
        log.error('planner.failed', { error })
        return false
      })
      dispatch()
      if (!more && !woken) await sleep()
    }
    await windDown()
  }

  async function tidyUp(): Promise<void> {
    if (clock.now() < tidyAt) return
    tidyAt = clock.now() + 15 * minute
    await closeLostRuns(deps).catch((error: unknown) => log.warn('planner.lost_runs_not_closed', { error }))
  }

  /** Somebody waits for what stands in the queue behind the runs of a busy app: given back, it is claimed again as what it now is. */
  async function giveBackHurried(): Promise<void> {
    if (hurried.size === 0) return
    const ids = hurried
    hurried = new Set()
    const groups = queue.takeWhere(
      ({ lane, slots }) => lane !== 'interactive' && slots.some(({ connectionId }) => ids.has(connectionId)),
    )
    for (const { environmentId, claim, slots } of groups)
      await schedule.release(environmentId, claim, slots, clock.now()).catch((error: unknown) => {
        // Then it is free when its claim runs out.
        log.warn('planner.not_given_back', { error })
      })
  }

  /**
   * Claims as much as can soon begin. True when there is probably more. While there are free places that nothing in the queue may take, it looks
   * further and further, past the flood that stands in front.
   */
  async function fill(): Promise<boolean> {
    const room = 2 * places - queue.size - running.size
    const limit = running.size < places ? Math.max(room, reach) : room > 0 ? room : concurrency - running.size
    if (limit <= 0) return false
    const now = clock.now()
    const claim = deps.random.id('clm')
    const upTo = running.size < places || room > 0 ? 'backfill' : 'interactive'
    const slots = await schedule.claim({ now, until: now + claimMs, claim, limit, upTo })
    const before = queue.size
    const groups = await groupUp(slots, claim, now)
    const profiles = await profilesOf(groups)
    await learnWeights(groups)
    for (const group of groups) await enqueue(group, profiles)
    const more = slots.length === limit
    reach = more && queue.size === before ? Math.min(500, reach * 2) : places
    return more
  }

  async function groupUp(slots: readonly ClaimedSlot[], claim: string, now: Instant): Promise<Group[]> {
    const groups: Group[] = []
    const keyOf = ({ environmentId, integrationId, stream }: ClaimedSlot) =>
      JSON.stringify([environmentId, integrationId, stream])
    for (const own of Map.groupBy(slots, keyOf).values()) {
      const { environmentId, integrationId, provider, stream, everyMs } = own[0]!
      const batch = Math.max(1, (await deps.providers.in(environmentId)).get(provider)?.streams[stream]?.batch ?? 1)
      const seats = Math.ceil(own.length / batch) * batch - own.length
      const window = { now, until: now + claimMs, before: now + everyMs * rideAlongShare, share: rideAlongShare }
      const companions =
        seats > 0
          ? await schedule.claimCompanions({ environmentId, integrationId, stream, claim, limit: seats, ...window })
          : []
      const all = [...own, ...companions]
      for (let i = 0; i < all.length; i += batch) {
        const members = all.slice(i, i + batch)
        const rank = Math.min(...members.map(({ lane }) => lanes.indexOf(lane)))
        groups.push({ environmentId, integrationId, provider, stream, claim, lane: lanes[rank]!, slots: members })
      }
    }
    return groups
  }

  /**
   * What an integration brings beyond what can soon begin is put off, the further the more of it there is. People who wait are not, nor is what a
   * profile brings that has little in the queue beside one that fills it.
   */
  async function enqueue(group: Group, profiles: ReadonlyMap<string, string>): Promise<void> {
    const { environmentId, integrationId, lane, claim, slots } = group
    const owner = ownerOf(group)
    const profile = profiles.get(slots[0]!.connectionId) ?? ''
    const waiting = queue.sizeOf(environmentId, integrationId)
    const hasLittle =
      queue.sizeOf(environmentId, integrationId, profile) < perIntegration && waiting < 4 * perIntegration
    if (waiting < 2 * perIntegration || hasLittle || lane === 'interactive') {
      const owners: Owner[] = [
        { id: environmentId, weight: weights.get(environmentId) ?? 1 },
        { id: integrationId, weight: 1 },
        { id: profile, weight: 1 },
      ]
      queue.add({ ...group, owners, rank: lanes.indexOf(lane) })
      return
    }
    const nth = (putOff.get(owner) ?? 0) + 1
    putOff.set(owner, nth)
    await schedule.release(environmentId, claim, slots, clock.now() + Math.min(60 * second, 2 * second + nth * 50))
  }

  /**
   * Whose the groups are, of integrations that bring more than can begin at once: only there it matters who comes first. A batch is everybody's. Who
   * cannot be found out takes turns as one.
   */
  async function profilesOf(groups: readonly Group[]): Promise<ReadonlyMap<string, string>> {
    const profiles = new Map<string, string>()
    const crowds = [...Map.groupBy(groups, ownerOf).values()].filter(
      (own) => own.length + queue.sizeOf(own[0]!.environmentId, own[0]!.integrationId) > perIntegration,
    )
    for (const own of Map.groupBy(crowds.flat(), ({ environmentId }) => environmentId).values()) {
      const ids = own.flatMap(({ slots }) => (slots.length === 1 ? [slots[0]!.connectionId] : []))
      if (ids.length === 0) continue
      const connections = await deps.connections
        .list(own[0]!.environmentId, { ids, limit: ids.length })
        .catch((error: unknown) => {
          log.warn('planner.profiles_unknown', { error })
          return []
        })
      for (const { id, profileId } of connections) profiles.set(id, profileId)
    }
    return profiles
  }

  /** Looked up when an environment is first seen: its mode never changes. */
  async function learnWeights(groups: readonly Group[]): Promise<void> {
    if (groups.every(({ environmentId }) => weights.has(environmentId))) return
    const environments = await deps.directory.environments().catch((error: unknown) => {
      log.warn('planner.weights_unknown', { error })
      return []
    })
    for (const { id, mode } of environments) weights.set(id, weightOf[mode])
  }

  function dispatch(): void {
    while (running.size < concurrency && !stop.signal.aborted) {
      const group = queue.take(mayStart)
      if (!group) return
      if (queue.sizeOf(group.environmentId, group.integrationId) === 0) putOff.delete(ownerOf(group))
      start(group)
    }
  }

  function mayStart(group: Group): boolean {
    const { lane } = group
    const owner = ownerOf(group)
    const others = [...running.values()].filter((other) => other === owner).length
    return lane === 'interactive' || (others < perIntegration && running.size < places)
  }

  function start(group: Group): void {
    const ended = runStream(deps, group, stop.signal).then(
      () => {},
      (error: unknown) => {
        const { environmentId, integrationId, stream } = group
        log.error('sync.run_lost', { environmentId, integrationId, stream, error })
      },
    )
    const tracked = ended.finally(() => {
      running.delete(tracked)
      wake()
    })
    running.set(tracked, ownerOf(group))
  }

  async function sleep(): Promise<void> {
    const next = await schedule.nextDueAt().catch(() => null)
    if (woken) return
    // What is due and was not claimed is in somebody else's hands, or has to wait for room.
    const leastMs = Math.min(pollMs, 50)
    const ms = next === null ? pollMs : Math.min(pollMs, Math.max(leastMs, next - clock.now()))
    sleeping = new AbortController()
    await clock.sleep(ms, sleeping.signal).catch(() => {})
    sleeping = null
  }

  /** Nothing new; what waits goes back at once; runs end after their page, or are left to their claims. */
  async function windDown(): Promise<void> {
    stop.abort()
    for (const { environmentId, claim, slots } of queue.takeAll())
      await schedule.release(environmentId, claim, slots, clock.now()).catch(() => {})
    const patience = new AbortController()
    const late = clock.sleep(stopMs, patience.signal).catch(() => {})
    await Promise.race([Promise.all(running.keys()), late])
    patience.abort()
    if (running.size > 0) log.warn('planner.stopped_early', { running: running.size })
  }
}

/** Deployments count on it. */
export const usualStopMs = 25 * second

/** Whose quota it is. */
const ownerOf = ({ environmentId, integrationId }: Pick<Group, 'environmentId' | 'integrationId'>): string =>
  `${environmentId}/${integrationId}`

/** What is tried out does not keep what is in use waiting, and still goes on beside it. */
const weightOf = { live: 4, test: 1 } as const

const lanes: readonly Lane[] = ['interactive', 'webhook', 'scheduled', 'backfill']
