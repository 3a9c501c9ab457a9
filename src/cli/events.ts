import { type Duration, parseDuration } from '@patchbay/kit'
import { readEvents } from '@patchbay/sdk'
import { type Command, type CommandContext, UsageError } from './command.ts'

export const events: Command = {
  summary: 'Follow events as they come, send one again, or send what an endpoint has missed',
  usage:
    'tail [--types T,T] [--profile ID] [--after PLACE] [--limit N] | resend EVENT --endpoint ID | recover --endpoint ID --since 2h',
  options: {
    types: { type: 'string', says: 'only these: connection.*,item.published' },
    profile: { type: 'string', says: 'only of this profile' },
    connection: { type: 'string', says: 'only of this connection' },
    after: { type: 'string', says: 'begin after this place; 0 for the oldest event that is kept' },
    limit: { type: 'string', says: 'stop after so many' },
    endpoint: { type: 'string', says: 'which endpoint' },
    since: { type: 'string', says: 'a time ago or an instant: 2h, 2026-12-01T09:00:00Z' },
  },
  async run(context) {
    const [name, id] = context.words
    if (name === 'tail') return tail(context)
    const endpoint = context.options.endpoint as string | undefined
    if (name === 'resend') {
      if (id === undefined || endpoint === undefined)
        throw new UsageError('Say which one: events resend EVENT --endpoint ID')
      const delivery = await context.client().deliveries.resend({ id: `${id}.${endpoint}` })
      context.out(context.json ? JSON.stringify(delivery, null, 2) : `${delivery.id} is sent again`)
      return 0
    }
    if (name !== 'recover')
      throw new UsageError(name === undefined ? 'Say what to do.' : `There is no "events ${name}".`)
    if (endpoint === undefined) throw new UsageError('Say which endpoint: --endpoint ID')
    const recovered = await context.client().endpoints.recover({ id: endpoint, since: sinceOf(context) })
    const text = `${recovered.recovered} events are sent to ${recovered.id}`
    context.out(context.json ? JSON.stringify(recovered, null, 2) : text)
    return 0
  },
}

/** One line an event; with --json one document a line. */
async function tail(context: CommandContext): Promise<number> {
  const { json, out } = context
  for await (const { place, event } of followed(context))
    out(
      json
        ? JSON.stringify({ place, ...event })
        : [event.timestamp, event.type, event.connection ?? '–', event.id].join('  '),
    )
  return 0
}

/** Events as the options want them, up to `--limit`. */
export async function* followed({ client, options, remark }: CommandContext): ReturnType<typeof readEvents> {
  const text = (name: string) => options[name] as string | undefined
  const limit = text('limit') === undefined ? Number.POSITIVE_INFINITY : Number(text('limit'))
  if (!(limit >= 1)) throw new UsageError('--limit takes a number of events.')
  const stopping = new AbortController()
  let count = 0
  const reading = readEvents(client(), {
    ...{ after: text('after'), types: text('types')?.split(','), profile: text('profile') },
    ...{ connection: text('connection'), signal: stopping.signal },
    onReconnect: () => remark('The connection was lost. It goes on where it stopped.'),
  })
  try {
    for await (const one of reading) {
      yield one
      if (++count >= limit) return
    }
  } finally {
    stopping.abort()
  }
}

function sinceOf({ options }: CommandContext): string {
  const since = String(options.since ?? '')
  if (/^\d+[smhd]$/.test(since)) return new Date(Date.now() - parseDuration(since as Duration)).toISOString()
  if (since === '' || Number.isNaN(Date.parse(since)))
    throw new UsageError('Say since when: --since 2h, --since 2026-12-01T09:00:00Z')
  return new Date(since).toISOString()
}
