import { dayMs } from '@patchbay/kit'
import type { Deps } from '../deps.ts'

/** Forgets what is old, every hour. */
export async function startDeliveryJobs(deps: Deps): Promise<void> {
  await deps.jobs.work(queue, { concurrency: 1, retries: 0 }, (_, signal) => runDeliverySweep(deps, signal))
  await deps.jobs.cron(queue, '23 * * * *')
}

/**
 * Events are kept for 100 days, and for so long can be recovered and read again. What was taken of them is known for as long, or it would be recovered too;
 * what was given up is forgotten 30 days later.
 */
export async function runDeliverySweep(
  { deliveries, directory, clock }: Pick<Deps, 'deliveries' | 'directory' | 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  for (const { id } of await directory.environments()) {
    const now = clock.now()
    const before = { failed: now - 30 * dayMs, events: now - 100 * dayMs }
    for (let swept = mostInOne; swept >= mostInOne && !signal.aborted; ) swept = await deliveries.sweep(id, before)
  }
}

/** As many as one sweep takes of a kind: then there may be more. */
const mostInOne = 10_000
const queue = 'deliveries.sweep'
