import type { Instant } from '../../ports/clock.ts'
import type { ClaimedSlot, Schedule, Slot } from '../../ports/schedule.ts'
import { laneNumber } from './lanes.ts'

/** A slot with what claiming goes by: see the table `schedule`. */
interface Row extends Slot {
  readonly readyAt: Instant
  readonly wokenAt: Instant | null
}

/** The schedule in memory. */
export function openMemorySchedule(): Schedule {
  const rows = new Map<string, Row>()
  const find = (environmentId: string, { connectionId, stream }: Pick<Slot, 'connectionId' | 'stream'>) =>
    rows.get(keyOf({ environmentId, connectionId, stream }))
  const set = (row: Row) => void rows.set(keyOf(row), row)

  const take = (wanted: Row[], { claim, until, limit }: { claim: string; until: Instant; limit: number }) =>
    wanted
      .sort((one, other) => laneNumber(one.lane) - laneNumber(other.lane) || one.readyAt - other.readyAt)
      .slice(0, limit)
      .map((row): ClaimedSlot => {
        const claimed = { ...row, claim, claimedUntil: until, readyAt: until, wokenAt: null }
        set(claimed)
        return { ...toSlot(claimed), lapsed: row.claim !== null }
      })

  const changeHeld = <Key extends Pick<Slot, 'connectionId' | 'stream'>>(
    environmentId: string,
    claim: string,
    keys: readonly Key[],
    change: (row: Row, key: Key) => Partial<Row>,
  ) => {
    let count = 0
    for (const key of keys) {
      const row = find(environmentId, key)
      if (row?.claim !== claim) continue
      set({ ...row, ...change(row, key) })
      count++
    }
    return count
  }

  const ofConnection = (environmentId: string, connectionId: string, streams: readonly string[] | undefined) =>
    [...rows.values()].filter(
      (row) =>
        row.environmentId === environmentId &&
        row.connectionId === connectionId &&
        (streams === undefined || streams.includes(row.stream)),
    )

  return {
    async put(environmentId, slots) {
      for (const slot of slots) {
        const { everyMs, blocked, integrationId } = slot
        const before = find(environmentId, slot)
        set(
          before
            ? { ...before, everyMs, blocked, integrationId }
            : { ...neverRun, ...slot, environmentId, readyAt: slot.dueAt },
        )
      }
    },

    async claim({ now, upTo = 'backfill', ...options }) {
      const due = [...rows.values()].filter(
        (row) => row.blocked === null && row.readyAt <= now && laneNumber(row.lane) <= laneNumber(upTo),
      )
      return take(due, options)
    },

    async claimCompanions({ environmentId, integrationId, stream, before, now, ...options }) {
      const due = [...rows.values()].filter(
        (row) =>
          row.environmentId === environmentId &&
          row.integrationId === integrationId &&
          row.stream === stream &&
          row.blocked === null &&
          (row.readyAt <= now || (row.readyAt < before && row.claim === null && row.lastFault === null)),
      )
      return take(due, options)
    },

    async extend(environmentId, claim, slots, until) {
      return changeHeld(environmentId, claim, slots, () => ({ claimedUntil: until, readyAt: until }))
    },

    async release(environmentId, claim, slots, at) {
      return changeHeld(environmentId, claim, slots, ({ dueAt, wokenAt }) => ({
        ...free,
        dueAt: Math.min(dueAt, wokenAt ?? dueAt),
        readyAt: Math.min(at, wokenAt ?? at),
      }))
    },

    async finish(environmentId, claim, outcomes) {
      return changeHeld(environmentId, claim, outcomes, (row, outcome) => {
        const dueAt = Math.min(outcome.dueAt, row.wokenAt ?? outcome.dueAt)
        return {
          ...free,
          dueAt,
          readyAt: dueAt,
          lane: row.wokenAt === null ? 'scheduled' : row.lane,
          failures: outcome.failures,
          blocked: outcome.blocked ?? row.blocked,
          lastRunId: outcome.runId,
          lastFault: outcome.fault,
          lastEndedAt: outcome.endedAt,
          syncedAt: outcome.fault === null ? outcome.endedAt : row.syncedAt,
        }
      })
    },

    async endClaims(now) {
      const held = [...rows.values()].filter((row) => row.claimedUntil !== null && row.claimedUntil > now)
      for (const row of held) set({ ...row, claimedUntil: now, readyAt: now })
      return held.length
    },

    async wake(environmentId, connectionId, { streams, lane, at }) {
      const wanted = ofConnection(environmentId, connectionId, streams).filter((row) => row.blocked === null)
      for (const row of wanted) {
        const higher = laneNumber(lane) < laneNumber(row.lane) ? lane : row.lane
        set(
          row.claim === null
            ? { ...row, lane: higher, dueAt: Math.min(row.dueAt, at), readyAt: Math.min(row.readyAt, at) }
            : { ...row, lane: row.wokenAt === null ? lane : higher, wokenAt: Math.min(row.wokenAt ?? at, at) },
        )
      }
      return wanted.length
    },

    async block(environmentId, connectionId, { streams, blocked }) {
      for (const row of ofConnection(environmentId, connectionId, streams)) set({ ...row, blocked })
    },

    async of(environmentId, connectionIds) {
      return [...rows.values()]
        .filter((row) => row.environmentId === environmentId && connectionIds.includes(row.connectionId))
        .sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
        .map(toSlot)
    },

    async nextDueAt() {
      let next: Instant | null = null
      for (const { blocked, readyAt } of rows.values())
        if (blocked === null && (next === null || readyAt < next)) next = readyAt
      return next
    },
  }
}

const keyOf = ({ environmentId, connectionId, stream }: Pick<Slot, 'environmentId' | 'connectionId' | 'stream'>) =>
  `${environmentId}\n${connectionId}\n${stream}`

const free = { claim: null, claimedUntil: null, wokenAt: null }

const neverRun = { ...free, failures: 0, lastRunId: null, lastEndedAt: null, syncedAt: null, lastFault: null }

const toSlot = ({ readyAt: _, wokenAt: __, ...slot }: Row): Slot => slot
