import type { Connections } from '../../ports/connections.ts'
import type { CallCount, Gap, History, Step, StreamCost } from '../../ports/history.ts'
import type { CallRecord, Journal, RunRecord } from '../../ports/journal.ts'
import { openKeptRows } from './memory-kept.ts'
import { by, within } from './memory-order.ts'
import { peakOf } from './memory-peaks.ts'

/** History in memory. Calls, runs and transitions are those of the other memory stores of this world. */
export function openMemoryHistory(world: { journal: Journal; connections: Connections }): History {
  const kept = openKeptRows()
  const callsOf = (environmentId: string) => world.journal.readCalls(environmentId, all)
  const runsOf = (environmentId: string) => world.journal.readRuns(environmentId, all)

  return {
    ...kept,

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

    async streamCosts(environmentId, { streams, since, runs: most }) {
      const runs = (await runsOf(environmentId)).filter(
        ({ state, trigger, startedAt }) =>
          (state === 'succeeded' || state === 'partial') && trigger !== 'initial' && startedAt >= since,
      )
      const callsOfRun = Map.groupBy(await callsOf(environmentId), ({ runId }) => runId)
      const asked = new Map(streams.map((one) => [`${one.integrationId}\n${one.stream}`, one]))
      return [...asked.values()]
        .flatMap((one) => {
          const own = runs
            .filter(({ integrationId, stream }) => integrationId === one.integrationId && stream === one.stream)
            .slice(0, most)
          return own.length === 0
            ? []
            : [costOf(one, own, own.flatMap(({ id }) => callsOfRun.get(id) ?? []))]
        })
        .sort(by(({ integrationId }) => integrationId, ({ stream }) => stream)) // biome-ignore format: one line
    },

    async peaks(environmentId, { from, to }, quotas) {
      const calls = await callsOf(environmentId)
      const connections = new Map((await everyConnection(environmentId)).map((one) => [one.id, one]))
      return quotas.flatMap((quota) => peakOf(quota, calls, connections, { from, to }))
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
    const ends = await kept.readings(environmentId, { from: Number.NEGATIVE_INFINITY, to, ...all })
    const failed = new Set(
      ends
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

/** Together, what those runs took. */
function costOf(
  { integrationId, stream }: Pick<StreamCost, 'integrationId' | 'stream'>,
  runs: readonly RunRecord[],
  calls: readonly CallRecord[],
): StreamCost {
  const takes: Record<string, number> = {}
  for (const { cost } of calls)
    for (const [quota, amount] of Object.entries(cost)) takes[quota] = (takes[quota] ?? 0) + amount
  const readings = runs.reduce((sum, { connectionIds }) => sum + connectionIds.length, 0)
  return { integrationId, stream, runs: runs.length, readings, calls: calls.length, takes }
}
