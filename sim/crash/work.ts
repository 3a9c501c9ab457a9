import { minute, second } from '@patchbay/kit'
import { type Client, isFault } from '@patchbay/sdk'
import * as catalog from '../../providers/index.ts'
import { systemClock } from '../../src/drivers/clock/system.ts'
import type { SeededRandom } from '../../src/drivers/random/seeded.ts'
import type { SandboxProcess } from './test-processes.ts'

export type Connection = Awaited<ReturnType<Client['connections']['list']>>['data'][number]

/** Where a token that ended early can be renewed. Where the token itself is what renews it, its end is the end. */
export const renewing: readonly string[] = Object.values(catalog)
  .filter(({ auth }) => auth.scheme === 'oauth2' && auth.refresh.model !== 'extends')
  .map(({ id }) => id)

export async function connected(client: Client): Promise<readonly Connection[]> {
  return (await client.connections.list()).data
}

/** Everything is to be read. Returns since when. */
export async function wakeAll(client: Client): Promise<number> {
  const at = systemClock.now()
  for (const { id } of await connected(client)) await client.connections.sync({ id })
  return at
}

/** Everything is to be read at once, and some of it needs new tokens for that. */
export async function makeWork(
  sandbox: SandboxProcess,
  client: Client,
  connections: readonly Connection[],
  { random, expire = 0.4 }: { random: SeededRandom; expire?: number },
): Promise<void> {
  for (const { provider, profile } of connections)
    if (renewing.includes(provider) && random.unit() < expire)
      await sandbox.post('tokens', { provider, artist: profile, action: 'expire' })
  await Promise.all(connections.map(({ id }) => client.connections.sync({ id })))
}

/**
 * Asks for the access token of every account that has one which can be renewed, until there is an answer that stays: a token, which had to be opened
 * and perhaps renewed for that (I06), or that its owner must connect again.
 */
export async function askForTokens(client: Client, connections: readonly Connection[]): Promise<void> {
  const startedAt = systemClock.now()
  const ask = async ({ id }: Connection) => {
    for (;;) {
      try {
        await client.connections.credentials({ id })
        return
      } catch (error) {
        if (isFault(error, 'connection.expired')) return
        if (!isFault(error, 'connection.refreshing') || systemClock.now() - startedAt > patienceMs) throw error
        await systemClock.sleep(second)
      }
    }
  }
  await Promise.all(connections.filter(({ provider }) => renewing.includes(provider)).map(ask))
}

/** Longer than any claim, lease or wait for a quota of half a minute. */
const patienceMs = 5 * minute
/** What was under way too often when a process ended is left alone for a while, unless somebody asks for it again. */
const askAgainMs = 5 * second

/** Waits until everything was read once more and nothing is under way. Returns how long that took. */
export async function settle(
  client: Client,
  connections: readonly Connection[],
  isRunning: () => boolean,
): Promise<number> {
  const startedAt = systemClock.now()
  let askedAt = 0
  while (systemClock.now() - startedAt < patienceMs && isRunning()) {
    // What waits for a person waits for long.
    const all = await lateStreams(client, connections, startedAt)
    const late = all.filter(({ blocked }) => blocked !== 'needs_reauth')
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

export interface LateStream {
  readonly connection: string
  readonly stream: string
  readonly state: string
  readonly blocked: string | null
  readonly says: string
}

/** Streams that were not read since then, or did not end well. */
export async function lateStreams(
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
      late.push({ connection: id, stream: stream.id, state: stream.state, blocked: stream.blocked, says })
    }
  return late
}
