import { minute } from '@patchbay/kit'
import type { Beat, History, ReadingEnd, RefreshWait, RequestCount } from '../../ports/history.ts'
import { by, within } from './memory-order.ts'

type Kept = Pick<
  History,
  'noteReadings' | 'readings' | 'beat' | 'beats' | 'countRequests' | 'requests' | 'noteRefresh' | 'refreshes' | 'sweep'
>

/** The rows that only history keeps. */
export function openKeptRows(): Kept {
  const readings = new Aging<ReadingEnd & { environmentId: string }>(({ at }) => at)
  const beats = new Aging<Beat>(({ at }) => at)
  const requests = new Aging<RequestCount>(({ minute }) => minute)
  const waits = new Aging<RefreshWait & { environmentId: string }>(({ askedAt }) => askedAt)

  return {
    async noteReadings(environmentId, ends) {
      for (const end of ends) {
        const key = [environmentId, end.at, end.connectionId, end.stream, end.runId].join('\n')
        if (!readings.has(key)) readings.set(key, { ...end, environmentId })
      }
    },

    async readings(environmentId, { limit, ...window }) {
      return own(readings.values(), environmentId)
        .filter(({ at }) => within(at, window))
        .sort(
          by(
            ({ at }) => at,
            ({ connectionId }) => connectionId,
            ({ stream }) => stream,
            ({ runId }) => runId,
          ),
        )
        .slice(0, limit)
    },

    async beat(beat) {
      const minute = minuteOf(beat.at)
      const key = `${minute} ${beat.process}`
      if (!beats.has(key)) beats.set(key, { ...beat, at: minute })
    },

    async beats(window) {
      const minutes = new Map<number, boolean>()
      let since: number | null = null
      for (const { at, planner } of beats.values()) {
        since = since === null ? at : Math.min(since, at)
        if (within(at, window)) minutes.set(at, (minutes.get(at) ?? false) || planner === 'at_work')
      }
      return { since, alive: minutes.size, working: [...minutes.values()].filter(Boolean).length }
    },

    async countRequests(counts) {
      for (const count of counts) {
        const minute = minuteOf(count.minute)
        const key = [count.environmentId, minute, count.operation].join('\n')
        requests.set(key, addCounts({ ...count, minute }, requests.get(key)))
      }
    },

    async requests(environmentId, window) {
      const sums = new Map<string, RequestCount>()
      for (const count of requests.values())
        if ([environmentId, ''].includes(count.environmentId) && within(count.minute, window))
          sums.set(count.operation, addCounts(count, sums.get(count.operation)))
      return [...sums.values()]
        .map(({ environmentId: _, minute: __, ...sum }) => sum)
        .sort(by(({ operation }) => operation))
    },

    async noteRefresh(environmentId, wait) {
      const key = `${environmentId}\n${wait.id}`
      if (!waits.has(key)) waits.set(key, { ...wait, environmentId })
    },

    async refreshes(environmentId, { limit, ...window }) {
      return own(waits.values(), environmentId)
        .filter(({ askedAt }) => within(askedAt, window))
        .sort(
          by(
            ({ askedAt }) => askedAt,
            ({ id }) => id,
          ),
        )
        .slice(0, limit)
    },

    async sweep(before) {
      return [readings, beats, requests, waits].reduce((sum, rows) => sum + rows.drop(before), 0)
    },
  }
}

const minuteOf = (at: number) => Math.floor(at / minute) * minute

function own<Row extends { environmentId: string }>(rows: Iterable<Row>, environmentId: string) {
  return [...rows]
    .filter((row) => row.environmentId === environmentId)
    .map(({ environmentId: _, ...row }) => row as Omit<Row, 'environmentId'>)
}

const addCounts = (count: RequestCount, before: RequestCount | undefined): RequestCount => ({
  ...count,
  ok: count.ok + (before?.ok ?? 0),
  refused: count.refused + (before?.refused ?? 0),
  failed: count.failed + (before?.failed ?? 0),
  upstream: count.upstream + (before?.upstream ?? 0),
  left: count.left + (before?.left ?? 0),
})

/** Rows that are forgotten by their age. While the oldest is young enough nobody looks through them: a simulated year has half a million. */
class Aging<Row> extends Map<string, Row> {
  readonly #at: (row: Row) => number
  #oldestAt = Number.POSITIVE_INFINITY

  constructor(at: (row: Row) => number) {
    super()
    this.#at = at
  }

  override set(key: string, row: Row): this {
    this.#oldestAt = Math.min(this.#oldestAt, this.#at(row))
    return super.set(key, row)
  }

  /** Forgets what is of a time before that, and tells how much it was. */
  drop(before: number): number {
    if (this.#oldestAt >= before) return 0
    const count = this.size
    this.#oldestAt = Number.POSITIVE_INFINITY
    for (const [key, row] of this) {
      const at = this.#at(row)
      if (at < before) this.delete(key)
      else this.#oldestAt = Math.min(this.#oldestAt, at)
    }
    return count - this.size
  }
}
