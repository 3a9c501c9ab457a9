import { dayMs } from '@patchbay/kit'
import { mostSwept } from '../../ports/deliveries.ts'
import type { Deps } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'

/** The job that forgets what is old, and what is left of endpoints that were removed. */
export const deliverySweepQueue = 'deliveries.sweep'

/** Every hour, and when an endpoint was removed. */
export async function startDeliveryJobs(
  deps: Pick<Deps, 'deliveries' | 'directory' | 'clock' | 'log' | 'jobs'>,
): Promise<void> {
  await deps.jobs.work(deliverySweepQueue, { concurrency: 1, retries: 0 }, (_, signal) =>
    runDeliverySweep(deps, signal),
  )
  await deps.jobs.cron(deliverySweepQueue, '23 * * * *')
}

/**
 * Events are kept for 100 days, and for so long can be recovered and read again. What was taken of them is known for as long, or it would be recovered too;
 * what was given up is forgotten 30 days later, and what was sent to an endpoint when that was removed.
 */
export async function runDeliverySweep(
  deps: Pick<Deps, 'deliveries' | 'directory' | 'clock' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const sweep = ({ id }: { id: string }) => sweepIn(deps, id, signal)
  await inEachEnvironment(deps, await deps.directory.environments(), 'deliveries.not_swept', sweep, signal)
}

async function sweepIn(
  { deliveries, clock }: Pick<Deps, 'deliveries' | 'clock'>,
  environmentId: string,
  signal: AbortSignal,
): Promise<void> {
  const now = clock.now()
  const before = { failed: now - 30 * dayMs, events: now - 100 * dayMs }
  for (let swept = mostSwept; swept >= mostSwept && !signal.aborted; )
    swept = await deliveries.sweep(environmentId, before)
}
