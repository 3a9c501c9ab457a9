import { type CommandContext, UsageError } from './command.ts'
import { table } from './table.ts'

/** How often a connection is read: shows it, or chooses it for a while. */
export async function syncCadence({ words, options, json, out, client }: CommandContext): Promise<number> {
  const [, id] = words
  if (id === undefined) throw new UsageError('Say which connection: sync cadence ID')
  const { every, reason, until, clear } = options
  const chooses = every !== undefined || reason !== undefined || until !== undefined
  if (chooses && (every === undefined || reason === undefined || until === undefined))
    throw new UsageError('To choose takes all three: --every 1h --reason "release week" --until 2026-12-24T00:00:00Z')
  if (chooses && clear === true) throw new UsageError('Choose with --every, or go back to the rule with --clear.')
  const { connections } = client()
  const answer = chooses
    ? await connections.chooseCadence({ id, every: `${every}`, reason: `${reason}`, until: `${until}` })
    : clear === true
      ? await connections.clearCadence({ id })
      : await connections.cadence({ id })
  if (json) out(JSON.stringify(answer, null, 2))
  else {
    const rows = answer.streams.map(({ stream, everyMs, tier, why }) => [stream, hoursOf(everyMs), tier, why])
    const looked = answer.lookedAt === null ? 'Nobody has looked yet.' : `Somebody looked on ${answer.lookedAt}.`
    const chosen = answer.chosen
      ? `\nChosen until ${answer.chosen.until}: every ${answer.chosen.every}, ${answer.chosen.reason}.`
      : ''
    out(`${table(['stream', 'every', 'tier', 'why'], rows)}\n\n${looked}${chosen}`)
  }
  return 0
}

const hoursOf = (ms: number): string => {
  const hours = Math.round((ms / 3_600_000) * 10) / 10
  return hours >= 48 ? `${Math.round(hours / 24)} d` : `${hours} h`
}
