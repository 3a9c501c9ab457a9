import { type CommandContext, UsageError } from './command.ts'

const granularities = ['day', 'week', 'month', 'latest'] as const
const comparisons = ['previous', 'year'] as const

/** Whose numbers, which, and of which days, as the options say it. */
export function askedFor({ options }: Pick<CommandContext, 'options'>) {
  const text = (name: string) => options[name] as string | undefined
  if (text('profile') === undefined && text('connection') === undefined)
    throw new UsageError('Say whose: --profile ID or --connection ID')
  const by = text('by') ?? (text('from') === undefined ? 'latest' : 'day')
  const granularity = granularities.find((one) => one === by)
  if (!granularity) throw new UsageError('--by takes day, week or month.')
  const compare = comparisons.find((one) => one === text('compare'))
  if (text('compare') !== undefined && !compare) throw new UsageError('--compare takes previous or year.')
  if (text('format') !== undefined) throw new UsageError('--format is for `patchbay metrics export`.')
  return {
    ...{ profile: text('profile'), connection: text('connection'), metric: text('metric') },
    ...{ from: text('from'), to: text('to'), granularity, compare, maxAge: text('max-age') },
  }
}
