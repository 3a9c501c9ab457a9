import type { Deps } from '../deps.ts'

/** Background work of the quotas, shared by all processes: forgetting what counts no more in buckets that nobody asks any more. */
export async function startQuotaJobs(deps: Pick<Deps, 'jobs' | 'limiter' | 'clock' | 'log'>): Promise<void> {
  if (!deps.limiter.sweep) return
  await deps.jobs.work(sweepQueue, { concurrency: 1, retries: 0 }, (_, signal) => runQuotaSweep(deps, signal))
  await deps.jobs.cron(sweepQueue, '41 * * * *')
}

/** As long as there is something, up to a million draws. */
export async function runQuotaSweep(
  { limiter, clock, log }: Pick<Deps, 'limiter' | 'clock' | 'log'>,
  signal?: AbortSignal,
): Promise<void> {
  let count = 0
  for (let turn = 0; turn < 1_000 && !signal?.aborted; turn++) {
    const swept = (await limiter.sweep?.(clock.now())) ?? 0
    count += swept
    if (swept === 0) break
  }
  if (count > 0) log.debug('quota.swept', { count })
}

const sweepQueue = 'quota.sweep'
