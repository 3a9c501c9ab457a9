import { Fault, hour, second } from '@patchbay/kit'
import type { Deps } from '../deps.ts'
import { sweepAnnouncedEnds } from './announced-ends.ts'
import type { OpenCredentials } from './credentials.ts'
import { type DisconnectParts, retireGrantQueue, runRetireGrant } from './disconnect.ts'
import { runTellEnd, type TellEndJob, tellEndQueue } from './give-up.ts'
import { runMendSlots } from './mend-slots.ts'
import { runDueRefreshes } from './refresh-due.ts'
import { type SecondLookJob, secondLookQueue } from './second-look.ts'
import { runWarnings } from './warn-expiring.ts'

/** Background work of `connect`, shared by all processes: renewing what is due, warning of ends, giving back what is over, sweeping old invitations, mending the schedule. */
export async function startConnectJobs(parts: DisconnectParts & { credentials: OpenCredentials }): Promise<void> {
  const { deps, credentials } = parts
  await deps.jobs.work(refreshQueue, { concurrency: 1, retries: 0 }, (_, signal) =>
    runDueRefreshes(deps, credentials, { signal }).then(() => {}),
  )
  await deps.jobs.cron(refreshQueue, '* * * * *')
  await deps.jobs.work(warnQueue, { concurrency: 1, retries: 0 }, (_, signal) =>
    runWarnings(deps, parts.setting, { signal }).then(() => {}),
  )
  await deps.jobs.cron(warnQueue, '*/10 * * * *')
  await deps.jobs.work(secondLookQueue, { concurrency: 4, retries: 3 }, (data) => credentials.lookAgain(lookOf(data)))
  await deps.jobs.work(tellEndQueue, { concurrency: 4, retries: 3 }, (data) =>
    runTellEnd(deps, parts.setting, grantOf(data)),
  )
  await deps.jobs.work(retireGrantQueue, { concurrency: 4, retries: 3 }, (data) => runRetireJob(parts, data))
  await deps.jobs.work(sweepQueue, { concurrency: 1, retries: 0 }, (_, signal) => runSweep(deps, signal))
  await deps.jobs.cron(sweepQueue, '17 * * * *')
  await deps.jobs.work(mendQueue, { concurrency: 1, retries: 0 }, (_, signal) =>
    runMendSlots(deps, parts.setting, signal),
  )
  await deps.jobs.cron(mendQueue, '53 * * * *')
}

/** Invitations are kept for a day after their end, so that what became of them can be read; what is asked about ends that a platform announced ends with their day. */
export async function runSweep(
  deps: Pick<Deps, 'flows' | 'clock' | 'log' | 'journal' | 'directory'>,
  signal?: AbortSignal,
): Promise<void> {
  const count = await deps.flows.sweep(deps.clock.now() - 86_400_000)
  if (count > 0) deps.log.debug('connect.swept', { count })
  await sweepAnnouncedEnds(deps, signal)
}

const refreshQueue = 'connect.refresh-due'
const warnQueue = 'connect.warn-expiring'
const sweepQueue = 'connect.sweep'
const mendQueue = 'connect.mend-slots'

function grantOf({ environmentId, grantId, generation }: Readonly<Record<string, unknown>>): TellEndJob {
  if (typeof environmentId !== 'string' || typeof grantId !== 'string' || typeof generation !== 'number')
    throw new Fault('platform.bug', 'This job names no grant.')
  return { environmentId, grantId, generation }
}

function lookOf(data: Readonly<Record<string, unknown>>): SecondLookJob {
  const { look } = data
  if (typeof look !== 'number') throw new Fault('platform.bug', 'This job says not which look it is.')
  return { ...grantOf(data), look }
}

/** Asks the provider again after half a minute, a minute, two, …: for about two days, then the tokens are given up without its answer. */
async function runRetireJob(parts: DisconnectParts, data: Readonly<Record<string, unknown>>): Promise<void> {
  const { environmentId, grantId, attempt = 1 } = data
  if (typeof environmentId !== 'string' || typeof grantId !== 'string' || typeof attempt !== 'number')
    throw new Fault('platform.bug', 'This job names no grant.')
  const { deps } = parts
  try {
    await runRetireGrant(parts, { environmentId, grantId }, { last: attempt >= 14 })
  } catch (error) {
    deps.log.info('connect.revoke_later', { environmentId, grantId, attempt, error })
    const at = deps.clock.now() + Math.min(15 * second * 2 ** attempt, 12 * hour)
    await deps.jobs.send(retireGrantQueue, { environmentId, grantId, attempt: attempt + 1 }, { at })
  }
}
