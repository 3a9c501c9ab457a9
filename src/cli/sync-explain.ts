import { type CommandContext, UsageError } from './command.ts'
import { table } from './table.ts'

/** Why streams of a connection are as old as they are: all of them in a line each, or one in full. */
export async function syncExplain({ words, json, out, client }: CommandContext): Promise<number> {
  const [, id, wanted] = words
  if (id === undefined) throw new UsageError('Say which connection: sync explain ID [STREAM]')
  const { connections } = client()
  const names = wanted === undefined ? (await connections.streams({ id })).data.map((stream) => stream.id) : [wanted]
  const all = await Promise.all(names.map((stream) => connections.explainStream({ id, stream })))
  if (json) {
    out(JSON.stringify(wanted === undefined ? { data: all } : all[0], null, 2))
    return 0
  }
  const rows = all.map(({ stream, state, syncedAt, dueAt, lateMs, reasons: [first] }) => [
    ...[stream, state, syncedAt, dueAt, lateMs === null ? '' : inWords(lateMs), first!.says],
  ])
  out(table(['stream', 'state', 'read', 'due', 'late', 'why'], rows))
  if (wanted === undefined) return 0
  const [one] = all
  out(
    `\n${table(
      ['waits for', 'since', 'until', 'quota', 'who ends it', 'says'],
      one!.reasons.map(({ what, since, until, quota, fixedBy, says }) => [what, since, until, quota, fixedBy, says]),
    )}`,
  )
  if (one!.runs.length > 0)
    out(
      `\n${table(
        ['run', 'state', 'lane', 'began', 'calls', 'says'],
        one!.runs.map((run) => [run.id, run.state, run.lane, run.startedAt, run.calls, run.says ?? '']),
      )}`,
    )
  return 0
}

const inWords = (ms: number) =>
  ms >= 3_600_000 ? `${Math.round(ms / 360_000) / 10} h` : `${Math.ceil(ms / 60_000)} min`
