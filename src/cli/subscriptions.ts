import { type Command, type CommandContext, exitCodes, UsageError } from './command.ts'
import { everyRow } from './every-row.ts'
import { table } from './table.ts'

export const subscriptions: Command = {
  summary: 'What platforms are asked to tell of: what is wanted, how it stands, and putting it right',
  usage: '[ls | diff | fix | loss] [--provider P] [--connection ID]',
  options: {
    provider: { type: 'string', says: 'only of this platform' },
    connection: { type: 'string', says: 'only of this connection' },
  },
  async run(context) {
    const [name = 'ls', ...more] = context.words
    if (more.length > 0) throw new UsageError(`subscriptions ${name} takes no further words.`)
    if (name === 'ls') return list(context, false)
    if (name === 'diff') return list(context, true)
    if (name === 'fix') return fix(context)
    if (name === 'loss') return loss(context)
    throw new UsageError(`There is no "subscriptions ${name}".`)
  },
}

const selectionOf = ({ options }: CommandContext) => ({
  provider: options['provider'] as string | undefined,
  connection: options['connection'] as string | undefined,
})

/** `diff` says what is not as it should be, and with its exit code whether anything is. */
async function list(context: CommandContext, onlyAmiss: boolean): Promise<number> {
  const { client, json, out } = context
  const all = await everyRow((cursor) => client().subscriptions.list({ ...selectionOf(context), limit: 200, cursor }))
  const rows = onlyAmiss ? all.filter(({ standing }) => standing !== 'right') : all
  if (json) out(JSON.stringify({ data: rows }, null, 2))
  else if (rows.length === 0) out(onlyAmiss ? 'Everything is as it should be.' : 'There are no subscriptions.')
  else
    out(
      table(
        ['connection', 'platform', 'account', 'standing', 'until', 'says'],
        rows.map((row) => [
          ...[row.connection, row.provider, row.account, row.standing],
          ...[row.until?.slice(0, 16).replace('T', ' ') ?? '', row.says],
        ]),
      ),
    )
  return onlyAmiss && rows.length > 0 ? exitCodes.usage : 0
}

async function fix(context: CommandContext): Promise<number> {
  const { client, json, out } = context
  const answer = await client().subscriptions.fix(selectionOf(context))
  out(json ? JSON.stringify(answer, null, 2) : `${answer.hastened} to be put right within a minute.`)
  return 0
}

async function loss({ client, json, out }: CommandContext): Promise<number> {
  const answer = await client().subscriptions.loss()
  if (json) out(JSON.stringify(answer, null, 2))
  else
    out(
      table(
        ['platform', 'found by reading', 'told of', 'not told of'],
        answer.data.map(({ provider, found, told, loss }) => [
          ...[provider, String(found), String(told)],
          loss === null ? 'nothing to tell' : `${(loss * 100).toFixed(1)} %`,
        ]),
      ),
    )
  return 0
}
