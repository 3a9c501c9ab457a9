import type { Operations } from '@patchbay/sdk'
import { type Command, type CommandContext, UsageError } from './command.ts'
import { everyRow } from './every-row.ts'
import { table } from './table.ts'

type Forecast = Awaited<ReturnType<Operations['quotas']['forecast']>>['data'][number]

export const quota: Command = {
  summary: 'What is left of each platform’s limits, what the schedule will make of it, and what else would fit',
  usage: '[show | forecast [--provider ID] | simulate PROVIDER [--profiles N] [--every 6h] [--stream ID]]',
  options: {
    provider: { type: 'string', says: 'only this platform' },
    integration: { type: 'string', says: 'only this app of it' },
    profiles: { type: 'string', says: 'how many; 1 when absent, to ask for the most that fit' },
    every: { type: 'string', says: 'how old numbers may become: 30m, 6h, 1d; each stream’s own when absent' },
    stream: { type: 'string', says: 'only this stream every so often, the others as they are' },
  },
  async run(context) {
    const [name = 'show', provider] = context.words
    if (name === 'show') return show(context)
    if (name === 'forecast') return forecast(context)
    if (name !== 'simulate') throw new UsageError(`There is no "quota ${name}".`)
    if (provider === undefined) throw new UsageError('Say which platform: quota simulate PROVIDER')
    return simulate(context, provider)
  },
}

async function show({ client, options, json, out }: CommandContext): Promise<number> {
  const { data } = await client().quotas.list()
  const rows = data.filter(
    ({ provider, integration }) =>
      (options.provider === undefined || options.provider === provider) &&
      (options.integration === undefined || options.integration === integration),
  )
  const text = table(
    ['platform', 'app', 'quota', 'of', 'used', 'limit', 'unit', 'resets', 'stopped until'],
    rows.map((row) => [
      ...[row.provider, row.integration, row.quota, row.holder ?? '', row.used, row.limit, row.unit],
      ...[row.resetsAt ?? '', row.parkedUntil ?? ''],
    ]),
  )
  out(json ? JSON.stringify({ data: rows }, null, 2) : text)
  return 0
}

async function forecast({ client, options, json, out }: CommandContext): Promise<number> {
  const api = client()
  const filter = {
    provider: options.provider as string | undefined,
    integration: options.integration as string | undefined,
    limit: 200,
  }
  const rows = await everyRow((cursor) => api.quotas.forecast({ ...filter, cursor }))
  out(json ? JSON.stringify({ data: rows }, null, 2) : rows.map(paragraph).join('\n\n'))
  return 0
}

const paragraph = ({ provider, quota, integration, holder, says }: Forecast): string =>
  `${provider} · ${quota}${holder === null ? '' : ` of ${holder}`}  (${integration})\n  ${says}`

async function simulate({ client, options, json, out }: CommandContext, provider: string): Promise<number> {
  const answer = await client().quotas.capacity({
    provider,
    integration: options.integration as string | undefined,
    profiles: options.profiles === undefined ? undefined : Number(options.profiles),
    every: options.every as string | undefined,
    stream: options.stream as string | undefined,
  })
  if (json) {
    out(JSON.stringify(answer, null, 2))
    return 0
  }
  out(`${answer.says}\n`)
  const quotas = answer.data.map((row) => [
    ...[row.quota, row.per, Math.round(row.draws * 100) / 100, row.usable, row.unit, row.fits ? 'yes' : 'no'],
    ...[row.mostProfiles ?? 'any', row.shortestEveryMs === null ? '–' : `${row.shortestEveryMs / 60_000} min`],
  ])
  out(table(['quota', 'per', 'draws a window', 'of', 'unit', 'fits', 'most profiles', 'shortest'], quotas))
  const streams = answer.streams.map(({ stream, everyMs, batch, takes, basis }) => [
    ...[stream, `${everyMs / 3_600_000} h`, batch],
    ...[
      Object.entries(takes)
        .map(([name, amount]) => `${Math.round(amount * 1000) / 1000} ${name}`)
        .join(', '),
      basis,
    ],
  ])
  out(`\n${table(['stream', 'every', 'together', 'a reading takes', 'known from'], streams)}`)
  return 0
}
