import type { Client } from '@patchbay/sdk'
import { type CommandContext, exitCodes, UsageError } from './command.ts'
import { table } from './table.ts'

type Row = Parameters<Client['connections']['import']>[0]['connections'][number]

/** As many as one request takes. */
const together = 100

/**
 * Brings connections from a file with one JSON object a line, or from standard input: tokens are never words of the command, which others on the
 * machine can read. What is there already stays as it is, so what broke off is simply started again.
 */
export async function importConnections({ client, words, options, json, out, remark, services }: CommandContext) {
  const [, file] = words
  if (file === undefined) throw new UsageError('Say which file, or - for standard input: connections import FILE')
  const lines = (await services.read(file)).split('\n').map((text, index) => ({ text, line: index + 1 }))
  const rows = lines
    .filter(({ text }) => text.trim() !== '')
    .map(({ text, line }) => ({ line, row: parseRow(text, line) }))
  const api = client()
  const results = []
  for (let from = 0; from < rows.length; from += together) {
    const some = rows.slice(from, from + together)
    const { data } = await api.connections.import({
      connections: some.map(({ row }) => row),
      verify: options.unverified !== true,
    })
    results.push(...data.map((result, n) => ({ line: some[n]!.line, profile: some[n]!.row.profile.id, ...result })))
    if (rows.length > together) remark(`${results.length} of ${rows.length}`)
  }
  if (json) out(JSON.stringify({ data: results }, null, 2))
  else
    out(
      table(
        ['line', 'profile', 'status', 'connections', 'says'],
        results.map((one) => [one.line, one.profile, one.status, one.connections.join(' '), one.says ?? '']),
      ),
    )
  return results.some(({ status }) => status === 'failed') ? exitCodes.failed : 0
}

/** Says which line it is and never what stands in it. */
function parseRow(text: string, line: number): Row {
  try {
    const row: unknown = JSON.parse(text)
    if (row !== null && typeof row === 'object' && 'profile' in row && 'integration' in row) return row as Row
  } catch {
    // What the parser says quotes the line, and with it tokens.
  }
  throw new UsageError(`Line ${line} is no JSON object with "profile" and "integration".`)
}
