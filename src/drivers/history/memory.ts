import type { Connections } from '../../ports/connections.ts'
import type {
  Beat,
  CallCount,
  Gap,
  History,
  ReadingEnd,
  RefreshWait,
  RequestCount,
  Step,
  Window,
} from '../../ports/history.ts'
import type { Journal } from '../../ports/journal.ts'
import { peakOf } from './memory-peaks.ts'

/** History in memory. Calls, runs and transitions are those of the other memory stores of this world. */
export function openMemoryHistory(world: { journal: Journal; connections: Connections }): History {
  const readings = new Map<string, ReadingEnd & { environmentId: string }>()
  const beats = new Map<string, Beat>()
  const requests = new Map<string, RequestCount>()
  const waits = new Map<string, RefreshWait & { environmentId: string }>()
  const callsOf = (environmentId: string) => world.journal.readCalls(environmentId, all)
  const runsOf = (environmentId: string) => world.journal.readRuns(environmentId, all)

  return {
    async callCounts(environmentId, { answers, ...window }) {
      const wentOn = await runsThatWentOn(environmentId)
      const counts = new Map<string, CallCount>()
      for (const { provider, fault, runId, attempts, startedAt } of await callsOf(environmentId)) {
        if (!within(startedAt, window) || !isAnswered({ fault, runId }, answers, wentOn)) continue
        const key = `${provider} ${fault ?? ''}`
        const before = counts.get(key) ?? { provider, fault, calls: 0, attempts: 0 }
        counts.set(key, { provider, fault, calls: before.calls + 1, attempts: before.attempts + attempts })
      }
      return [...counts.values()].sort(
        by(
          ({ provider }) => provider,
          ({ fault }) => fault ?? '',
        ),
      )
    },

    async failedCalls(environmentId, { answers, limit, ...window }) {
      const wentOn = await runsThatWentOn(environmentId)
      const states = new Map((await runsOf(environmentId)).map(({ id, state }) => [id, state]))
      return (await callsOf(environmentId))
        .flatMap(({ id, provider, connectionId, runId, fault, attempts, startedAt, durationMs }) =>
          fault === null || !within(startedAt, window) || isAnswered({ fault, runId }, answers, wentOn)
            ? []
            : [
                {
                  ...{ id, provider, connectionId, runId, fault, attempts, startedAt },
                  runState: (runId === null ? null : states.get(runId)) ?? null,
                  endedAt: startedAt + Math.round(durationMs),
                },
              ],
        )
        .sort(
          by(
            ({ startedAt }) => startedAt,
            ({ id }) => id,
          ),
        )
        .slice(0, limit)
    },

    async steps(environmentId, { limit, from, to }) {
      const found: Step[] = []
      for (const { id, provider } of await everyConnection(environmentId)) {
        const steps = (await world.connections.transitions(environmentId, id, Number.MAX_SAFE_INTEGER)).toReversed()
        const first = steps.findLastIndex(({ at }) => at < from)
        for (const step of steps.slice(Math.max(0, first))) if (step.at < to) found.push({ ...step, provider })
      }
      return found.sort(by(({ at }) => at, ({ connectionId }) => connectionId)).slice(0, limit) // biome-ignore format: one line
    },

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

    async firstReadings(environmentId, { to }) {
      return [...(await wholeReadings(environmentId, to)).values()]
        .flatMap((read) => read.slice(0, 1))
        .map(({ connectionId, provider, stream, endedAt }) => ({ connectionId, provider, stream, at: endedAt }))
        .sort(by(({ connectionId }) => connectionId, ({ stream }) => stream)) // biome-ignore format: one line
    },

    async gaps(environmentId, { from, to, longerThanMs, limit }) {
      const gaps: Gap[] = []
      for (const read of (await wholeReadings(environmentId, to)).values())
        for (const [i, { connectionId, provider, stream, startedAt }] of read.entries()) {
          const until = read[i + 1]?.endedAt ?? to
          if (until - startedAt > longerThanMs && until > from)
            gaps.push({ connectionId, provider, stream, from: startedAt, to: until })
        }
      return gaps.sort(by(({ from }) => from, ({ connectionId }) => connectionId, ({ stream }) => stream)).slice(0, limit) // biome-ignore format: one line
    },

    async peaks(environmentId, { from, to }, quotas) {
      const calls = await callsOf(environmentId)
      const connections = new Map((await everyConnection(environmentId)).map((one) => [one.id, one]))
      return quotas.flatMap((quota) => peakOf(quota, calls, connections, { from, to }))
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
        .sort(by(({ askedAt }) => askedAt, ({ id }) => id)) // biome-ignore format: one line
        .slice(0, limit)
    },

    async sweep(before) {
      return (
        drop(readings, ({ at }) => at < before) +
        drop(beats, ({ at }) => at < before) +
        drop(requests, ({ minute }) => minute < before) +
        drop(waits, ({ askedAt }) => askedAt < before)
      )
    },
  }

  async function runsThatWentOn(environmentId: string): Promise<ReadonlySet<string>> {
    const went = (await runsOf(environmentId)).filter(({ state }) => state === 'succeeded' || state === 'partial')
    return new Set(went.map(({ id }) => id))
  }

  async function everyConnection(environmentId: string) {
    const lists = await Promise.all([
      world.connections.list(environmentId, all),
      world.connections.list(environmentId, { ...all, state: 'disconnected' }),
    ])
    return lists.flat()
  }

  /** Connection and stream → readings that ended well before `to`, oldest first. */
  async function wholeReadings(environmentId: string, to: number) {
    const failed = new Set(
      [...readings.values()]
        .filter(({ fault }) => fault !== null)
        .map(({ at, connectionId, stream, runId }) => [at, connectionId, stream, runId].join('\n')),
    )
    const whole = (await runsOf(environmentId)).flatMap(
      ({ id, provider, stream, state, startedAt, endedAt, connectionIds }) =>
        (state !== 'succeeded' && state !== 'partial') || endedAt === null || endedAt >= to
          ? []
          : connectionIds
              .filter((connectionId) => !failed.has([endedAt, connectionId, stream, id].join('\n')))
              .map((connectionId) => ({ connectionId, provider, stream, startedAt, endedAt, runId: id })),
    )
    whole.sort(by(({ endedAt }) => endedAt, ({ runId }) => runId)) // biome-ignore format: one line
    return Map.groupBy(whole, ({ connectionId, stream }) => `${connectionId}\n${stream}`)
  }
}

const isAnswered = (
  { fault, runId }: { fault: string | null; runId: string | null },
  answers: readonly string[],
  wentOn: ReadonlySet<string>,
) => fault === null || (answers.includes(fault) && runId !== null && wentOn.has(runId))

const all = { limit: Number.MAX_SAFE_INTEGER }

const within = (at: number, { from, to }: Window) => at >= from && at < to

const minuteOf = (at: number) => Math.floor(at / 60_000) * 60_000

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

function drop<Row>(rows: Map<string, Row>, isOld: (row: Row) => boolean): number {
  const old = [...rows].filter(([, row]) => isOld(row))
  for (const [key] of old) rows.delete(key)
  return old.length
}

/** In the order of the first key that differs. */
function by<Row>(...keys: ((row: Row) => string | number)[]): (one: Row, other: Row) => number {
  return (one, other) => {
    for (const key of keys) {
      const [a, b] = [key(one), key(other)]
      if (a !== b) return a < b ? -1 : 1
    }
    return 0
  }
}
