/**
 * `node sim/crash/storm.ts [--seed harbor] [--redis]`: four servers are asked for the same account two hundred times at once, just when its token is
 * over, at a platform where a refresh token can be used once. Every call has to succeed and the platform may see one token request: also when it takes
 * 25 or 55 s to answer. An answer that gets lost is had again where the platform repeats it; where it does not, one person is asked, once. And while the
 * token endpoint is down, a token that is still good is used and nothing is reported broken. Prints one line of JSON and exits with 1 when anything
 * differs.
 */
import { parseArgs } from 'node:util'
import { minute, second } from '@patchbay/kit'
import { isFault, type PatchbayError } from '@patchbay/sdk'
import * as catalog from '../../providers/index.ts'
import { systemClock } from '../../src/drivers/clock/system.ts'
import { type Fleet, openFleet, type Server } from './fleet.ts'
import { openStage } from './test-processes.ts'
import { type Connection, renewing } from './work.ts'

export interface StormOptions {
  readonly seed: string
  readonly storms: readonly StormName[]
  readonly redis?: boolean
  readonly say?: (text: string) => void
}

export interface StormSummary {
  readonly storm: StormName
  readonly calls: number
  readonly succeeded: number
  readonly tokenRequests: number
  readonly tookMs: number
  /** Everything that is not as it should be, in words. */
  readonly wrong: readonly string[]
}

/** Each has an account of its own. */
const storms = {
  quick: { delayMs: 0 },
  'after 25 s': { delayMs: 25 * second },
  'after 55 s': { delayMs: 55 * second },
  'lost with grace': { lose: true, graceMs: minute },
  'lost without grace': { lose: true },
  'endpoint down, one server': { down: 1 },
  'endpoint down, four servers': { down: 4 },
} as const satisfies Record<string, Storm>

export type StormName = keyof typeof storms
const allStorms = Object.keys(storms) as StormName[]

interface Storm {
  readonly delayMs?: number
  readonly lose?: boolean
  readonly graceMs?: number
  /** So many servers are asked while the token endpoint is down and the token has some time left. */
  readonly down?: number
}

/** A platform where accounts have tokens of their own that reading needs. */
const provider = renewing.at(-1)!
const { auth } = Object.values(catalog).find(({ id }) => id === provider)!
const tokenRoute = auth.scheme === 'oauth2' ? `POST ${auth.tokenUrl.slice('https://'.length)}` : ''
/** Tokens of the first consent are over when the storms begin. */
const shortMs = 3 * second

export async function runStorms({
  seed,
  storms: wanted,
  redis,
  say = () => {},
}: StormOptions): Promise<StormSummary[]> {
  const stage = openStage()
  try {
    const fleet = await openFleet(stage, {
      ...{ size: 4, artists: wanted.length, seed, redis },
      // Nothing but callers asks for tokens.
      roles: 'api',
      prepare: async (sandbox) => {
        await sandbox.post('rules', { provider, rotates: true, graceMs: 0, accessMs: shortMs })
      },
    })
    const { data } = await fleet.anyone().client.connections.list({ limit: 200 })
    const connections = data.filter((connection) => connection.provider === provider)
    await systemClock.sleep(shortMs)
    // The platform is seen to replace what is presented to it before anything is lost.
    for (const connection of connections) await call(fleet.anyone(), connection, false)
    await systemClock.sleep(shortMs)
    const found: StormSummary[] = []
    for (const [i, storm] of wanted.entries()) {
      const summary = await runStorm(fleet, connections[i]!, storm)
      found.push(summary)
      say(JSON.stringify(summary))
    }
    return found
  } finally {
    await stage.close()
  }
}

async function runStorm(fleet: Fleet, connection: Connection, name: StormName): Promise<StormSummary> {
  const { delayMs = 0, lose = false, graceMs = 0, down = 0 }: Storm = storms[name]
  const { sandbox } = fleet
  const artist = connection.profile
  await sandbox.post('rules', { provider, graceMs, accessMs: down > 0 ? 34 * second : 60 * minute })
  const wrong: string[] = []
  if (down > 0) {
    // The one before may have left the endpoint alone for a while.
    await call(fleet.anyone(), connection, false)
    // Callers would like a newer token by now, and the one that they have is good for half a minute.
    await systemClock.sleep(5 * second)
    await sandbox.post('weather', { id: name, kind: 'outage', route: tokenRoute, artist })
  }
  if (delayMs > 0) await sandbox.post('weather', { id: name, kind: 'delay', ms: delayMs, route: tokenRoute, artist })
  if (lose) await sandbox.post('weather', { id: name, kind: 'lose', route: tokenRoute, artist, times: 1 })

  const before = await tokenRequests(fleet, connection)
  const startedAt = systemClock.now()
  const servers = down > 0 ? fleet.servers.slice(0, down) : fleet.servers
  const outcomes = await Promise.all(
    servers.flatMap((server) => Array.from({ length: 50 }, (_, n) => call(server, connection, n % 5 === 0))),
  )
  const tookMs = systemClock.now() - startedAt
  const requests = (await tokenRequests(fleet, connection)) - before
  const succeeded = outcomes.filter((outcome) => outcome === 'ok').length
  const lost = lose && graceMs === 0
  if (succeeded !== (lost ? 0 : outcomes.length))
    wrong.push(`${succeeded} of ${outcomes.length} calls succeeded; others: ${[...new Set(outcomes)].join(', ')}`)
  // A refusal is confirmed by asking once more, by whichever server comes to it: each may have asked once by then.
  const [least, most] = lost ? [3, 2 + servers.length] : lose ? [2, 2] : [1, 1]
  if (down === 0 && (requests < least || requests > most)) wrong.push(`${requests} token requests, not ${least}`)
  wrong.push(...(await wrongBooks(fleet, connection, lost)))
  if (down > 0) await sandbox.delete(`weather?id=${encodeURIComponent(name)}`)
  return { storm: name, calls: outcomes.length, succeeded, tokenRequests: requests, tookMs, wrong }
}

/** One caller, who comes back when it is told to. */
async function call(server: Server, { id }: Connection, throughProxy: boolean): Promise<string> {
  const giveUpAt = systemClock.now() + 2 * minute
  for (;;) {
    try {
      if (!throughProxy) await server.client.connections.credentials({ id })
      else {
        const { status } = await server.client.request('GET', `/v1/proxy/${id}/storm`)
        if (status === 401) return 'refused by the platform'
      }
      return 'ok'
    } catch (error) {
      if (!isFault(error)) throw error
      if (!again.has(error.code) || systemClock.now() > giveUpAt) return error.code
      await systemClock.sleep((error as PatchbayError).problem.retryAfterMs ?? second)
    }
  }
}

/** What the server asks its callers to do. */
const again: ReadonlySet<string> = new Set(['connection.refreshing', 'platform.busy', 'provider.throttled'])

async function tokenRequests({ sandbox }: Fleet, { profile }: Connection): Promise<number> {
  const { recent } = await sandbox.get<{ recent: readonly { what: string; artist?: string }[] }>(
    `ledger?limit=10000&provider=${provider}`,
  )
  return recent.filter(({ what, artist }) => what === 'token' && artist === profile).length
}

/** What was said of the connection: nothing, or, where its grant is lost, that it is, with its cause, once. */
async function wrongBooks({ servers }: Fleet, { id }: Connection, lost: boolean): Promise<string[]> {
  const { client } = servers[0]!
  const wrong: string[] = []
  const [now, events, tasks] = await Promise.all([
    client.connections.read({ id }),
    client.events.list({ connection: id, limit: 200 }),
    client.tasks.list({ limit: 200 }),
  ])
  const told = events.data.filter(({ type }) => type === 'connection.needs_reauth').length
  const asked = tasks.data.filter((task) => task.connection === id).length
  if (lost !== (now.state === 'needs_reauth') || (lost && now.reason !== 'lost_response'))
    wrong.push(`the connection is ${now.state}: ${now.reason}`)
  if (told !== Number(lost) || asked !== Number(lost)) wrong.push(`${told} events and ${asked} tasks tell of a loss`)
  return wrong
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seed: { type: 'string', default: 'harbor' }, redis: { type: 'boolean', default: false } },
  })
  const found = await runStorms({
    ...values,
    storms: allStorms,
    say: (text) => process.stderr.write(`${text}\n`),
  })
  const wrong = found.flatMap(({ storm, wrong }) => wrong.map((what) => `${storm}: ${what}`))
  process.stdout.write(
    `${JSON.stringify({ storms: found.length, calls: found.reduce((sum, { calls }) => sum + calls, 0), wrong })}\n`,
  )
  process.exitCode = wrong.length === 0 ? 0 : 1
}
