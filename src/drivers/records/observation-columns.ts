import type { StoredObservation } from '../../ports/records.ts'
import { parseDimensions } from './observation-rows.ts'

/** A stored value as the port names its parts; item and dimensions are still the texts of the key. */
export const observationColumns = `
  connection_id as "connectionId", stream, item, metric, day, timezone, dimensions, value, reason, provenance, native, version, final,
  observed_at as "observedAt", run_id as "runId", revision`

export type ObservationColumns = Omit<StoredObservation, 'dimensions'> & { item: string; dimensions: string } & Record<
    string,
    unknown
  >

export const toObservation = ({ item, dimensions, ...rest }: ObservationColumns): StoredObservation => ({
  ...rest,
  item: item === '' ? null : item,
  dimensions: parseDimensions(dimensions),
})
