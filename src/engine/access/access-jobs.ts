import { dayMs } from '@patchbay/kit'
import type { Deps } from '../deps.ts'

type Sweep = Pick<Deps, 'access' | 'clock'> & { readonly directory: Pick<Deps['directory'], 'environments'> }

/** Background work of the API's access, shared by all processes: forgetting old idempotency keys. */
export async function startAccessJobs(deps: Sweep & Pick<Deps, 'jobs'>): Promise<void> {
  await deps.jobs.work(sweepQueue, { concurrency: 1, retries: 0 }, () => runAccessSweep(deps))
  await deps.jobs.cron(sweepQueue, '29 * * * *')
}

/** An idempotency key is good for a day: whoever retries does so within minutes, and an answer that is kept is a copy of what it says. */
export async function runAccessSweep({ access, directory, clock }: Sweep): Promise<void> {
  for (const { id } of await directory.environments()) await access.forgetUses(id, clock.now() - dayMs)
}

const sweepQueue = 'access.sweep'
