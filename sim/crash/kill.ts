/**
 * `node sim/crash/kill.ts --kills 50 [--seed harbor] [--artists 4]`: a server that is killed again and again while it reads, renews tokens and saves,
 * now and then together with its database, and what is left of the truth afterwards. Prints one line of JSON and exits with 1 when anything is.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { addDays, dayOf, minute, second, type Truth } from '@patchbay/kit'
import { type Client, openPatchbay } from '@patchbay/sdk'
import * as catalog from '../../providers/index.ts'
import { systemClock } from '../../src/drivers/clock/system.ts'
import { SeededRandom } from '../../src/drivers/random/seeded.ts'
import { compareWithTruth } from './compare-with-truth.ts'
import {
  demoKey,
  findPort,
  isReady,
  openStage,
  passTime,
  query,
  type Running,
  readLog,
  type SandboxProcess,
  type Stage,
  startSandboxProcess,
} from './test-processes.ts'

export interface KillOptions {
  readonly kills: number
  readonly seed: string
  /** Each has an account on every platform. */
  readonly artists: number
  /**
   * How the claims of the last process that was killed end: by waiting for it, or by pretending that a while has passed before the next start. The
   * story does the latter in most of its turns, since otherwise there would be nothing to kill for two minutes after each.
   */
  readonly ending: 'wait' | 'pretend'
  readonly say?: (text: string) => void
}

export interface KillSummary {
  readonly kills: number
  readonly databaseKills: number
  readonly restarts: number
  readonly p50_restart_ms: number
  readonly max_restart_ms: number
  readonly settled_ms: number
  readonly connections: number
  readonly observations: number
  readonly differences: number
  readonly stuckRuns: number
  readonly abandonedRuns: number
  readonly lateStreams: number
  readonly lostGrants: number
  readonly refreshes: number
  readonly violations: Readonly<Record<string, number>>
  readonly events: number
  readonly untold: number
  readonly bugs: number
  readonly stop_ms: number
  /** The first things that are wrong, in words. */
  readonly examples: readonly string[]
}

interface Story {
  readonly stage: Stage
  readonly sandbox: SandboxProcess
  readonly dataDir: string
  readonly url: string
  readonly restartsMs: number[]
  server: Running
}

type Connection = Awaited<ReturnType<Client['connections']['list']>>['data'][number]

export async function runKills(options: KillOptions): Promise<KillSummary> {
  const { kills, seed, artists, ending, say = () => {} } = options
  const random = new SeededRandom(seed, systemClock)
  const stage = openStage()
  try {
    const story = await begin(stage, { artists, seed })
    const client = await connectArtists(story, artists)
    const connections = (await client.connections.list({ limit: 200 })).data
    const wanted = artists * Object.keys(catalog).length
    if (connections.length !== wanted) throw new Error(`${connections.length} of ${wanted} accounts were connected`)
    // Slower answers are in flight more of the time.
    await story.sandbox.post('weather', { kind: 'delay', ms: 120, side: 'reply', probability: 0.3 })

    let databaseKills = 0
    for (let turn = 1; turn <= kills; turn++) {
      const { untilKilledMs, database, timePasses } = draw(random, turn)
      await makeWork(story, client, connections, random)
      if (database === 'alone') {
        await systemClock.sleep(untilKilledMs)
        await killDatabase(story)
        databaseKills++
        await stage.until('the server after its database', story.server, () => isReady(story.url))
      }
      await systemClock.sleep(untilKilledMs)
      if (database === 'first') await killDatabase(story)
      story.server.kill('SIGKILL')
      await story.server.ended
      if (database === 'last') await killDatabase(story)
      if (database === 'first' || database === 'last') databaseKills++
      const isLast = turn === kills && ending === 'wait'
      if (timePasses && !isLast) await pretendThatTimePassed(story)
      await restart(story)
      say(
        `${turn}/${kills} killed after ${untilKilledMs} ms${database ? `, database ${database}` : ''}: back in ${story.restartsMs.at(-1)} ms`,
      )
    }

    if (ending === 'pretend') {
      story.server.kill('SIGKILL')
      await story.server.ended
      await pretendThatTimePassed(story)
      await restart(story)
    }
    const settledMs = await settle(story, client, connections)
    say(`settled in ${settledMs} ms`)
    const found = await examine(story, client, connections)
    const stopMs = await stopGently(story)
    const sorted = story.restartsMs.toSorted((one, other) => one - other)
    return {
      kills,
      databaseKills,
      restarts: sorted.length,
      p50_restart_ms: sorted[Math.floor(sorted.length / 2)] ?? 0,
      max_restart_ms: sorted.at(-1) ?? 0,
      settled_ms: settledMs,
      connections: connections.length,
      ...found,
      stop_ms: stopMs,
    }
  } finally {
    await stage.close()
  }
}

/** Whether nothing is wrong. */
export function isWhole(summary: KillSummary): boolean {
  const { differences, stuckRuns, lateStreams, lostGrants, violations, untold, bugs } = summary
  return differences + stuckRuns + lateStreams + lostGrants + untold + bugs + Object.keys(violations).length === 0
}

/** What happens in a turn. The database is killed in every fifth, each time in another order. */
function draw(random: SeededRandom, turn: number) {
  const own = random.fork(`turn/${turn}`)
  const orders = ['first', 'alone', 'last'] as const
  return {
    untilKilledMs: Math.round(20 + own.unit() ** 2 * 1480),
    database: turn % 5 === 3 ? orders[((turn - 3) / 5) % 3]! : null,
    timePasses: own.unit() < 0.8,
  }
}

async function begin(stage: Stage, { artists, seed }: { artists: number; seed: string }): Promise<Story> {
  const sandbox = await startSandboxProcess(stage, { artists, seed })
  const port = await findPort()
  const story = { stage, sandbox, dataDir: join(stage.folder, 'data'), url: `http://127.0.0.1:${port}`, restartsMs: [] }
  const server = startServer(story)
  await stage.until('the first start', server, () => isReady(story.url))
  return { ...story, server }
}

function startServer({ stage, sandbox, dataDir, url }: Omit<Story, 'server'>): Running {
  const env = { PORT: new URL(url).port, PATCHBAY_DATA_DIR: dataDir, PATCHBAY_SANDBOX_URL: sandbox.url }
  return stage.start('server', ['start'], env)
}

async function restart(story: Story): Promise<void> {
  const startedAt = systemClock.now()
  story.server = startServer(story)
  await story.stage.until('the server', story.server, () => isReady(story.url))
  story.restartsMs.push(systemClock.now() - startedAt)
}

/** The demo of the first start walks every artist through the consent pages. Killing begins when they are connected and hardly anything is read. */
async function connectArtists({ stage, server, dataDir, url }: Story, artists: number): Promise<Client> {
  const key = await stage.until('the key', server, async () => demoKey(dataDir))
  const client = openPatchbay({ url, key })
  await stage.until('the connections', server, async () => {
    const { data } = await client.connections.list({ limit: 200 })
    return data.length === artists * Object.keys(catalog).length ? true : null
  })
  return client
}

/** Everything is to be read at once, and some of it needs new tokens for that. */
async function makeWork(
  { sandbox }: Story,
  client: Client,
  connections: readonly Connection[],
  random: SeededRandom,
): Promise<void> {
  for (const { provider, profile } of connections)
    if (renews.has(provider) && random.unit() < 0.4)
      await sandbox.post('tokens', { provider, artist: profile, action: 'expire' })
  await Promise.all(connections.map(({ id }) => client.connections.sync({ id })))
}

/** Where a token that ended early can be renewed. Where the token itself is what renews it, its end is the end. */
const renews = new Set(
  Object.values(catalog)
    .filter(({ auth }) => auth.scheme === 'oauth2' && auth.refresh.model !== 'extends')
    .map(({ id }) => id as string),
)

async function killDatabase({ stage, dataDir }: Story): Promise<void> {
  const postmaster = await stage.postmasterOf(dataDir)
  if (postmaster) await stage.killProcess(postmaster.pid)
}

/** A database that is gone as well has nothing changed in it: what was held stays held. */
async function pretendThatTimePassed({ stage, dataDir }: Story): Promise<void> {
  const postmaster = await stage.postmasterOf(dataDir)
  if (postmaster) await passTime(postmaster.url)
}

/** Longer than any claim, lease or wait for a quota of half a minute. */
const patienceMs = 5 * minute
/** What was under way too often when a process ended is left alone for a while, unless somebody asks for it again. */
const askAgainMs = 5 * second

/** Waits until everything was read once more and nothing is under way. */
async function settle({ server }: Story, client: Client, connections: readonly Connection[]): Promise<number> {
  const startedAt = systemClock.now()
  let askedAt = 0
  while (systemClock.now() - startedAt < patienceMs && server.isRunning()) {
    const late = await lateStreams(client, connections, startedAt)
    const { data: running } = await client.runs.list({ state: 'running' })
    if (late.length === 0 && running.length === 0) break
    if (systemClock.now() - askedAt > askAgainMs) {
      const standing = askedAt === 0 ? late : late.filter(({ state }) => state !== 'running')
      askedAt = systemClock.now()
      for (const [id, own] of Map.groupBy(standing, ({ connection }) => connection))
        await client.connections.sync({ id, streams: own.map(({ stream }) => stream) })
    }
    await systemClock.sleep(250)
  }
  return systemClock.now() - startedAt
}

interface LateStream {
  readonly connection: string
  readonly stream: string
  readonly state: string
  readonly says: string
}

async function lateStreams(
  client: Client,
  connections: readonly Connection[],
  since: number,
): Promise<readonly LateStream[]> {
  const late: LateStream[] = []
  for (const { id, profile, provider } of connections)
    for (const stream of (await client.connections.streams({ id })).data) {
      const read = stream.lastEndedAt !== null && Date.parse(stream.lastEndedAt) >= since
      if (stream.blocked === 'unsupported' || (stream.state === 'on_time' && read)) continue
      const says = `${stream.id} of ${profile} on ${provider} is ${stream.state}: ${stream.says ?? 'not read again'}`
      late.push({ connection: id, stream: stream.id, state: stream.state, says })
    }
  return late
}

async function examine(story: Story, client: Client, connections: readonly Connection[]) {
  const { sandbox, dataDir, stage, server } = story
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
  const ledger = await sandbox.get<Ledger>('ledger?limit=10000')
  const violations = Object.groupBy(ledger.violations, ({ kind }) => kind)
  const events = await allEvents(client)
  const told = new Set(events.map(({ type, connection, data }) => `${type} ${connection} ${data.stream}`))
  const postmaster = (await stage.postmasterOf(dataDir))!
  const [revisions] = await query<{ count: number }>(
    postmaster.url,
    'select count(*)::int as count from observation_revision',
  )
  const restated = events.reduce(
    (sum, { type, data }) => sum + (type === 'metric.restated' ? Number(data.count) : 0),
    0,
  )
  const ids = new Set(events.map(({ id }) => id))
  const untold = [
    ...[...streams].filter((name) => !told.has(`metrics.updated ${name}`)).map((name) => `nobody was told of ${name}`),
    ...(ids.size === events.length ? [] : [`${events.length - ids.size} events share their id with another`]),
    ...(restated === revisions!.count ? [] : [`${revisions!.count} values were replaced and ${restated} told`]),
  ]
  const bugs = readLog(server.logFile).filter((line) => line.level === 'error' && !isAboutTheDatabase(line))
  return {
    observations,
    differences: note(differences),
    stuckRuns: note(running.map(({ id, stream }) => `run ${id} of ${stream} is still running`)),
    abandonedRuns: (await client.runs.list({ state: 'abandoned', limit: 200 })).data.length,
    lateStreams: note((await lateStreams(client, connections, 0)).map(({ says }) => says)),
    lostGrants: note(
      lost.map(({ profile, provider, state, reason }) => `${profile} on ${provider}: ${state}, ${reason}`),
    ),
    refreshes: ledger.recent.filter(({ what, status }) => what === 'token' && status === 200).length,
    violations: Object.fromEntries(Object.entries(violations).map(([kind, rows]) => [kind, rows!.length])),
    events: events.length,
    untold: note(untold),
    bugs: note(bugs.map((line) => JSON.stringify(line).slice(0, 400))),
    examples,
  }
}

/** Days of history that are compared: more than any platform's first reading goes back in one piece. */
const historyDays = 110

/** What a server may say when its database is taken away from it. Everything else at this level is a bug. */
function isAboutTheDatabase({ event = '', error }: { event?: string; error?: unknown }): boolean {
  const { name, code, cause } = (error ?? {}) as { name?: string; code?: string; cause?: { name?: string } }
  return event.startsWith('database.') || [name, cause?.name].includes('DatabaseError') || code === 'connection.lost'
}

interface Ledger {
  readonly violations: readonly { readonly kind: string }[]
  readonly recent: readonly { readonly what: string; readonly status?: number }[]
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

/** In the middle of work, as a deployment would: it ends by itself, with its database, and says that all went well. */
async function stopGently({ server, stage, dataDir }: Story): Promise<number> {
  const startedAt = systemClock.now()
  server.kill('SIGTERM')
  const code = await server.ended
  const stopMs = systemClock.now() - startedAt
  if (code !== 0) throw new Error(`told to stop, the server ended with ${code}`)
  if (await stage.postmasterOf(dataDir)) throw new Error('the server has stopped and left its database running')
  if (stopMs > 27 * second) throw new Error(`told to stop, the server took ${stopMs} ms`)
  return stopMs
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '50' },
      seed: { type: 'string', default: 'harbor' },
      artists: { type: 'string', default: '4' },
    },
  })
  const summary = await runKills({
    kills: Number(values.kills),
    artists: Number(values.artists),
    seed: values.seed,
    ending: 'wait',
    say: (text) => process.stderr.write(`${text}\n`),
  })
  process.stdout.write(`${JSON.stringify(summary)}\n`)
  process.exitCode = isWhole(summary) ? 0 : 1
}
