import { askedFor } from './asked-metrics.ts'
import { type CommandContext, UsageError } from './command.ts'
import { table } from './table.ts'

/** The numbers of several accounts as one, with its parts. What is no number is refused by the server, which says why. */
export async function metricTotals(context: CommandContext): Promise<number> {
  const { json, out, client } = context
  const { metric, compare, maxAge, ...rest } = askedFor(context)
  if (metric === undefined) throw new UsageError('Say which metrics: --metric engagement.likes')
  if (compare !== undefined || maxAge !== undefined)
    throw new UsageError('Totals take neither --compare nor --max-age.')
  const answer = await client().metrics.totals({ ...rest, metric })
  if (json) out(JSON.stringify(answer, null, 2))
  else
    out(
      table(
        ['metric', 'day', 'value', 'known', 'unit', 'parts'],
        answer.data.map(({ metric, day, value, reason, known, unit, parts }) => [
          metric,
          day ?? 'latest',
          value ?? `– (${reason})`,
          known,
          unit,
          parts.map((part) => `${part.provider} ${part.value ?? `– (${part.reason})`}`).join(' + '),
        ]),
      ),
    )
  return 0
}
