import { type Cost, calendarAround, calendarOf, limitedBy, openCosts, type Quota } from '@patchbay/kit'

/** How much a call takes from which quota. */
export interface Take {
  readonly quota: Quota
  /** `app:4f2…`, `account:UC1…`: whose bucket. */
  readonly bucket: string
  readonly amount: number
}

export type Admission =
  | { readonly admitted: true; readonly release: () => void }
  | { readonly admitted: false; readonly quota: string; readonly bucket: string; readonly waitMs: number }

/**
 * The limits of one provider as the provider counts them: at arrival, to the millisecond. A rolling window is an exact log of what came in
 * (a burst on the edge of two fixed windows does not slip through), a day or month is the calendar's in its zone, and of several
 * quotas either all have room or nothing is taken. What is refused does not count.
 */
export class QuotaMeter {
  readonly #costs: ReturnType<typeof openCosts>
  readonly #quotas: Map<string, Quota>
  readonly #buckets = new Map<string, Bucket>()

  constructor(quotas: readonly Quota[], costs: readonly Cost[] = []) {
    this.#quotas = new Map(quotas.map((quota) => [quota.id, quota]))
    this.#costs = openCosts({ quotas, costs })
  }

  get quotas(): Quota[] {
    return [...this.#quotas.values()]
  }

  /** Makes a limit smaller or larger for this run. */
  change(id: string, limit: number): void {
    const quota = this.#quotas.get(id)
    if (!quota) throw new RangeError(`no quota is called ${id}; there are: ${[...this.#quotas.keys()].join(', ')}`)
    this.#quotas.set(id, { ...quota, limit })
  }

  /** Which buckets a call concerns, and by how much. */
  takes(
    call: { method: string; place: string },
    by: { app: string | null; user: string | null; account: string | null; settings: Readonly<Record<string, string>> },
  ): Take[] {
    return Object.entries(this.#costs(call.method, call.place, by.settings)).flatMap(([id, amount]) => {
      const quota = this.#quotas.get(id)!
      // Every request to the sandbox comes from one address. A call in nobody's name has no account to count for.
      const whose = quota.per === 'ip' ? 'local' : by[quota.per]
      return whose === null
        ? []
        : [{ quota: limitedBy(quota, by.settings), bucket: `${id}/${quota.per}:${whose}`, amount }]
    })
  }

  admit(takes: readonly Take[], now: number): Admission {
    let refused: { quota: string; bucket: string; waitMs: number } | undefined
    for (const { quota, bucket, amount } of takes) {
      const waitMs = this.#bucket(bucket).waitMs(quota, amount, now)
      if (waitMs > 0 && waitMs > (refused?.waitMs ?? 0)) refused = { quota: quota.id, bucket, waitMs }
    }
    if (refused) return { admitted: false, ...refused }
    for (const { quota, bucket, amount } of takes) this.#bucket(bucket).take(quota, amount, now)
    return {
      admitted: true,
      release: () => {
        for (const { quota, bucket, amount } of takes) this.#bucket(bucket).release(quota, amount)
      },
    }
  }

  /** The share (0–1) of each quota that is used in the buckets of a call. */
  used(takes: readonly Take[], now: number): Record<string, number> {
    const used: Record<string, number> = {}
    for (const { quota, bucket } of takes) used[quota.id] = this.#bucket(bucket).used(quota, now) / quota.limit
    return used
  }

  #bucket(name: string): Bucket {
    let bucket = this.#buckets.get(name)
    if (!bucket) {
      bucket = new Bucket()
      this.#buckets.set(name, bucket)
    }
    return bucket
  }
}

class Bucket {
  /** Rolling windows: what came in and when, oldest first. */
  #log: { at: number; amount: number }[] = []
  #sum = 0
  /** The calendar's day or month that was last counted in, by its first instant. */
  #startsAt = Number.NEGATIVE_INFINITY
  #usedSince = 0
  #running = 0

  used(quota: Quota, now: number): number {
    const { window } = quota
    const calendar = calendarOf(quota)
    if (calendar) return calendarAround(calendar, now).startsAt === this.#startsAt ? this.#usedSince : 0
    if ('rollingMs' in window) this.#forget(now - window.rollingMs)
    return 'rollingMs' in window ? this.#sum : this.#running
  }

  /** How long until so much fits: 0 when it does. */
  waitMs(quota: Quota, amount: number, now: number): number {
    const { window, limit } = quota
    let over = this.used(quota, now) + amount - limit
    if (over <= 0) return 0
    const calendar = calendarOf(quota)
    if (calendar) return calendarAround(calendar, now).endsAt - now
    if (!('rollingMs' in window)) return 1000
    for (const entry of this.#log) {
      over -= entry.amount
      if (over <= 0) return entry.at + window.rollingMs - now
    }
    return window.rollingMs
  }

  take(quota: Quota, amount: number, now: number): void {
    const calendar = calendarOf(quota)
    if ('concurrent' in quota.window) this.#running += amount
    else if (calendar) {
      const { startsAt } = calendarAround(calendar, now)
      this.#usedSince = (startsAt === this.#startsAt ? this.#usedSince : 0) + amount
      this.#startsAt = startsAt
    } else {
      this.#log.push({ at: now, amount })
      this.#sum += amount
    }
  }

  release({ window }: Quota, amount: number): void {
    if ('concurrent' in window) this.#running = Math.max(0, this.#running - amount)
  }

  /** The window is open at its old end: what came in exactly one window ago no longer counts. */
  #forget(until: number): void {
    let gone = 0
    while (gone < this.#log.length && this.#log[gone]!.at <= until) this.#sum -= this.#log[gone++]!.amount
    if (gone > 0) this.#log.splice(0, gone)
  }
}
