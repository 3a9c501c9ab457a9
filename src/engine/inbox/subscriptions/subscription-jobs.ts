import { type KeepParts, runKeepSubscriptions } from './keep-subscriptions.ts'
import { runLoss } from './loss.ts'
import { runWantSubscriptions } from './want-subscriptions.ts'

/** The job that does what is due about subscriptions. */
export const keepSubscriptionsQueue = 'inbox.keep-subscriptions'
const wantSubscriptionsQueue = 'inbox.want-subscriptions'
const lossQueue = 'inbox.webhook-loss'

/** Background work of subscriptions, shared by all processes. */
export async function startSubscriptionJobs(parts: KeepParts): Promise<void> {
  const { deps, setting } = parts
  await deps.jobs.work(keepSubscriptionsQueue, { concurrency: 1, retries: 0 }, (_, signal) =>
    runKeepSubscriptions(parts, signal).then(() => {}),
  )
  await deps.jobs.cron(keepSubscriptionsQueue, '* * * * *')
  await deps.jobs.work(wantSubscriptionsQueue, { concurrency: 1, retries: 0 }, (_, signal) =>
    runWantSubscriptions(deps, setting, signal),
  )
  await deps.jobs.cron(wantSubscriptionsQueue, '41 * * * *')
  await deps.jobs.work(lossQueue, { concurrency: 1, retries: 0 }, (_, signal) => runLoss(deps, setting, signal))
  await deps.jobs.cron(lossQueue, '11 5 * * *')
}
