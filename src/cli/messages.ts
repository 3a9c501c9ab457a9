import { type Command, type CommandContext, UsageError } from './command.ts'
import { table } from './table.ts'

export const messages: Command = {
  summary: 'Look at webhooks that came in, and work through them once more',
  usage:
    '[ls | show ID | replay ID… | replay --failed [--preview]] [--state S] [--app ID] [--account A] [--type T] [--since INSTANT]',
  options: {
    state: { type: 'string', says: 'only these: received, processed, unmatched, failed' },
    failed: { type: 'boolean', says: 'the same as --state failed' },
    unmatched: { type: 'boolean', says: 'the same as --state unmatched' },
    app: { type: 'string', says: 'only of this integration' },
    account: { type: 'string', says: 'only about this account of the platform' },
    type: { type: 'string', says: 'only with an event of this type' },
    since: { type: 'string', says: 'received from then on: 2026-12-01T09:00:00Z' },
    until: { type: 'string', says: 'received before then' },
    limit: { type: 'string', says: 'how many are listed; 50 without it' },
    preview: { type: 'boolean', says: 'replay: only say what that would do' },
  },
  async run(context) {
    const [name = 'ls', ...ids] = context.words
    if (name === 'ls') return list(context)
    if (name === 'show') return show(context, ids[0])
    if (name === 'replay') return replay(context, ids)
    throw new UsageError(`There is no "messages ${name}".`)
  },
}

function selectionOf({ options }: CommandContext) {
  const said = [options['state'], options['failed'] && 'failed', options['unmatched'] && 'unmatched'].filter(Boolean)
  if (said.length > 1) throw new UsageError('Say one state.')
  const text = (name: string) => options[name] as string | undefined
  return {
    state: said[0] as 'failed' | undefined,
    integration: text('app'),
    account: text('account'),
    type: text('type'),
    from: text('since'),
    to: text('until'),
  }
}

async function list(context: CommandContext): Promise<number> {
  const { client, options, json, out } = context
  const limit = Number(options['limit'] ?? 50)
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new UsageError('--limit takes 1 to 200.')
  const page = await client().messages.list({ ...selectionOf(context), limit })
  if (json) out(JSON.stringify(page, null, 2))
  else
    out(
      table(
        ['message', 'received', 'app', 'state', 'accounts', 'types', 'says'],
        page.data.map((row) => [
          ...[row.id, row.receivedAt.slice(0, 19).replace('T', ' '), row.integration, row.state],
          ...[row.accounts.join(' '), row.types.join(' '), row.says ?? ''],
        ]),
      ),
    )
  return 0
}

async function show({ client, json, out }: CommandContext, id: string | undefined): Promise<number> {
  if (id === undefined) throw new UsageError('Say which one: messages show ID')
  const { headers, body, bodyBase64, ...row } = await client().messages.get({ id })
  if (json) {
    out(JSON.stringify({ ...row, headers, body, bodyBase64 }, null, 2))
    return 0
  }
  const facts = Object.entries(row).filter(([, value]) => value !== null)
  const said = facts.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
  out(table(['', ''], said))
  out(`\n${table(['header', 'value'], Object.entries(headers))}`)
  out(`\n${body ?? `${bodyBase64} (base64)`}`)
  return 0
}

async function replay(context: CommandContext, ids: readonly string[]): Promise<number> {
  const { client, options, json, out, remark } = context
  const selection = selectionOf(context)
  if (ids.length === 0 && Object.values(selection).every((one) => one === undefined))
    throw new UsageError('Say which: messages replay ID…, or --failed, --unmatched, --account, --type, --since.')
  const preview = options['preview'] === true
  const asked = { ...selection, ...(ids.length > 0 && { ids: [...ids] }), preview }
  const answer = await client().messages.replay(asked)
  if (json) out(JSON.stringify(answer, null, 2))
  else if (answer.preview)
    out(
      table(
        ['message', 'streams', 'records', 'asks about', 'deletes', 'cannot'],
        answer.preview.map((row) => [
          ...[
            row.id,
            row.wakes.map(({ connection, stream }) => `${connection}/${stream}`).join(' '),
            String(row.records),
          ],
          ...[row.checks.join(' '), row.erases.join(' ')],
          row.broken ?? [...row.strangers, ...row.undeclared].join(' '),
        ]),
      ),
    )
  else out(`${answer.replayed} wait to be worked through again`)
  if (answer.more) remark('There are more of them. Narrow the range, or run it again.')
  return 0
}
