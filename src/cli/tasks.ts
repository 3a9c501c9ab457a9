import { type Command, type CommandContext, UsageError } from './command.ts'
import { everyRow } from './every-row.ts'
import { table } from './table.ts'

export const tasks: Command = {
  summary: 'List what a person has to do, or put one off, turn it down, take it up again',
  usage: '[ls | snooze ID --until INSTANT | dismiss ID | reopen ID] [--state S] [--kind K] [--connection ID]',
  options: {
    state: { type: 'string', says: 'open (as without it), snoozed, dismissed, done' },
    kind: {
      type: 'string',
      says: 'only this kind: reconnect, grant_permission, set_up, repair_channel, repair_endpoint, replay_messages, check_numbers, check_account, prepare_change',
    },
    connection: { type: 'string', says: 'only of this connection' },
    until: { type: 'string', says: 'when to ask again: 2026-12-01T09:00:00Z' },
  },
  async run(context) {
    const [name = 'ls', id] = context.words
    const api = context.client()
    if (name === 'ls') return list(context)
    if (id === undefined) throw new UsageError(`Say which one: tasks ${name} ID`)
    const until = String(context.options.until ?? '')
    if (name === 'snooze' && until === '') throw new UsageError('Say until when: --until 2026-12-01T09:00:00Z')
    if (name !== 'snooze' && name !== 'dismiss' && name !== 'reopen')
      throw new UsageError(`There is no "tasks ${name}".`)
    const task = name === 'snooze' ? await api.tasks.snooze({ id, until }) : await api.tasks[name]({ id })
    context.out(context.json ? JSON.stringify(task, null, 2) : `${task.id} ${task.state}`)
    return 0
  },
}

async function list({ client, options, json, out }: CommandContext): Promise<number> {
  const api = client()
  const filter = {
    state: (options.state ?? 'open') as 'open',
    kind: options.kind as 'reconnect' | undefined,
    connection: options.connection as string | undefined,
    limit: 200,
  }
  const rows = await everyRow((cursor) => api.tasks.list({ ...filter, cursor }))
  const text = table(
    ['task', 'priority', 'impact', 'who acts', 'due', 'title'],
    rows.map((row) => [row.id, row.priority, row.impact, row.fixedBy, row.dueAt?.slice(0, 10) ?? '', row.title]),
  )
  out(json ? JSON.stringify({ data: rows }, null, 2) : text)
  return 0
}
