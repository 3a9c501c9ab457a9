import { type Command, UsageError } from './command.ts'
import { table } from './table.ts'

export const metrics: Command = {
  summary: 'Numbers of a profile or a connection, with where they come from',
  usage: '(--profile ID | --connection ID) [--metric a,b] [--from DAY --to DAY --by day|week|month]',
  options: {
    profile: { type: 'string', says: 'whose numbers' },
    connection: { type: 'string', says: 'of these connections, with commas' },
    metric: { type: 'string', says: 'only these metrics, with commas' },
    from: { type: 'string', says: 'first day' },
    to: { type: 'string', says: 'last day' },
    by: { type: 'string', says: 'day, week or month; the latest only when absent' },
    'max-age': { type: 'string', says: 'read anew first when older, such as 15m' },
  },
  async run({ options, json, out, client }) {
    const text = (name: string) => options[name] as string | undefined
    if (text('profile') === undefined && text('connection') === undefined)
      throw new UsageError('Say whose: --profile ID or --connection ID')
    const by = text('by') ?? (text('from') === undefined ? 'latest' : 'day')
    if (by !== 'day' && by !== 'week' && by !== 'month' && by !== 'latest')
      throw new UsageError('--by takes day, week or month.')
    const answer = await client().metrics.query({
      profile: text('profile'),
      connection: text('connection'),
      metric: text('metric'),
      from: text('from'),
      to: text('to'),
      granularity: by,
      maxAge: text('max-age'),
    })
    if (json) out(JSON.stringify(answer, null, 2))
    else {
      out(
        table(
          ['provider', 'metric', 'day', 'value', 'unit', 'provenance', 'native'],
          answer.data.map((point) => [
            point.source.provider,
            point.metric,
            `${point.period.day}${point.final ? '' : ' *'}`,
            point.value ?? `– (${point.reason})`,
            point.unit,
            point.provenance,
            point.source.native,
          ]),
        ),
      )
      if (answer.data.some(({ final }) => !final)) out('\n* the platform may still correct this')
      if (answer.truncated) out('\nThere is more: ask for fewer metrics or days.')
    }
    return 0
  },
}
