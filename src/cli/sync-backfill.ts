import type { Operations } from '@patchbay/sdk'
import { type CommandContext, exitCodes, UsageError } from './command.ts'
import { everyRow } from './every-row.ts'
import { table } from './table.ts'

type Backfill = Awaited<ReturnType<Operations['backfills']['read']>>

const verbs = ['show', 'pause', 'resume', 'cancel'] as const

/** Days of the past: begins reading them, or looks after it. */
export async function syncBackfill(context: CommandContext): Promise<number> {
  const { words, options, json, out, client } = context
  const [, first, id] = words
  const say = (backfill: Backfill) => {
    out(json ? JSON.stringify(backfill, null, 2) : drawn([backfill]))
    return backfill.state === 'failed' ? exitCodes.provider : 0
  }
  if (first === 'ls') {
    const connection = id
    const rows = await everyRow((cursor) => client().backfills.list({ connection, cursor, limit: 200 }))
    out(json ? JSON.stringify({ data: rows }, null, 2) : rows.length === 0 ? 'There is no backfill.' : drawn(rows))
    return 0
  }
  const verb = verbs.find((one) => one === first)
  if (verb) {
    if (id === undefined) throw new UsageError(`Say which backfill: sync backfill ${verb} ID`)
    return say(await (verb === 'show' ? client().backfills.read({ id }) : client().backfills[verb]({ id })))
  }
  const { stream, from } = options
  if (first === undefined || stream === undefined || from === undefined)
    throw new UsageError('Say what: sync backfill CONNECTION --stream NAME --from 2026-01-01 [--to 2026-03-31]')
  const to = `${options.to ?? new Date().toISOString().slice(0, 10)}`
  return say(await client().backfills.create({ id: first, stream: `${stream}`, from: `${from}`, to }))
}

function drawn(rows: readonly Backfill[]): string {
  const cells = rows.map((row) => [
    ...[row.id, row.stream, `${row.from} – ${row.to}`, row.state, `${Math.round(row.share * 100)} %`],
    ...[row.written, row.endsAt ?? row.endedAt, row.says ?? ''],
  ])
  return table(['id', 'stream', 'days', 'state', 'done', 'written', 'ends', 'says'], cells)
}
