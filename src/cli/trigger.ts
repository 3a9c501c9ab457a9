import { type Command, type CommandContext, exitCodes, UsageError } from './command.ts'
import { table } from './table.ts'

/** A message as the sandbox tells of it. */
interface Letter {
  readonly id: string
  readonly url: string
  readonly state: string
  readonly answer: string | null
  readonly tries: number
}

export const trigger: Command = {
  summary: 'Have the sandbox’s platform send a webhook, signed as the real one signs',
  usage: '<provider>.<event> [--connection ID] [--override path=value,path=value]',
  options: {
    connection: { type: 'string', says: 'about this connection’s account; the first one of the provider without it' },
    override: { type: 'string', says: 'other values in the event, separated by commas: text=hello,from.username=me' },
  },
  async run(context) {
    const { words, options, json, out, services } = context
    const [, provider, kind] = /^([a-z0-9_-]+)\.([A-Za-z0-9_.-]+)$/.exec(words[0] ?? '') ?? []
    if (provider === undefined || kind === undefined || words.length > 1)
      throw new UsageError('Say one event: trigger instagram.comments')
    const account = await accountOf(context, provider)
    const overrides = parseOverrides(options['override'] as string | undefined)
    const letters = await send(services.sandboxUrl(), { provider, account, kind, overrides })
    if (json) out(JSON.stringify({ data: letters }, null, 2))
    else
      out(
        table(
          ['message', 'to', 'state', 'answer'],
          letters.map(({ id, url, state, answer }) => [id, url, state, answer ?? '']),
        ),
      )
    return letters.every(({ state }) => state === 'delivered') ? 0 : exitCodes.failed
  },
}

/** The platform's id of the account. */
async function accountOf({ client, options }: CommandContext, provider: string): Promise<string> {
  const id = options['connection'] as string | undefined
  if (id === undefined) {
    const { data } = await client().connections.list({ provider, limit: 1 })
    if (!data[0]) throw new UsageError(`Nothing is connected at ${provider}.`)
    return data[0].account.id
  }
  const connection = await client().connections.read({ id })
  if (connection.provider !== provider) throw new UsageError(`${id} is a connection of ${connection.provider}.`)
  return connection.account.id
}

/** A value is JSON where it can be read so, and text otherwise. */
function parseOverrides(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {}
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const place = pair.indexOf('=')
      if (place < 1) throw new UsageError('--override takes path=value.')
      const value = pair.slice(place + 1)
      return [pair.slice(0, place), /^(-?\d{1,15}|true|false|null)$/.test(value) ? JSON.parse(value) : value]
    }),
  )
}

async function send(sandboxUrl: string, asked: object): Promise<Letter[]> {
  const response = await fetch(`${sandboxUrl}/_sandbox/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  }).catch((cause: unknown) => {
    throw new Error(`The sandbox at ${sandboxUrl} does not answer.`, { cause })
  })
  const body = (await response.json()) as { data?: Letter[]; message?: string }
  if (!response.ok || !body.data) throw new UsageError(`The sandbox says: ${body.message ?? response.status}`)
  return body.data
}
