/**
 * `node sim/crash/kill.ts --kills 50 [--seed harbor] [--artists 4]`: a server that is killed again and again while it reads, renews tokens and saves,
 * now and then together with its database, and what is left of the truth afterwards. Prints one line of JSON and exits with 1 when anything is.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { second } from '@patchbay/kit'
import { type Client, openPatchbay } from '@patchbay/sdk'
import * as catalog from '../../providers/index.ts'
import { systemClock } from '../../src/drivers/clock/system.ts'
import { SeededRandom } from '../../src/drivers/random/seeded.ts'
import { examine, type Findings, isWhole } from './examine.ts'
import { openRecorder, type Recorder } from './record-history.ts'
import {
  demoKey,
  findPort,
  isReady,
  openStage,
  type Running,
  type SandboxProcess,
  type Stage,
  startSandboxProcess,
} from './test-processes.ts'
import { type Connection, makeWork, settle } from './work.ts'

export interface KillOptions {
  readonly kills: number
  readonly seed: string
  /** Each has an account on every platform. */
  readonly artists: number
  readonly say?: (text: string) => void
}

export interface KillSummary extends Findings {
  readonly kills: number
  readonly databaseKills: number
  readonly restarts: number
  readonly p50_restart_ms: number
  readonly max_restart_ms: number
  readonly settled_ms: number
  readonly connections: number
  readonly stop_ms: number
}

interface Story {
  readonly stage: Stage
  readonly sandbox: SandboxProcess
  readonly recorder: Recorder
  readonly dataDir: string
  readonly url: string
  readonly restartsMs: number[]
  server: Running
}

export async function runKills(options: KillOptions): Promise<KillSummary> {
  const { kills, seed, artists, say = () => {} } = options
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
      const { untilKilledMs, database } = draw(random, turn)
      await makeWork(story.sandbox, client, connections, { random })
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
      await restart(story)
      await story.recorder.collect()
      say(
        `${turn}/${kills} killed after ${untilKilledMs} ms${database ? `, database ${database}` : ''}: back in ${story.restartsMs.at(-1)} ms`,
      )
    }

    // What the last one held was its own, and is free again: nobody has to wait for that to run out.
    const settledMs = await settle(client, connections, () => story.server.isRunning())
    say(`settled in ${settledMs} ms`)
    const found = await examineStory(story, client, connections)
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

/** What happens in a turn. The database is killed in every fifth, each time in another order. */
function draw(random: SeededRandom, turn: number) {
  const own = random.fork(`turn/${turn}`)
  const orders = ['first', 'alone', 'last'] as const
  return {
    untilKilledMs: Math.round(20 + own.unit() ** 2 * 1480),
    database: turn % 5 === 3 ? orders[((turn - 3) / 5) % 3]! : null,
  }
}

async function begin(stage: Stage, { artists, seed }: { artists: number; seed: string }): Promise<Story> {
  const sandbox = await startSandboxProcess(stage, { artists, seed })
  const port = await findPort()
  const story = {
    ...{ stage, sandbox, recorder: openRecorder(sandbox), restartsMs: [] },
    ...{ dataDir: join(stage.folder, 'data'), url: `http://127.0.0.1:${port}` },
  }
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

async function killDatabase({ stage, dataDir }: Story): Promise<void> {
  const postmaster = await stage.postmasterOf(dataDir)
  if (postmaster) await stage.killProcess(postmaster.pid)
}

async function examineStory(
  { sandbox, recorder, dataDir, stage, server }: Story,
  client: Client,
  connections: readonly Connection[],
): Promise<Findings> {
  const databaseUrl = (await stage.postmasterOf(dataDir))!.url
  const logFiles = [server.logFile]
  return examine({ sandbox, recorder, client, connections, databaseUrl, logFiles, strict: [] })
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
    say: (text) => process.stderr.write(`${text}\n`),
  })
  process.stdout.write(`${JSON.stringify(summary)}\n`)
  process.exitCode = isWhole(summary) ? 0 : 1
}
