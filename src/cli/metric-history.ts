import { type CommandContext, UsageError } from './command.ts'
import { everyRow } from './every-row.ts'
import { table } from './table.ts'

/** Every value that one number ever had. */
export async function metricHistory({ words, options, json, out, client }: CommandContext): Promise<number> {
  const [, connection, metric, day] = words
  if (connection === undefined || metric === undefined || day === undefined)
    throw new UsageError('Say which number: CONNECTION METRIC DAY, and --item ID if it is about one.')
  const { metrics } = client()
  const about = { connection, metric, day, item: options.item as string | undefined }
  const rows = await everyRow((cursor) => metrics.revisions({ ...about, cursor, limit: 200 }))
  if (json) out(JSON.stringify({ data: rows }, null, 2))
  else
    out(
      table(
        ['revision', 'value', 'read', 'replaced', 'run'],
        rows.map(({ revision, value, reason, observedAt, replacedBy, run }) => [
          revision,
          value ?? `– (${reason})`,
          observedAt,
          replacedBy ? `${replacedBy.observedAt} by ${replacedBy.revision}` : 'no, it counts',
          run,
        ]),
      ),
    )
  return 0
}
