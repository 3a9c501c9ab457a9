import { randomUUID } from 'node:crypto'
import { PgBoss } from 'pg-boss'
import type { Jobs } from '../../ports/jobs.ts'
import type { Log } from '../../ports/log.ts'
import { toDatabaseError } from '../database/database-error.ts'

/** A job that ends in neither way within this time is given to somebody else. */
const expireInSeconds = 300
/** Finished jobs are kept for a week, to be looked at. */
const keptSeconds = 7 * 24 * 3600

/** Jobs in PostgreSQL, in a schema of pg-boss's own. Queues are made when they are first named. */
export function openPgBoss(options: { connection: string; log: Log; pollSeconds?: number }): Jobs {
  const { log, pollSeconds = 2 } = options
  const boss = new PgBoss({
    ...{ connectionString: options.connection, max: 3, application_name: 'patchbay jobs' },
    connectionTimeoutMillis: 5_000,
  })
  boss.on('error', (error) => log.warn('jobs.error', { message: error.message }))
  const queues = new Map<string, Promise<void>>()
  /** Queue by queue, what is being handled here. */
  const running: string[] = []

  return {
    async start() {
      await boss.start()
    },

    async stop(timeoutMs) {
      await boss.stop({ graceful: true, timeout: timeoutMs })
      // The library gives them to somebody else. Whoever wonders why a stop took its whole time reads which they were.
      if (running.length > 0) log.warn('jobs.left', { queues: running.toSorted(), timeoutMs })
    },

    async send(queue, data, { at, key } = {}) {
      try {
        await ensure(queue)
        const id = await boss.send(queue, data, {
          // The queue holds one waiting job a key: one without gets a key that nobody else has.
          singletonKey: key ?? randomUUID(),
          ...(at !== undefined && { startAfter: new Date(at) }),
        })
        return id !== null
      } catch (error) {
        throw toDatabaseError(error)
      }
    },

    async work(queue, { concurrency, retries }, handler) {
      await ensure(queue)
      await boss.updateQueue(queue, { retryLimit: retries, retryBackoff: true, retryDelay: 1, expireInSeconds })
      await boss.work(queue, { localConcurrency: concurrency, pollingIntervalSeconds: pollSeconds }, async ([job]) => {
        if (!job) return
        running.push(queue)
        try {
          await handler((job.data ?? {}) as Record<string, unknown>, job.signal)
        } finally {
          running.splice(running.indexOf(queue), 1)
        }
      })
    },

    async cron(queue, expression) {
      await ensure(queue)
      await boss.schedule(queue, expression, null, { tz: 'UTC' })
    },
  }

  /** `short`: while one job of a key waits, another is not added. */
  function ensure(queue: string): Promise<void> {
    let made = queues.get(queue)
    if (!made) {
      made = boss.createQueue(queue, { policy: 'short', deleteAfterSeconds: keptSeconds })
      queues.set(queue, made)
      made.catch(() => queues.delete(queue))
    }
    return made
  }
}
