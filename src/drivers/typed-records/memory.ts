import type { TypedRecord, TypedRecordChange, TypedRecords } from '../../ports/typed-records.ts'
import type { AlongLog } from '../along/memory.ts'
import { storable } from '../records/storable.ts'
import { isNewer, nameOf, newestStates } from './newest-states.ts'

/** Typed records in memory. */
export function openMemoryTypedRecords(log: AlongLog): TypedRecords {
  const environments = new Map<string, Map<string, TypedRecord>>()
  return {
    async save(environmentId, records, { at, of }) {
      const rows = environments.get(environmentId) ?? new Map<string, TypedRecord>()
      environments.set(environmentId, rows)
      const changes: TypedRecordChange[] = []
      for (const record of newestStates(records)) {
        const before = rows.get(nameOf(record))
        if (before && !isNewer(record, before)) continue
        const { id, firstSeenAt } = before ?? { id: record.id, firstSeenAt: at }
        const row = storable({ ...record, id, firstSeenAt, seenAt: at })
        rows.set(nameOf(record), row)
        changes.push({ was: before ? 'changed' : 'created', record: row })
      }
      if (changes.length > 0) log.write(environmentId, of(changes))
      return changes.length
    },

    async erase(environmentId, connectionId) {
      const rows = environments.get(environmentId) ?? new Map<string, TypedRecord>()
      let count = 0
      for (const [name, row] of rows) if (row.connectionId === connectionId && rows.delete(name)) count++
      return count
    },

    async list(environmentId, { kind, connections, removed = false, before, limit }) {
      return [...(environments.get(environmentId)?.values() ?? [])]
        .filter(
          (row) =>
            row.kind === kind &&
            row.removed === removed &&
            (connections?.includes(row.connectionId) ?? true) &&
            (before === undefined || row.id < before),
        )
        .sort((one, other) => (one.id < other.id ? 1 : -1))
        .slice(0, limit)
        .map((row) => structuredClone(row))
    },
  }
}
