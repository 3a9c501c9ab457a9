import type { Clock } from '../../ports/clock.ts'
import type { Jobs } from '../../ports/jobs.ts'

interface Job {
  readonly data: Readonly<Record<string, unknown>>
  readonly key: string | undefined
  at: number
  attempts: number
}

interface Queue {
  readonly waiting: Job[]
  /** Kept to be looked at. */
  readonly dead: Job[]
  running: number
  worker?: {
    concurrency: number
    retries: number
    handler: (data: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<void>
  }
}

/** Jobs of one process, for simulations: the same promises, on the given clock. Cron expressions are remembered and fired by `fire`. */
export function openMemoryJobs(
  clock: Clock,
): Jobs & { fire(queue: string): Promise<boolean>; dead(queue: string): readonly Readonly<Record<string, unknown>>[] } {
  const queues = new Map<string, Queue>()
  const stopping = new AbortController()
  const running = new Set<Promise<void>>()
  let started = false

  const jobs: ReturnType<typeof openMemoryJobs> = {
    async start() {
      started = true
      for (const queue of queues.values()) pump(queue)
    },

    async stop(timeoutMs) {
      started = false
      const ended = Promise.allSettled(running)
      const patience = new AbortController()
      await Promise.race([ended, clock.sleep(timeoutMs, patience.signal).catch(() => {})])
      patience.abort()
      stopping.abort()
    },

    async send(name, data, { at = clock.now(), key } = {}) {
      const queue = queueOf(name)
      if (key !== undefined && queue.waiting.some((job) => job.key === key)) return false
      queue.waiting.push({ data, key, at, attempts: 0 })
      pump(queue)
      return true
    },

    async work(name, { concurrency, retries }, handler) {
      const queue = queueOf(name)
      queue.worker = { concurrency, retries, handler }
      pump(queue)
    },

    async cron(name) {
      queueOf(name)
    },

    fire: (name) => jobs.send(name, {}),
    dead: (name) => queueOf(name).dead.map(({ data }) => data),
  }
  return jobs

  function queueOf(name: string): Queue {
    let queue = queues.get(name)
    if (!queue) {
      queue = { waiting: [], dead: [], running: 0 }
      queues.set(name, queue)
    }
    return queue
  }

  function pump(queue: Queue): void {
    const { worker } = queue
    if (!started || !worker) return
    const now = clock.now()
    while (queue.running < worker.concurrency) {
      const index = queue.waiting.findIndex(({ at }) => at <= now)
      if (index < 0) break
      const [job] = queue.waiting.splice(index, 1)
      const work = run(queue, job!)
      running.add(work)
      void work.finally(() => running.delete(work))
    }
    const nextAt = Math.min(...queue.waiting.map(({ at }) => at))
    if (queue.running < worker.concurrency && Number.isFinite(nextAt)) {
      clock.sleep(Math.max(0, nextAt - now), stopping.signal).then(
        () => pump(queue),
        () => {},
      )
    }
  }

  async function run(queue: Queue, job: Job): Promise<void> {
    queue.running++
    try {
      await queue.worker!.handler(job.data, stopping.signal)
    } catch {
      job.attempts++
      if (job.attempts > queue.worker!.retries) queue.dead.push(job)
      else queue.waiting.push({ ...job, at: clock.now() + 1000 * 2 ** (job.attempts - 1) })
    } finally {
      queue.running--
      pump(queue)
    }
  }
}
