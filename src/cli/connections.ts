import { type Command, type CommandContext, exitCodes, UsageError } from './command.ts'
import { everyRow } from './every-row.ts'
import { importConnections } from './import-connections.ts'
import { table } from './table.ts'

interface Done {
  readonly json: unknown
  readonly text: string
  /** The exit code; 0 when absent. */
  readonly code?: number
}

type Verb = (context: CommandContext, id: string) => Promise<Done>

const verbs: Readonly<Record<string, { readonly says: string; readonly run: Verb }>> = {
  show: { says: 'one connection and its streams', run: show },
  validate: {
    says: 'ask the provider whether it still works; without ID, of all that --profile and --provider leave',
    run: async ({ client }, id) => {
      const json = await client().connections.validate({ id })
      const { text } = changed(json)
      return json.works ? { json, text } : { json, text: `${text}: ${json.says}`, code: exitCodes.failed }
    },
  },
  pause: { says: 'stop reading it', run: async ({ client }, id) => changed(await client().connections.pause({ id })) },
  resume: {
    says: 'go on reading it',
    run: async ({ client }, id) => changed(await client().connections.resume({ id })),
  },
  reconnect: {
    says: 'a link for its owner to consent again',
    run: async ({ client }, id) => {
      const json = await client().connections.reconnect({ id })
      return { json, text: json.url }
    },
  },
  disconnect: {
    says: 'give its tokens back and stop',
    run: async ({ client }, id) => changed(await client().connections.disconnect({ id })),
  },
}

export const connections: Command = {
  summary: `List connections, bring some from a file, or one of: ${Object.keys(verbs).join(', ')}`,
  usage: `[ls | validate | import FILE | ${Object.keys(verbs).join(' | ')} ID] [--provider P] [--profile ID] [--state S]`,
  options: {
    provider: { type: 'string', says: 'only this provider' },
    profile: { type: 'string', says: 'only this profile' },
    state: { type: 'string', says: 'only in this state' },
    unverified: { type: 'boolean', says: 'import without asking the platform whose the tokens are' },
  },
  async run(context) {
    const [name = 'ls', id] = context.words
    const say = ({ json, text, code = 0 }: Done) => {
      context.out(context.json ? JSON.stringify(json, null, 2) : text)
      return code
    }
    if (name === 'ls') return say(await list(context))
    if (name === 'import') return importConnections(context)
    const verb = verbs[name]
    if (!verb) throw new UsageError(`There is no "connections ${name}".`)
    if (id === undefined && name === 'validate') return say(await validateAll(context))
    if (id === undefined) throw new UsageError(`Say which one: connections ${name} ID`)
    return say(await verb.run(context, id))
  },
}

async function list({ client, options }: CommandContext): Promise<Done> {
  const api = client()
  const filter = {
    provider: options.provider as string | undefined,
    profile: options.profile as string | undefined,
    state: options.state as 'healthy' | undefined,
    limit: 200,
  }
  const rows = await everyRow((cursor) => api.connections.list({ ...filter, cursor }))
  const text = table(
    ['connection', 'profile', 'provider', 'account', 'state', 'reason', 'fresh', 'synced'],
    rows.map((row) => [
      row.id,
      row.profile,
      row.provider,
      row.account.handle ?? row.account.name,
      row.state,
      row.reason ?? '',
      row.freshness.badge,
      row.freshness.syncedAt ?? '',
    ]),
  )
  return { json: { data: rows }, text }
}

/** One line each, those that do not work first. */
async function validateAll({ client, options, remark, isTerminal }: CommandContext): Promise<Done> {
  if (options.state !== undefined) throw new UsageError('validate takes --profile and --provider, not --state.')
  const api = client()
  const filter = {
    profile: options.profile as string | undefined,
    provider: options.provider as string | undefined,
  }
  const rows = await everyRow(
    (cursor) => api.connections.validateAll({ ...filter, cursor }),
    (count) => isTerminal && remark(`${count} asked …`),
  )
  const broken = rows.filter(({ works }) => !works)
  const text = table(
    ['connection', 'works', 'state', 'who acts', 'says'],
    [...broken, ...rows.filter(({ works }) => works)].map((row) => [
      row.id,
      row.works ? 'yes' : 'no',
      row.state,
      row.fixedBy ?? '',
      row.says ?? '',
    ]),
  )
  return {
    json: { data: rows },
    text: `${text}\n\n${rows.length - broken.length} of ${rows.length} work.`,
    code: broken.length === 0 ? 0 : exitCodes.failed,
  }
}

async function show({ client }: CommandContext, id: string): Promise<Done> {
  const api = client()
  const [connection, streams] = await Promise.all([api.connections.read({ id }), api.connections.streams({ id })])
  const text = [
    `${connection.account.name} on ${connection.provider} (${connection.id})`,
    `${connection.state}${connection.says === null ? '' : `: ${connection.says}`}`,
    '',
    table(
      ['stream', 'state', 'due', 'failures', 'says'],
      streams.data.map((stream) => [stream.id, stream.state, stream.dueAt, stream.failures, stream.says ?? '']),
    ),
  ].join('\n')
  return { json: { ...connection, streams: streams.data }, text }
}

function changed(json: { id: string; state: string; reason: string | null }): Done {
  return { json, text: `${json.id} ${json.state}${json.reason === null ? '' : ` (${json.reason})`}` }
}
