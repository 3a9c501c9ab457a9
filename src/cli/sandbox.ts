import { type Command, UsageError } from './command.ts'

export const sandbox: Command = {
  summary: 'Run the sandbox alone: a pretend internet in the platforms’ own dialects',
  usage: '[--port 4401] [--artists 220] [--seed TEXT] [--replay DIR]',
  options: {
    port: { type: 'string', says: 'port to listen on; 0 for any free one (4401)' },
    host: { type: 'string', says: 'address to listen on (127.0.0.1)' },
    artists: { type: 'string', says: 'how many fictional artists there are (220)' },
    seed: { type: 'string', says: 'another seed is another world' },
    replay: { type: 'string', says: 'serve recorded answers from this folder at the same addresses' },
  },
  async run({ options, services, out }) {
    const text = (name: string) => options[name] as string | undefined
    await services.sandbox({
      port: whole(text('port'), 'port', 65_535),
      host: text('host'),
      artists: whole(text('artists'), 'artists'),
      seed: text('seed'),
      replay: text('replay'),
      out,
    })
    return 0
  },
}

function whole(text: string | undefined, name: string, most = 999_999): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--${name} takes a whole number.`)
  if (Number(text) > most) throw new UsageError(`--${name} takes ${most} at most.`)
  return Number(text)
}
