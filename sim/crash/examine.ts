import { addDays, dayOf, type Truth } from '@patchbay/kit'
import type { Client } from '@patchbay/sdk'
import { systemClock } from '../../src/drivers/clock/system.ts'
import { compareWithTruth } from './compare-with-truth.ts'
import { checkHistory } from './history.ts'
import type { Recorder } from './record-history.ts'
import { query, readLog, type SandboxProcess } from './test-processes.ts'
import { type Connection, lateStreams } from './work.ts'

/** An installation when its story is over. */
export interface Scene {
  readonly sandbox: SandboxProcess
  readonly recorder: Recorder
  readonly client: Client
  readonly connections: readonly Connection[]
  /** Of the database's superuser, who sees every environment. */
  readonly databaseUrl: string
  readonly logFiles: readonly string[]
  /** Platforms that give a new refresh token with every use. */
  readonly strict: readonly string[]
}

export interface Findings {
  readonly observations: number
  /** What is stored and untrue, true and not stored, or stored twice (I14, I15, I16, I29). */
  readonly differences: number
  readonly stuckRuns: number
  readonly abandonedRuns: number
  readonly lateStreams: number
  /** Connections that do not work. */
  readonly lostGrants: number
  readonly refreshes: number
  /** What the platforms hold against us, by kind. */
  readonly violations: Readonly<Record<string, number>>
  /** What the recorded history breaks, by invariant. */
  readonly broken: Readonly<Record<string, number>>
  readonly events: number
  /** Changes nobody was told of, or told twice (I17). */
  readonly untold: number
  readonly bugs: number
  /** The first things that are wrong, in words. */
  readonly examples: readonly string[]
}

/** Whether nothing is wrong. */
export function isWhole(findings: Findings): boolean {
  const { differences, stuckRuns, lateStreams, lostGrants, broken, untold, bugs } = findings
  return differences + stuckRuns + lateStreams + lostGrants + untold + bugs + Object.keys(broken).length === 0
}

/** Compares what is left with the truth, with what the platforms saw and with what the server promised. */
export async function examine(scene: Scene): Promise<Findings> {
  const { sandbox, recorder, client, connections, databaseUrl, logFiles, strict } = scene
  const examples: string[] = []
  const note = (what: readonly string[]) => {
    examples.push(...what.slice(0, 5))
    return what.length
  }
  const to = dayOf(systemClock.now())
  const days = { from: addDays(to, -historyDays), to }
  let observations = 0
  const differences: string[] = []
  const streams = new Set<string>()
  for (const connection of connections) {
    const { provider, profile, id } = connection
    const { data } = await sandbox.get<{ data: Truth[] }>(
      `truth?provider=${provider}&artist=${profile}&from=${days.from}&to=${days.to}`,
    )
    const compared = await compareWithTruth(client, connection, data, days)
    differences.push(...compared.differences)
    observations += compared.points.length
    for (const { source } of compared.points) streams.add(`${id} ${source.stream}`)
  }

  const running = (await client.runs.list({ state: 'running', limit: 200 })).data
  const now = (await client.connections.list({ limit: 200 })).data
  const lost = now.filter(({ state }) => state !== 'healthy')
  const history = await recorder.read(databaseUrl, connections)
  const broken = checkHistory(history, { strict })
  const events = await allEvents(client)
  const told = new Set(events.map(({ type, connection, data }) => `${type} ${connection} ${data.stream}`))
  const [revisions] = await query<{ count: number }>(
    databaseUrl,
    'select count(*)::int as count from observation_revision',
  )
  const restated = events.reduce(
    (sum, { type, data }) => sum + (type === 'metric.restated' ? Number(data.count) : 0),
    0,
  )
  const untold = [
    ...[...streams].filter((name) => !told.has(`metrics.updated ${name}`)).map((name) => `nobody was told of ${name}`),
    ...(restated === revisions!.count ? [] : [`${revisions!.count} values were replaced and ${restated} told`]),
  ]
  const bugs = logFiles.flatMap(readLog).filter((line) => line.level === 'error' && !isAboutTheDatabase(line))
  return {
    observations,
    differences: note(differences),
    stuckRuns: note(running.map(({ id, stream }) => `run ${id} of ${stream} is still running`)),
    abandonedRuns: history.runs.filter(({ state }) => state === 'abandoned').length,
    lateStreams: note((await lateStreams(client, connections, 0)).map(({ says }) => says)),
    lostGrants: note(
      lost.map(({ profile, provider, state, reason }) => `${profile} on ${provider}: ${state}, ${reason}`),
    ),
    refreshes: history.refreshed.length,
    violations: countOf(Object.groupBy(history.violations, ({ kind }) => kind)),
    broken: countOf(broken),
    events: events.length,
    untold: note(untold),
    bugs: note(bugs.map((line) => JSON.stringify(line).slice(0, 400))),
    examples: [...examples, ...Object.entries(broken).flatMap(([invariant, says]) => says.slice(0, 3).map((one) => `${invariant}: ${one}`))], // biome-ignore format: one line
  }
}

/** Days of history that are compared: more than any platform's first reading goes back in one piece. */
const historyDays = 110

const countOf = (groups: Readonly<Partial<Record<string, readonly unknown[]>>>): Record<string, number> =>
  Object.fromEntries(Object.entries(groups).map(([name, rows]) => [name, rows!.length]))

/** What a server may say when its database is taken away from it. Everything else at this level is a bug. */
function isAboutTheDatabase({ event = '', error }: { event?: string; error?: unknown }): boolean {
  const { name, code, cause } = (error ?? {}) as { name?: string; code?: string; cause?: { name?: string } }
  return event.startsWith('database.') || [name, cause?.name].includes('DatabaseError') || code === 'connection.lost'
}

async function allEvents(client: Client) {
  const all = []
  for (let cursor: string | undefined; ; ) {
    const page = await client.events.list({ limit: 200, cursor })
    all.push(...page.data)
    if (page.nextCursor === null) return all
    cursor = page.nextCursor
  }
}
