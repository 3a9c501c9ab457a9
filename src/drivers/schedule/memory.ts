import type { Instant } from '../../ports/clock.ts'
import { type ClaimedSlot, paces, quotaFaults, type Schedule, type Slot, type SlotCount } from '../../ports/schedule.ts'
import { by } from '../history/memory-order.ts'
import { join, type KeySets } from '../key-sets.ts'
import { DueHeap } from './due-heap.ts'
import { laneNumber, lanes } from './lanes.ts'

/** A slot with what claiming goes by: see the table `schedule`. */
interface Row extends Slot {
  readonly readyAt: Instant
  readonly wokenAt: Instant | null
  /** In which order they were put. */
  readonly nth: number
}

/** The schedule in memory. */
export function openMemorySchedule(): Schedule {
  const rows = new Map<string, Row>()
  const find = (environmentId: string, { connectionId, stream }: Pick<Slot, 'connectionId' | 'stream'>) =>
    rows.get(keyOf({ environmentId, connectionId, stream }))
  /** Keys, by connection and by integration and stream. */
  const connections: KeySets = new Map()
  const groups: KeySets = new Map()
  const due = lanes.map(
    (lane) =>
      new DueHeap(({ key, readyAt }) => {
        const row = rows.get(key)!
        return row.blocked === null && row.readyAt === readyAt && row.lane === lane
      }),
  )
  const set = (row: Row) => {
    const key = keyOf(row)
    const before = rows.get(key)
    rows.set(key, row)
    if (before?.integrationId !== row.integrationId) {
      if (before) groups.get(groupOf(before))?.delete(key)
      join(groups, groupOf(row), key)
      join(connections, `${row.environmentId}\n${row.connectionId}`, key)
    }
    const isSame = before?.readyAt === row.readyAt && before.lane === row.lane && before.blocked === null
    if (row.blocked === null && !isSame) due[laneNumber(row.lane)]!.push({ key, readyAt: row.readyAt, nth: row.nth })
  }

  const hold = (row: Row, { claim, until }: { claim: string; until: Instant }): ClaimedSlot => {
    const claimed = { ...row, claim, claimedUntil: until, readyAt: until, wokenAt: null }
    set(claimed)
    return { ...toSlot(claimed), lapsed: row.claim !== null }
  }

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
    [...(connections.get(`${environmentId}\n${connectionId}`) ?? [])]
      .map((key) => rows.get(key)!)
      .filter((row) => streams === undefined || streams.includes(row.stream))

  const wakeSlots = (
    environmentId: string,
    connectionId: string,
    { streams, lane, at, apartMs = 0 }: Parameters<Schedule['wake']>[2] & { apartMs?: number },
  ): number => {
    const wanted = ofConnection(environmentId, connectionId, streams).filter((row) => row.blocked === null)
    for (const row of wanted) {
      const higher = laneNumber(lane) < laneNumber(row.lane) ? lane : row.lane
      const from = row.claimedUntil === null ? Math.max(at, (row.lastEndedAt ?? 0) + apartMs) : at + apartMs
      set(
        row.claimedUntil === null
          ? { ...row, lane: higher, dueAt: Math.min(row.dueAt, from), readyAt: Math.min(row.readyAt, from) }
          : { ...row, lane: row.wokenAt === null ? lane : higher, wokenAt: Math.min(row.wokenAt ?? from, from) },
      )
    }
    return wanted.length
  }

  return {
    async put(environmentId, slots) {
      for (const slot of slots) {
        const { everyMs, blocked, integrationId } = slot
        const before = find(environmentId, slot)
        set(
          before
            ? { ...before, everyMs, blocked, integrationId }
            : { ...neverRun, ...slot, environmentId, readyAt: slot.dueAt, nth: rows.size },
        )
      }
    },

    async claim({ now, upTo = 'backfill', limit, ...options }) {
      const keys = new Set<string>()
      for (const heap of due.slice(0, laneNumber(upTo) + 1))
        while (keys.size < limit) {
          const next = heap.peek()
          if (next === null || next.readyAt > now) break
          keys.add(heap.take()!.key)
        }
      return [...keys].map((key) => hold(rows.get(key)!, options))
    },

    async claimCompanions({ environmentId, integrationId, stream, before, share, now, limit, ...options }) {
      return (
        [...(groups.get(groupOf({ environmentId, integrationId, stream })) ?? [])]
          .map((key) => rows.get(key)!)
          .filter(
            (row) =>
              row.blocked === null &&
              (row.readyAt <= now ||
                (row.readyAt < before &&
                  row.claim === null &&
                  row.lastFault === null &&
                  (row.lastEndedAt === null || row.readyAt - now <= (row.readyAt - row.lastEndedAt) * share))),
          )
          .sort((one, other) => one.readyAt - other.readyAt)
          .slice(0, limit)
          // Who is taken goes by time alone; whose lane is higher is named first.
          .sort((one, other) => laneNumber(one.lane) - laneNumber(other.lane) || one.readyAt - other.readyAt)
          .map((row) => hold(row, options))
      )
    },

    async extend(environmentId, claim, slots, until) {
      return changeHeld(environmentId, claim, slots, () => ({ claimedUntil: until, readyAt: until }))
    },

    async release(environmentId, claim, slots, at) {
      return changeHeld(environmentId, claim, slots, ({ dueAt, wokenAt }, { lapsed }) => ({
        ...free,
        // A claim of nobody says that it lapsed.
        claim: lapsed ? 'lapsed' : null,
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
          lastQuota: outcome.quota,
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

    wake: async (environmentId, connectionId, options) => wakeSlots(environmentId, connectionId, options),

    async wakeAll(environmentId, slots, options) {
      let woken = 0
      for (const [connectionId, own] of Map.groupBy(slots, (slot) => slot.connectionId)) {
        const streams = [...new Set(own.map(({ stream }) => stream))]
        woken += wakeSlots(environmentId, connectionId, { ...options, streams })
      }
      return woken
    },

    async block(environmentId, connectionId, { streams, blocked }) {
      for (const row of ofConnection(environmentId, connectionId, streams)) set({ ...row, blocked })
    },

    async of(environmentId, connectionIds) {
      return [...new Set(connectionIds)]
        .flatMap((connectionId) => ofConnection(environmentId, connectionId, undefined))
        .sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
        .map(toSlot)
    },

    async load(environmentId, { now, stepMs, steps, integrationIds }) {
      const counts = new Map<string, SlotCount>()
      for (const row of rows.values()) {
        if (row.environmentId !== environmentId || row.blocked !== null) continue
        if (integrationIds && !integrationIds.includes(row.integrationId)) continue
        const { provider, integrationId, stream, dueAt } = row
        const everyMs = paceOf(row)
        const waiting = row.lastFault !== null && quotaFaults.includes(row.lastFault) && dueAt > now
        const quota = waiting ? row.lastQuota : null
        const step = Math.min(steps, Math.max(0, Math.floor((dueAt - now) / stepMs)))
        const key = JSON.stringify([integrationId, stream, step, everyMs, waiting, quota, provider])
        const before = counts.get(key)
        counts.set(key, {
          ...{ provider, integrationId, stream, everyMs, waiting, quota, step },
          slots: (before?.slots ?? 0) + 1,
          firstDueAt: Math.min(before?.firstDueAt ?? dueAt, dueAt),
          lastDueAt: Math.max(before?.lastDueAt ?? dueAt, dueAt),
        })
      }
      return [...counts.values()].sort(
        by(
          ({ integrationId }) => integrationId,
          ({ stream }) => stream,
          ({ step }) => step,
          ({ everyMs }) => everyMs,
          ({ waiting }) => Number(waiting),
          ({ quota }) => quota ?? '',
        ),
      )
    },

    async nextDueAt() {
      const next = due.map((heap) => heap.peek()?.readyAt ?? Number.POSITIVE_INFINITY)
      const first = Math.min(...next)
      return first === Number.POSITIVE_INFINITY ? null : first
    },
  }
}

/** Its last reading says how often it is read, by when it set the next one. */
function paceOf({ everyMs, dueAt, lastEndedAt, lastFault, lane }: Row): number {
  if (lastFault !== null || lane !== 'scheduled' || lastEndedAt === null || dueAt <= lastEndedAt) return everyMs
  return Math.min(everyMs, paces.find((pace) => dueAt - lastEndedAt <= pace) ?? everyMs)
}

const keyOf = ({ environmentId, connectionId, stream }: Pick<Slot, 'environmentId' | 'connectionId' | 'stream'>) =>
  `${environmentId}\n${connectionId}\n${stream}`

const groupOf = ({ environmentId, integrationId, stream }: Pick<Slot, 'environmentId' | 'integrationId' | 'stream'>) =>
  `${environmentId}\n${integrationId}\n${stream}`

const free = { claim: null, claimedUntil: null, wokenAt: null }

const neverRun = {
  ...free,
  failures: 0,
  lastRunId: null,
  lastEndedAt: null,
  syncedAt: null,
  lastFault: null,
  lastQuota: null,
}

const toSlot = ({ readyAt: _, wokenAt: __, nth: ___, ...slot }: Row): Slot => slot
