import { dayOf, Fault, second } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import { type Backfill, type BackfillState, openBackfillStates } from '../../ports/backfills.ts'
import { type Connection, inactiveStates } from '../../ports/connections.ts'
import type { Environment } from '../../ports/directory.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Planner } from './planner.ts'
import { type BackfillDeps, runNextBackfill } from './run-backfill.ts'
import { runBackfillSweep } from './sweep-backfills.ts'

const queue = 'sync.backfill'
const sweepQueue = 'sync.sweep-backfills'
/** Of one job; the next one goes on. A stop does not wait for its end: it breaks the page off that is being read. */
const turnMs = 45 * second

/** Behind everything else: as long as nothing that is due waits for its turn in this process. */
export async function startBackfillJobs(
  deps: BackfillDeps & Pick<Deps, 'jobs'>,
  planner: Pick<Planner, 'isIdle'>,
  /** From the first moment of a stop on: what a job is given by its queue is aborted when nobody waits for it any more. */
  stop: AbortSignal,
): Promise<void> {
  await deps.jobs.work(queue, { concurrency: 1, retries: 0 }, (_, signal) =>
    runBackfills(deps, planner, AbortSignal.any([signal, stop])),
  )
  await deps.jobs.cron(queue, '* * * * *')
  await deps.jobs.work(sweepQueue, { concurrency: 1, retries: 0 }, (_, signal) => runBackfillSweep(deps, signal))
  await deps.jobs.cron(sweepQueue, '47 4 * * *')
}

export async function runBackfills(
  deps: BackfillDeps,
  planner: Pick<Planner, 'isIdle'>,
  signal: AbortSignal,
): Promise<void> {
  const until = deps.clock.now() + turnMs
  while (!signal.aborted && planner.isIdle() && deps.clock.now() < until)
    if (!(await runNextBackfill(deps, signal))) return
}

type AskDeps = Pick<Deps, 'clock' | 'random' | 'backfills' | 'jobs'> & Pick<Setting, 'providers'>

export interface Wanted {
  readonly stream: string
  readonly from: string
  readonly to: string
}

/** Throws `input.*` when it makes no sense, and `connection.inactive` where nothing can be read. */
export async function askForBackfill(
  deps: AskDeps,
  environment: Environment,
  connection: Connection,
  { stream: name, from, to }: Wanted,
  actor: Actor,
): Promise<Backfill> {
  const { clock, random, backfills } = deps
  const provider = (await deps.providers.in(environment.id)).get(connection.provider)
  const stream = provider?.streams[name]
  if (!stream) throw new Fault('input.invalid', `There is no stream "${name.slice(0, 100)}".`, { field: 'stream' })
  if (!stream.backfill) {
    const others = Object.entries(provider.streams).flatMap(([other, { backfill }]) => (backfill ? [other] : []))
    const says = others.length > 0 ? `Those that can: ${others.join(', ')}.` : `${provider.name} has none.`
    throw new Fault('input.invalid', `The platform does not give days of the past for "${name}". ${says}`, {
      field: 'stream',
    })
  }
  if (inactiveStates.has(connection.state))
    throw new Fault('connection.inactive', `The connection is ${connection.state.replace('_', ' ')}.`)
  const now = clock.now()
  const farthest = dayOf(now - stream.backfill.days * 86_400_000)
  if (from > to) throw new Fault('input.invalid', 'from is after to.', { field: 'from' })
  if (to > dayOf(now)) throw new Fault('input.invalid', 'to is in the future.', { field: 'to' })
  if (from < farthest)
    throw new Fault('input.invalid', `${provider.name} goes back to ${farthest} for this.`, { field: 'from' })
  const backfill: Backfill = {
    ...{ id: random.id('bkf'), environmentId: environment.id, connectionId: connection.id },
    ...{ integrationId: connection.integrationId, provider: connection.provider, stream: name },
    ...{ firstDay: from, lastDay: to, state: 'waiting', fault: null, says: null, failures: 0, readyAt: now },
    ...{ pages: 0, calls: 0, written: 0, seenFrom: null, seenTo: null, actor },
    ...{ createdAt: now, startedAt: null, endedAt: null },
  }
  const detail = { connection: connection.id, stream: name, from, to }
  const audit = [{ id: random.id('aud'), action: 'backfill.created', subject: backfill.id, detail }]
  const open = await backfills.create(backfill, { at: now, actor, audit })
  if (open)
    throw new Fault('input.conflict', `${open.id} of this stream is ${open.state}. Cancel it, or wait for its end.`, {
      field: 'stream',
    })
  await deps.jobs.send(queue, {}, { key: 'next' })
  return backfill
}

const moves = {
  pause: { from: ['waiting', 'running'], to: 'paused' },
  resume: { from: ['paused', 'failed'], to: 'waiting' },
  cancel: { from: ['failed', ...openBackfillStates], to: 'cancelled' },
} as const satisfies Record<string, { from: readonly BackfillState[]; to: 'waiting' | 'paused' | 'cancelled' }>
export type BackfillMove = keyof typeof moves

/** What a person decides about one that is there. Its place is kept: resumed, it goes on from there. */
export async function moveBackfill(
  { clock, random, backfills, jobs }: AskDeps,
  { id, environmentId, state }: Backfill,
  move: BackfillMove,
  actor: Actor,
): Promise<void> {
  const { from, to } = moves[move]
  const at = clock.now()
  const audit = [{ id: random.id('aud'), action: `backfill.${move}`, subject: id }]
  const moved = await backfills.move(environmentId, id, { from, to, at }, { at, actor, audit })
  if (moved === 'another')
    throw new Fault('input.conflict', 'Another backfill of this stream is open. Cancel it, or wait for its end.')
  if (moved === 'stale')
    throw new Fault('input.conflict', `It is ${state}: ${move} takes one that is ${from.join(' or ')}.`)
  if (move === 'resume') await jobs.send(queue, {}, { key: 'next' })
}
