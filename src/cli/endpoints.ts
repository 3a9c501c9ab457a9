import { type Command, type CommandContext, exitCodes, UsageError } from './command.ts'
import { table } from './table.ts'

export const endpoints: Command = {
  summary:
    'List where events are sent, or add an endpoint, rotate its secret, try it, switch it off and on, take it away',
  usage:
    '[ls | add URL | rotate ID | test ID | on ID | off ID | rm ID] [--types T,T] [--profiles ID,ID] [--ordered] [--signing K] [--overlap D]',
  options: {
    description: { type: 'string', says: 'what it is for' },
    types: { type: 'string', says: 'only these: connection.*,item.published' },
    profiles: { type: 'string', says: 'only events of these profiles' },
    ordered: { type: 'boolean', says: 'one event after the other, each only when the one before was taken' },
    signing: { type: 'string', says: 'hmac (as without it), with a secret, or ed25519, with a public key' },
    overlap: { type: 'string', says: 'how long the secret before a rotation still signs: 24h (as without it), 0s' },
  },
  async run(context) {
    const [name = 'ls', what] = context.words
    if (name === 'ls') return list(context)
    if (what === undefined) throw new UsageError(`Say which one: endpoints ${name} ${name === 'add' ? 'URL' : 'ID'}`)
    if (name === 'add') return add(context, what)
    if (name === 'rotate') return rotate(context, what)
    if (name === 'test') return tryIt(context, what)
    const api = context.client()
    if (name === 'on' || name === 'off') {
      const changed = await api.endpoints.change({ id: what, enabled: name === 'on' })
      context.out(context.json ? JSON.stringify(changed, null, 2) : `${changed.id} is ${name}`)
      return 0
    }
    if (name !== 'rm') throw new UsageError(`There is no "endpoints ${name}".`)
    const removed = await api.endpoints.remove({ id: what })
    context.out(context.json ? JSON.stringify(removed, null, 2) : `${removed.id} is gone`)
    return 0
  },
}

async function list({ client, json, out }: CommandContext): Promise<number> {
  const { data } = await client().endpoints.list()
  const rows = data.map((row) => [
    row.id,
    row.enabled ? (row.failingSince === null ? 'works' : 'fails') : `off (${row.disabled?.reason})`,
    row.types?.join(',') ?? 'all',
    row.ordered ? 'in order' : '',
    row.url,
  ])
  out(json ? JSON.stringify({ data }, null, 2) : table(['endpoint', 'state', 'types', '', 'url'], rows))
  return 0
}

async function add(context: CommandContext, url: string): Promise<number> {
  const text = (name: string) => context.options[name] as string | undefined
  const made = await context.client().endpoints.create({
    ...{ url, description: text('description'), types: text('types')?.split(',') },
    ...{
      profiles: text('profiles')?.split(','),
      ordered: context.options.ordered === true,
      signing: signingOf(context),
    },
  })
  return sayKey(context, made)
}

async function rotate(context: CommandContext, id: string): Promise<number> {
  const overlap = context.options.overlap as string | undefined
  return sayKey(context, await context.client().endpoints.rotate({ id, signing: signingOf(context), overlap }))
}

function signingOf({ options }: CommandContext): 'hmac' | 'ed25519' | undefined {
  const { signing } = options
  if (signing === undefined || signing === 'hmac' || signing === 'ed25519') return signing
  throw new UsageError('--signing takes hmac or ed25519.')
}

function sayKey(
  { json, out, remark }: CommandContext,
  made: { id: string; secret: string | null; signing: readonly { publicKey: string | null }[] },
): number {
  if (made.secret !== null) remark('The secret is shown this once.')
  out(json ? JSON.stringify(made, null, 2) : `${made.id}\n${made.secret ?? made.signing[0]?.publicKey}`)
  return 0
}

async function tryIt({ client, json, out }: CommandContext, id: string): Promise<number> {
  const tried = await client().endpoints.test({ id })
  const says = tried.works ? `answered ${tried.tried.status} after ${tried.tried.durationMs} ms` : tried.tried.says
  out(json ? JSON.stringify(tried, null, 2) : `${id}: ${says}`)
  return tried.works ? 0 : exitCodes.failed
}
