import { Fault } from '@patchbay/kit'
import { z } from 'zod'
import type { Engine } from '../engine/engine.ts'
import { toCsv } from '../engine/metrics/export/csv.ts'
import { toJsonLines } from '../engine/metrics/export/json-lines.ts'
import { toParquet } from '../engine/metrics/export/parquet.ts'
import { type ExportRow, exportRows } from '../engine/metrics/export/rows.ts'
import { choosing, chosenConnections } from './chosen-connections.ts'
import { metricList } from './metric-json.ts'
import { dayText, fileAnswer, route } from './route.ts'

/** Everything that is stored, as a file. */
export function metricExportRoutes(engine: Engine) {
  const { deps } = engine
  const running = new Map<string, number>()
  return [
    route({
      method: 'GET',
      path: '/v1/metrics/export',
      name: 'metrics.export',
      summary: 'Every stored value of a profile, of connections or of all of them, as a file',
      scope: 'metrics:read',
      query: z.strictObject({
        // Everything that is connected when neither is named.
        ...choosing,
        format: z.enum(['csv', 'json', 'parquet']).default('csv'),
        metric: metricList.optional(),
        from: dayText.optional(),
        to: dayText.optional(),
        /** Numbers of accounts, of what they published, or of both. */
        about: z.enum(['all', 'accounts', 'items']).default('all'),
      }),
      answer: fileAnswer,
      files: Object.values(formats).map(({ type }) => type),
      handle: async ({ query, caller }) => {
        const { format, metric: metrics = [], from, to, about } = query
        if (from !== undefined && to !== undefined && from > to)
          throw new Fault('input.invalid', 'from is after to.', { field: 'from' })
        const environmentId = caller.environment.id
        const isChosen = query.profile !== undefined || query.connection !== undefined
        const connections = isChosen ? await chosenConnections(deps, environmentId, query) : undefined
        const rows = exportRows(deps, environmentId, { connections, metrics, from, to, about })
        const { type, ending, write } = formats[format]
        return { type, name: `metrics.${ending}`, body: write(rows), close: begin(environmentId) }
      },
    }),
  ]

  /** Throws when too many run. Gives what ends this one. */
  function begin(environmentId: string): () => void {
    const count = running.get(environmentId) ?? 0
    if (count >= mostExports)
      throw new Fault('input.throttled', `${mostExports} exports are running already. Wait for one of them to end.`)
    running.set(environmentId, count + 1)
    return () => {
      const left = running.get(environmentId)! - 1
      if (left > 0) running.set(environmentId, left)
      else running.delete(environmentId)
    }
  }
}

/** Of one environment at the same time, in one process: each holds some thousand rows in memory for as long as its reader takes. */
const mostExports = 4

const formats: Record<'csv' | 'json' | 'parquet', Format> = {
  csv: { type: 'text/csv; charset=utf-8; header=present', ending: 'csv', write: toCsv },
  json: { type: 'application/jsonl', ending: 'jsonl', write: toJsonLines },
  parquet: { type: 'application/vnd.apache.parquet', ending: 'parquet', write: toParquet },
}

interface Format {
  readonly type: string
  readonly ending: string
  readonly write: (rows: AsyncIterable<readonly ExportRow[]>) => AsyncGenerator<Uint8Array>
}
