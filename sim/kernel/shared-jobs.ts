import { hour, isFault, minute, second } from '@patchbay/kit'
import { DatabaseError } from '../../src/drivers/database/database-error.ts'
import type { Jobs } from '../../src/ports/jobs.ts'
import type { Kernel } from './kernel.ts'
import { type Life, never } from './life.ts'

interface Job {
  readonly nth: number
  readonly data: Readonly<Record<string, unknown>>
  readonly key: string | undefined
  readonly attempts: number
}

interface Worker {
  readonly life: Life
  readonly concurrency: number
  readonly retries: number
  readonly handler: (data: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<void>
  /** What gives up each job that it works on. */
  readonly running: Set<() => void>
}

interface Queue {
  readonly name: string
  readonly waiting: Job[]
  /** Keys of jobs that are to be done at a later time. */
  readonly later: Set<string>
  workers: Worker[]
}

/** What the other driver does with a job whose worker says nothing any more. */
const expireMs = 300 * second

/** Why a handler's signal aborts. */
const gaveUp = new Error('the job was given up')

/**
 * One queue of jobs that all processes share, and that outlives them: at least once, with a worker chosen by chance among those that live. A job whose
 * worker died is given to somebody else when its time is over. As in the driver for PostgreSQL, a handler's signal aborts when its job is given up: its
 * time is over, or a stop has waited long enough.
 *
 * A handler may throw what it has a name for, and is then tried again. What it has none for is a bug that production would try again as silently (B01).
 */
export class SharedJobs {
  readonly #kernel: Kernel
  readonly #queues = new Map<string, Queue>()
  readonly #crons = new Map<string, number>()
  #count = 0

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Fires what is due by the minute and by the hour, for ever. `stepMs`: where days pass, every minute would be most of what happens. */
  async tick(stepMs: number): Promise<never> {
    for (let times = 1; ; times++) {
      await this.#kernel.sleep(stepMs, 0.5)
      for (const [name, everyMs] of this.#crons)
        if (times % Math.max(1, everyMs / stepMs) === 0) this.#add(name, { data: {}, key: undefined, attempts: 0 }, 0)
    }
  }

  of(life: Life): Jobs {
    const own: Worker[] = []
    let started = false
    return {
      start: async () => {
        started = true
        for (const queue of this.#queues.values()) this.#pump(queue)
      },
      stop: async (timeoutMs) => {
        for (const queue of this.#queues.values()) queue.workers = queue.workers.filter((one) => !own.includes(one))
        for (let waitedMs = 0; own.some(({ running }) => running.size > 0) && waitedMs < timeoutMs; waitedMs += 100)
          await life.clock.sleep(100)
        for (const { running } of own) for (const giveUp of [...running]) giveUp()
      },
      send: (name, data, { at, key } = {}) => {
        if (!life.alive) return never()
        const queue = this.#queueOf(name)
        if (key !== undefined && (queue.later.has(key) || queue.waiting.some((job) => job.key === key)))
          return Promise.resolve(false)
        const inMs = at === undefined ? 0 : at - life.clock.now()
        this.#add(name, { data, key, attempts: 0 }, Math.max(0, inMs))
        return Promise.resolve(true)
      },
      work: async (name, { concurrency, retries }, handler) => {
        const worker: Worker = { life, concurrency, retries, handler, running: new Set() }
        own.push(worker)
        const queue = this.#queueOf(name)
        queue.workers = [...queue.workers.filter((one) => one.life.alive), worker]
        if (started) this.#pump(queue)
      },
      cron: async (name, expression) => {
        this.#crons.set(name, expression.startsWith('* ') ? minute : hour)
      },
    }
  }

  #queueOf(name: string): Queue {
    const queue = this.#queues.get(name) ?? { name, waiting: [], later: new Set(), workers: [] }
    this.#queues.set(name, queue)
    return queue
  }

  #add(name: string, job: Omit<Job, 'nth'>, inMs: number): void {
    const queue = this.#queueOf(name)
    const added = { ...job, nth: ++this.#count }
    if (inMs === 0) {
      queue.waiting.push(added)
      this.#pump(queue)
      return
    }
    // One that is tried again does not stand in the way of a new one.
    const key = job.attempts === 0 ? job.key : undefined
    if (key !== undefined) queue.later.add(key)
    this.#kernel.after(inMs, 0.5, () => {
      if (key !== undefined) queue.later.delete(key)
      queue.waiting.push(added)
      this.#pump(queue)
    })
  }

  #pump(queue: Queue): void {
    for (;;) {
      const free = queue.workers.filter(({ life, running, concurrency }) => life.alive && running.size < concurrency)
      if (free.length === 0 || queue.waiting.length === 0) return
      const job = queue.waiting.shift()!
      const unit = this.#kernel.chance.unit(`job/${queue.name}/${job.nth}/${job.attempts}`)
      this.#run(queue, free[Math.floor(unit * free.length)]!, job)
    }
  }

  #run(queue: Queue, worker: Worker, job: Job): void {
    const { life, running } = worker
    const abandoned = new AbortController()
    const close = (again: boolean) => {
      if (!running.delete(giveUp)) return
      if (again && job.attempts < worker.retries)
        this.#add(queue.name, { ...job, attempts: job.attempts + 1 }, second * 2 ** job.attempts)
      this.#pump(queue)
    }
    const giveUp = () => {
      if (!running.has(giveUp)) return
      close(true)
      abandoned.abort(gaveUp)
    }
    running.add(giveUp)
    this.#kernel.note(life.name, 'job', `${queue.name} ${job.nth}`)
    life.deliver(() => {
      worker.handler(job.data, abandoned.signal).then(
        () => close(false),
        (error: unknown) => {
          this.#judge(queue, error, abandoned.signal)
          close(true)
        },
      )
    })
    this.#kernel.after(expireMs, 0.5, giveUp)
  }

  #judge({ name }: Queue, error: unknown, signal: AbortSignal): void {
    const wasGivenUp = signal.aborted && error === signal.reason
    if (wasGivenUp || error instanceof DatabaseError || (isFault(error) && error.code !== 'platform.bug')) return
    const says = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#kernel.violate('B01', `a job of ${name} threw what nobody has a name for: ${says}`)
  }
}
