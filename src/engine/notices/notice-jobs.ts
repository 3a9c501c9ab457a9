import { dayMs } from '@patchbay/kit'
import { inEachEnvironment } from '../in-each-environment.ts'
import { type NoticeParts, runNotices } from './deliver-notices.ts'

/** Tells people what waits for them, every minute, and forgets what is long done. */
export async function startNoticeJobs(parts: NoticeParts): Promise<void> {
  const { jobs } = parts.deps
  await jobs.work(tellQueue, { concurrency: 1, retries: 0 }, (_, signal) => runNotices(parts, signal))
  await jobs.cron(tellQueue, '* * * * *')
  await jobs.work(sweepQueue, { concurrency: 1, retries: 0 }, (_, signal) => runNoticeSweep(parts, signal))
  await jobs.cron(sweepQueue, '41 * * * *')
}

/** A quarter of a year after a task was done nobody asks any more who was told of it. */
export async function runNoticeSweep({ deps }: Pick<NoticeParts, 'deps'>, signal?: AbortSignal): Promise<void> {
  const environments = (await deps.notices.environments()).map((id) => ({ id }))
  const sweepIn = async ({ id }: { id: string }) => {
    await deps.notices.sweep(id, deps.clock.now() - 90 * dayMs)
  }
  await inEachEnvironment(deps, environments, 'notices.not_swept', sweepIn, signal)
}

const tellQueue = 'notices.tell'
const sweepQueue = 'notices.sweep'
