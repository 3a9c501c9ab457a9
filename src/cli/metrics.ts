import type { Operations } from '@patchbay/sdk'
import { askedFor } from './asked-metrics.ts'
import type { Command } from './command.ts'
import { exportMetrics } from './export-metrics.ts'
import { metricHistory } from './metric-history.ts'
import { metricTotals } from './metric-totals.ts'
import { table } from './table.ts'

export const metrics: Command = {
  summary: 'Numbers of a profile or a connection, with where they come from',
  usage:
    '(--profile ID | --connection ID) [--metric a,b] [--from DAY --to DAY --by day|week|month] [--compare previous|year]\n' +
    'patchbay metrics totals (--profile ID | --connection a,b) --metric a,b [--from DAY --to DAY --by day|week|month]\n' +
    'patchbay metrics history CONNECTION METRIC DAY [--item ID]\n' +
    'patchbay metrics export [--format csv|json|parquet] [--profile ID | --connection ID] [--metric a,b] [--from DAY --to DAY] > FILE',
  options: {
    profile: { type: 'string', says: 'whose numbers' },
    connection: { type: 'string', says: 'of these connections, with commas' },
    metric: { type: 'string', says: 'only these metrics, with commas' },
    from: { type: 'string', says: 'first day' },
    to: { type: 'string', says: 'last day' },
    by: { type: 'string', says: 'day, week or month; the latest only when absent' },
    compare: { type: 'string', says: 'previous or year: beside the period before, or the one a year before' },
    item: { type: 'string', says: 'of a history: the platform’s id of the item' },
    format: { type: 'string', says: 'of an export: csv, json (one object a line) or parquet' },
    'max-age': { type: 'string', says: 'read anew first when older, such as 15m' },
  },
  async run(context) {
    const { words, json, out, client } = context
    if (words[0] === 'export') return exportMetrics(context)
    if (words[0] === 'totals') return metricTotals(context)
    if (words[0] === 'history') return metricHistory(context)
    const asked = askedFor(context)
    const { compare } = asked
    const answer = await client().metrics.query(asked)
    if (json) out(JSON.stringify(answer, null, 2))
    else {
      out(
        table(
          ['provider', 'metric', 'day', 'value', ...(compare ? ['change'] : []), 'unit', 'provenance', 'native'],
          answer.data.map((point) => [
            point.source.provider,
            point.metric,
            `${point.period.day}${point.final ? '' : ' *'}`,
            point.value ?? `– (${point.reason})`,
            ...(compare ? [point.comparison?.change ?? `– (${point.comparison?.reason})`] : []),
            point.unit,
            point.provenance,
            point.source.native,
          ]),
        ),
      )
      if (answer.data.some(({ final }) => !final)) out('\n* the platform may still correct this')
      for (const says of gaps(answer.data)) out(says)
      for (const { connection, stream, says, syncedAt } of answer.stale)
        out(`\nOlder than that: ${stream} of ${connection}, last read ${syncedAt ?? 'never'}. ${says}`)
      if (answer.truncated) out('\nThere is more: ask for fewer metrics or days.')
    }
    return 0
  },
}

type Point = Awaited<ReturnType<Operations['metrics']['query']>>['data'][number]

/** Of weeks and months without a value: which days are missing, and why. */
function gaps(points: readonly Point[]): string[] {
  const lines = points.flatMap(({ source, metric, period, value, coverage }) =>
    value === null && coverage
      ? coverage.missing.map(
          ({ from, to, reason }) =>
            `  ${source.provider}  ${metric} of ${period.day}: ${from === to ? from : `${from} to ${to}`}: ${reason.replaceAll('_', ' ')}`,
        )
      : [],
  )
  return lines.length === 0 ? [] : ['\nMissing days:', ...lines]
}
