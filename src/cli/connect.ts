import { type Command, UsageError } from './command.ts'

export const connect: Command = {
  summary: 'Make a link with which somebody connects their account',
  usage: '<provider> --profile ID [--name NAME]',
  options: {
    profile: { type: 'string', says: 'whose account it is; your own id' },
    name: { type: 'string', says: 'name of the profile' },
    return: { type: 'string', says: 'where the browser goes afterwards' },
  },
  async run({ words, options, json, out, client }) {
    const [provider] = words
    if (typeof options.profile !== 'string') throw new UsageError('Say whose account it is: --profile ID')
    const api = client()
    const { data } = await api.integrations.list()
    const wanted = data.filter(
      (integration) => integration.enabled && (provider === undefined || integration.provider === provider),
    )
    if (wanted.length === 0)
      throw new UsageError(
        provider === undefined
          ? 'No provider app is set up yet.'
          : `No app of "${provider}" is set up. There are: ${data.map((integration) => integration.provider).join(', ')}.`,
      )
    const session = await api.connectSessions.create({
      profile: { id: options.profile, ...(typeof options.name === 'string' && { name: options.name }) },
      integrations: wanted.map(({ id }) => id),
      ...(typeof options.return === 'string' && { returnUrl: options.return }),
    })
    out(
      json
        ? JSON.stringify(session, null, 2)
        : `Open this within half an hour, in the browser of the account’s owner:\n\n  ${session.url}\n`,
    )
    return 0
  },
}
