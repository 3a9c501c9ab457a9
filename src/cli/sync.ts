import { type Command, type CommandContext, exitCodes, UsageError } from './command.ts'
import { openProgress } from './progress.ts'
import { syncBackfill } from './sync-backfill.ts'
import { syncCadence } from './sync-cadence.ts'
import { syncExplain } from './sync-explain.ts'
import { table } from './table.ts'

/** How long `--wait` waits at most. */
const patienceMs = 120_000

/** Ids of connections have an underscore, so that none is one of these. */
const parts: Readonly<Record<string, (context: CommandContext) => Promise<number>>> = {
  cadence: syncCadence,
  backfill: syncBackfill,
  explain: syncExplain,
}

export const sync: Command = {
  summary:
    'Read a connection now, ahead of its schedule; how often it is read (cadence); why it is late (explain); days of the past (backfill)',
  usage:
    '<connection> [--stream NAME] [--no-wait] | explain <connection> [STREAM] | cadence <connection> [--every 1h --reason TEXT --until TIME | --clear] | backfill <connection> --stream NAME --from DAY [--to DAY] | backfill ls | show ID | pause ID | resume ID | cancel ID',
  options: {
    stream: { type: 'string', says: 'only this stream' },
    'no-wait': { type: 'boolean', says: 'do not wait for the end' },
    every: { type: 'string', says: 'read it so often for a while, such as 1h' },
    reason: { type: 'string', says: 'why' },
    until: { type: 'string', says: 'until when, such as 2026-12-24T00:00:00Z' },
    from: { type: 'string', says: 'of a backfill: the first day' },
    to: { type: 'string', says: 'of a backfill: the last day; today when absent' },
    clear: { type: 'boolean', says: 'go back to the rule' },
  },
  async run(context) {
    const { words, options, json, out, remark, isTerminal, client } = context
    const [id] = words
    const part = id === undefined ? undefined : parts[id]
    if (part) return part(context)
    if (id === undefined) throw new UsageError('Say which connection: sync ID')
    const api = client()
    const streams = typeof options.stream === 'string' ? [options.stream] : undefined
    const { data: before } = await api.connections.streams({ id })
    const asked = before.filter((stream) => streams === undefined || streams.includes(stream.id))
    const wanted = asked.filter((stream) => stream.blocked === null)
    const { woken } = await api.connections.sync({ id, streams })
    if (options['no-wait'] === true) {
      out(json ? JSON.stringify({ woken }) : `${woken} streams will be read now.`)
      return 0
    }
    const progress = openProgress('syncing', wanted.length, { isTerminal, write: remark })
    const startedAt = performance.now()
    let streamsNow = before
    for (;;) {
      streamsNow = (await api.connections.streams({ id })).data.filter((stream) =>
        asked.some((other) => other.id === stream.id),
      )
      const done = streamsNow.filter(
        (stream) =>
          wanted.some((other) => other.id === stream.id) &&
          stream.lastEndedAt !== null &&
          stream.lastEndedAt !== before.find((other) => other.id === stream.id)?.lastEndedAt,
      )
      progress.step(done.length, done.at(-1)?.id)
      if (done.length === wanted.length || performance.now() - startedAt > patienceMs) break
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    progress.end()
    if (json) out(JSON.stringify({ data: streamsNow }, null, 2))
    else
      out(
        table(
          ['stream', 'state', 'ended', 'says'],
          streamsNow.map((stream) => [stream.id, stream.state, stream.lastEndedAt, stream.says ?? '']),
        ),
      )
    // Those that stand still say why, and are no failure beside others.
    if (wanted.length === 0) return exitCodes.failed
    const failed = streamsNow.some(
      (stream) => stream.lastFault !== null && wanted.some((other) => other.id === stream.id),
    )
    return failed ? exitCodes.provider : 0
  },
}
