import { type CommandContext, UsageError } from './command.ts'

const formats = ['csv', 'json', 'parquet'] as const

/** Writes every stored value of a filter to standard output as it comes, however much that is. */
export async function exportMetrics({ options, json, remark, client, services }: CommandContext): Promise<number> {
  const text = (name: string) => options[name] as string | undefined
  const format = formats.find((one) => one === (text('format') ?? 'csv'))
  if (!format) throw new UsageError('--format takes csv, json or parquet.')
  if (json) throw new UsageError('An export is a file: say --format json for one JSON object a line.')
  const useless = ['by', 'compare', 'max-age'].find((name) => text(name) !== undefined)
  if (useless !== undefined)
    throw new UsageError(`An export has every stored value as it is: it takes no --${useless}.`)
  const answer = await client().metrics.export({
    format,
    profile: text('profile'),
    connection: text('connection'),
    metric: text('metric'),
    from: text('from'),
    to: text('to'),
  })
  let sizeBytes = 0
  await services.write(pieces())
  remark(`${sizeBytes.toLocaleString('en-US')} bytes.`)
  return 0

  async function* pieces() {
    try {
      for await (const piece of answer.body ?? []) {
        sizeBytes += piece.byteLength
        yield piece
      }
    } catch (cause) {
      throw new Error(`The answer broke off after ${sizeBytes} bytes: the file is not whole. Ask again.`, { cause })
    }
  }
}
