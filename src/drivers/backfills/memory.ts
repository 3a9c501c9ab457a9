import { type Backfill, type Backfills, openBackfillStates, restingBackfillStates } from '../../ports/backfills.ts'
import type { AlongLog } from '../along/memory.ts'

type Row = Backfill & { readonly claim: string | null; readonly claimedUntil: number | null }

/** Backfills in memory. */
export function openMemoryBackfills(log: AlongLog): Backfills {
  const rows = new Map<string, Row>()
  const keyOf = (environmentId: string, id: string) => `${environmentId}\n${id}`
  const set = (row: Row) => rows.set(keyOf(row.environmentId, row.id), row)
  const held = (environmentId: string, id: string, claim: string) => {
    const row = rows.get(keyOf(environmentId, id))
    return row?.claim === claim && row.state === 'running' ? row : null
  }
  const openOf = ({ environmentId, connectionId, stream }: Backfill) =>
    [...rows.values()].find(
      (row) =>
        row.environmentId === environmentId &&
        row.connectionId === connectionId &&
        row.stream === stream &&
        openBackfillStates.includes(row.state),
    )

  return {
    async create(backfill, along) {
      const { environmentId } = backfill
      const open = openOf(backfill)
      if (open) return toBackfill(open)
      set({ ...backfill, claim: null, claimedUntil: null })
      log.write(environmentId, along)
      return null
    },

    async read(environmentId, id) {
      const row = rows.get(keyOf(environmentId, id))
      return row ? toBackfill(row) : null
    },

    async list(environmentId, { connectionId, state, before, limit }) {
      return [...rows.values()]
        .filter(
          (row) =>
            row.environmentId === environmentId &&
            (connectionId === undefined || row.connectionId === connectionId) &&
            (state === undefined || row.state === state) &&
            (before === undefined || row.id < before),
        )
        .sort((one, other) => (one.id < other.id ? 1 : -1))
        .slice(0, limit)
        .map(toBackfill)
    },

    async claim({ now, until, claim }) {
      const [first] = [...rows.values()]
        .filter(({ state, readyAt }) => (state === 'waiting' || state === 'running') && readyAt <= now)
        .sort((one, other) => one.readyAt - other.readyAt || (one.id < other.id ? -1 : 1))
      if (!first) return null
      const row: Row = {
        ...{ ...first, state: 'running', claim, claimedUntil: until, readyAt: until },
        startedAt: first.startedAt ?? now,
      }
      set(row)
      return toBackfill(row)
    },

    async report(environmentId, id, claim, { until, ...progress }) {
      const row = held(environmentId, id, claim)
      if (!row) return false
      set({ ...row, ...progress, claimedUntil: until, readyAt: until })
      return true
    },

    async release(environmentId, id, claim, outcome, along) {
      const row = held(environmentId, id, claim)
      if (!row) return false
      set({ ...row, ...outcome, claim: null, claimedUntil: null })
      if (along) log.write(environmentId, along)
      return true
    },

    async move(environmentId, id, { from, to, at }, along) {
      const row = rows.get(keyOf(environmentId, id))
      if (!row || !from.includes(row.state)) return 'stale'
      if (openBackfillStates.includes(to) && (openOf(row) ?? row).id !== id) return 'another'
      const end = to === 'cancelled' ? at : null
      set({
        ...row,
        state: to,
        claim: null,
        claimedUntil: null,
        readyAt: at,
        endedAt: end,
        failures: 0,
        fault: null,
        says: null,
      })
      log.write(environmentId, along)
      return 'moved'
    },

    async untouched(environmentId, { before, limit }) {
      return [...rows.values()]
        .filter((row) => row.environmentId === environmentId && isUntouched(row, before))
        .sort((one, other) => (one.id < other.id ? -1 : 1))
        .slice(0, limit)
        .map(({ id, connectionId }) => ({ id, connectionId }))
    },

    async forget(environmentId, ids, before) {
      const keys = ids.map((id) => keyOf(environmentId, id))
      const gone = keys.filter((key) => rows.has(key) && isUntouched(rows.get(key)!, before))
      for (const key of gone) rows.delete(key)
      return gone.length
    },
  }
}

const isUntouched = ({ state, readyAt }: Row, before: number) =>
  restingBackfillStates.includes(state) && readyAt < before

const toBackfill = ({ claim: _, claimedUntil: __, ...backfill }: Row): Backfill => backfill
