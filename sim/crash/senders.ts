/**
 * `node sim/crash/senders.ts --kills 100 [--senders 3] [--seed harbor]`: processes that send events are killed again and again, at random moments and at
 * named places, while events are written, some of which commit long after later ones. Then every event has come to every endpoint that wants it, with the
 * same id and body each time, none was made up, and where it was asked for they came in order. Prints one line of JSON and exits with 1 when that is not so.
 */
import { parseArgs } from 'node:util'
import { minute, second } from '@patchbay/kit'
import { type Client, openPatchbay } from '@patchbay/sdk'
import { writeAlong } from '../../src/drivers/along/postgres.ts'
import { systemClock } from '../../src/drivers/clock/system.ts'
import { openPostgres } from '../../src/drivers/database/postgres.ts'
import { openEmptyDatabase } from '../../src/drivers/database/test-database.ts'
import { silentLog } from '../../src/drivers/log/silent.ts'
import { openPostgresStores } from '../../src/drivers/postgres-stores.ts'
import { SeededRandom } from '../../src/drivers/random/seeded.ts'
import { systemRandom } from '../../src/drivers/random/system.ts'
import { createAccessKey } from '../../src/engine/access/access-keys.ts'
import type { NewEvent } from '../../src/ports/along.ts'
import type { Database } from '../../src/ports/database.ts'
import { type Cluster, openCluster } from './test-cluster.ts'
import { openStage, query, type Running } from './test-processes.ts'
import { type Noted, openTestReceivers, type TestReceivers } from './test-receivers.ts'

export interface SendersOptions {
  readonly kills: number
  readonly senders: number
  readonly seed: string
  readonly say?: (text: string) => void
}

export interface SendersSummary {
  readonly kills: number
  /** How many of those were killed while deliveries could not be written. */
  readonly held: number
  /** How many of those died at each named place. */
  readonly at: Readonly<Record<string, number>>
  readonly events: number
  /** Pairs of an event and an endpoint that wants it. */
  readonly wanted: number
  readonly arrivals: number
  /** Arrivals of what had been taken before. */
  readonly again: number
  /** Wanted, and never taken. */
  readonly lost: number
  /** Kept as delivered, and never taken. */
  readonly untrue: number
  /** Came and was never written, or to one that does not want it. */
  readonly invented: number
  /** Came with another body than before. */
  readonly changed: number
  /** Came with a signature that does not fit. */
  readonly unsigned: number
  /** Came to an ordered endpoint before one of an earlier place was taken. */
  readonly overtook: number
  readonly settled_ms: number
}

/** Places at which a third of them end themselves: around each step of a delivery. */
export const senderPlaces = [
  'deliveries.settle.before',
  'deliveries.place.after',
  'receivers.post.after',
  'deliveries.claim.after',
  'deliveries.settle.after',
  'database.tenant.inside',
] as const

interface Asked {
  readonly ordered: boolean
  /** `channel.*`; all when absent. */
  readonly types?: readonly string[]
  readonly profiles?: readonly string[]
  /** How its receiver behaves. */
  readonly slowMs: number
  readonly refused: number
}

/** By path. */
const endpoints: Readonly<Record<string, Asked>> = {
  '/all': { ordered: false, slowMs: 20, refused: 0.02 },
  '/some': { ordered: false, types: ['channel.*'], slowMs: 60, refused: 0.02 },
  '/ordered': { ordered: true, slowMs: 5, refused: 0.002 },
  '/ordered-of-one': { ordered: true, profiles: ['nova'], slowMs: 5, refused: 0.002 },
}
const paths = Object.keys(endpoints)

interface WrittenEvent {
  readonly id: string
  readonly type: string
  readonly profile: string | null
  readonly position: number
}

interface Done {
  kills: number
  held: number
  readonly at: Record<string, number>
}

export async function runSenders(options: SendersOptions): Promise<SendersSummary> {
  const { kills, senders, seed, say = () => {} } = options
  const random = new SeededRandom(seed, systemClock)
  const server = await openEmptyDatabase()
  const stage = openStage()
  const receivers = await openTestReceivers(random.fork('receivers'), endpoints)
  stage.closes(receivers.close)
  try {
    const cluster = await openCluster(stage, server.url)
    const api = await cluster.start('api', 'api', { options: ['--empty'] })
    await cluster.ready(api)
    const database = openPostgres({ connection: server.url, log: silentLog, poolSize: 6 })
    stage.closes(() => database.close())
    const ids = await makeEndpoints(database, api.url, receivers)

    const writing = new AbortController()
    const written = write(database, random.fork('writer'), writing.signal)
    const forgetting = forgetDead(server.url, writing.signal)
    const done: Done = { kills: 0, held: 0, at: {} }
    const beginAnother = () => done.kills + underWay < kills && ++underWay > 0
    let underWay = 0
    await Promise.all(
      Array.from({ length: senders }, async (_, n) => {
        const own = random.fork(`sender/${n}`)
        for (let turn = n; beginAnother(); turn++) {
          await killOne({ cluster, databaseUrl: server.url, name: `sender-${n}`, turn, random: own, done })
          underWay--
          say(`${done.kills}/${kills} killed, ${receivers.at('/all').noted.filter(isCame).length} came to one`)
        }
      }),
    )
    writing.abort('enough')
    const count = await written
    await forgetting
    say(`${count} events written; ${JSON.stringify(done)}`)

    const last = await Promise.all(
      Array.from({ length: senders }, (_, n) => cluster.start(`sender-${n}`, 'worker', { options: ['--empty'] })),
    )
    await Promise.all(last.map(cluster.ready))
    const settledMs = await settle(server.url)
    return { ...done, ...(await examine(server.url, receivers, ids)), settled_ms: settledMs }
  } finally {
    await stage.close()
    await server.drop()
  }
}

/** Nothing is missing, nothing is too much; and there was something to see. */
export const isWholeSending = (found: SendersSummary): boolean =>
  [found.lost, found.untrue, found.invented, found.changed, found.unsigned, found.overtook].every((n) => n === 0) &&
  found.wanted > found.events &&
  found.events > 0

/** One life of one sender, which ends at a random moment, in the middle of a statement, or at a named place, if it comes by there. */
async function killOne(options: {
  cluster: Cluster
  databaseUrl: string
  name: string
  turn: number
  random: SeededRandom
  done: Done
}): Promise<void> {
  const { cluster, databaseUrl, name, turn, random, done } = options
  const place = turn % 3 === 2 ? senderPlaces[Math.floor(random.unit() * senderPlaces.length)]! : null
  // The first passing is at the start, where there is much to do at once; a later one in the middle of it.
  const passing = 1 + Math.floor(random.unit() * 40)
  const env: Record<string, string> = place === null ? {} : { PATCHBAY_FAILPOINTS: `${place}:${passing}` }
  const member = await cluster.start(name, 'worker', { options: ['--empty'], env })
  const died = member.process.ended.then(() => true)
  // One that is to die by itself may do so before it is ready.
  await Promise.race([died, cluster.ready(member)]).catch((error: unknown) => {
    if (member.process.isRunning() || place === null) throw error
  })
  if (place === null) {
    await systemClock.sleep(random.unit() ** 2 * 3 * second)
    if (!member.process.isRunning()) throw new Error(`${name} ended by itself`)
  }
  if (turn % 3 === 1) {
    const released = holdDeliveries(databaseUrl)
    await systemClock.sleep(heldMs - 200)
    await kill(member.process)
    await released
    done.held++
  } else {
    const isOver = new AbortController()
    const patience = systemClock.sleep(place === null ? 0 : 15 * second, isOver.signal).then(() => false)
    if (await Promise.race([died, patience])) done.at[place!] = (done.at[place!] ?? 0) + 1
    isOver.abort('over')
    await kill(member.process)
  }
  done.kills++
}

async function kill(process: Running): Promise<void> {
  process.kill('SIGKILL')
  await process.ended
}

/**
 * Nobody can write deliveries for that long, though everything else: so whoever is killed meanwhile is killed between two steps, where there are two. It
 * is longer than a sender sleeps.
 */
const holdDeliveries = (url: string) =>
  query(
    url,
    `begin; lock table delivery in share row exclusive mode; select pg_sleep(${heldMs / 1000}); commit; select 1 as done`,
  )
const heldMs = 1_800

/** Gives their ids, by path. */
async function makeEndpoints(database: Database, url: string, receivers: TestReceivers): Promise<Map<string, string>> {
  const stores = openPostgresStores(database)
  const environment = (await stores.directory.environments()).find(({ mode }) => mode === 'test')!
  const deps = { ...stores, clock: systemClock, random: systemRandom }
  const { text } = await createAccessKey(deps, environment, { name: 'crash', scopes: ['*'] })
  const client: Client = openPatchbay({ url, key: text })
  const ids = new Map<string, string>()
  for (const path of paths) {
    const { ordered, types, profiles } = endpoints[path]!
    const wish = {
      url: `${receivers.origin}${path}`,
      ordered,
      types: types && [...types],
      profiles: profiles && [...profiles],
    }
    const { id, secret } = await client.endpoints.create(wish)
    receivers.at(path).secret = secret
    ids.set(path, id)
  }
  return ids
}

/** Some dozens a second. One piece in five stays uncommitted for a while, so that its events are seen later than those with later numbers. */
async function write(database: Database, random: SeededRandom, signal: AbortSignal): Promise<number> {
  const late = new Set<Promise<void>>()
  let count = 0
  const commit = (events: NewEvent[], afterMs: number) =>
    database.tenant(environmentId, async (sql) => {
      await writeAlong(sql, environmentId, { at: systemClock.now(), actor: 'system', events })
      if (afterMs > 0) await systemClock.sleep(afterMs)
    })
  while (!signal.aborted) {
    const events = Array.from({ length: 1 + Math.floor(random.unit() * 8) }, () =>
      eventOf(`evt_crash_${++count}`, random),
    )
    const isLate = random.unit() < 0.2 && late.size < 3
    const piece = commit(events, isLate ? random.unit() * second : 0)
    if (isLate) {
      late.add(piece)
      void piece.finally(() => late.delete(piece))
    } else await piece
    await systemClock.sleep(random.unit() * 200)
  }
  await Promise.all(late)
  return count
}

const eventOf = (id: string, random: SeededRandom): NewEvent => ({
  ...{ id, type: random.unit() < 0.5 ? 'channel.recovered' : 'metrics.updated' },
  profileId: [null, 'nova', 'orbit'][Math.floor(random.unit() * 3)]!,
  data: { channel: id },
})

/**
 * What a dead one had claimed is free after two minutes. Here that is after some seconds, which is longer than any claim of a living one lasts: so those
 * who come next meet what the dead left behind within one story.
 */
async function forgetDead(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await free(url)
    await systemClock.sleep(2 * second, signal).catch(() => {})
  }
}

const free = (url: string) =>
  ask(
    url,
    `update delivery set claimed_until = now() where claimed_until > now() and claimed_until < now() + interval '110 seconds'`,
  )

const ask = <Row>(url: string, sql: string): Promise<Row[]> =>
  query<Row>(url, `set role patchbay_tenant; set app.environment = '${environmentId}'; ${sql}`)

/** Until nothing waits any more, without the pauses between tries. However many there are, they have to become fewer. */
async function settle(url: string): Promise<number> {
  const startedAt = systemClock.now()
  let fewest = { open: Number.POSITIVE_INFINITY, at: startedAt }
  for (;;) {
    await free(url)
    await ask(url, 'update endpoint set rest_until = null where rest_until is not null')
    await ask(url, `update delivery set next_at = now() where state = 'waiting' and next_at > now()`)
    const [row] = await ask<{ open: string }>(
      url,
      `select (select count(*) from event where position is null) + (select count(*) from delivery where state = 'waiting') as open`,
    )
    const [open, at] = [Number(row!.open), systemClock.now()]
    if (open === 0) return at - startedAt
    if (open < fewest.open) fewest = { open, at }
    if (at - fewest.at > 2 * minute) throw new Error(`${open} still wait, and become no fewer`)
    await systemClock.sleep(second)
  }
}

/** Compares what was written and is kept with what the receivers saw. */
async function examine(url: string, receivers: TestReceivers, ids: ReadonlyMap<string, string>) {
  const all = await ask<WrittenEvent>(
    url,
    `select id, type, profile_id as profile, position::float8 as position from event where environment_id = '${environmentId}'`,
  )
  const byId = new Map(all.map((event) => [event.id, event]))
  const kept = await ask<{ path: string }>(
    url,
    `select endpoint_id || ' ' || event_id as path from delivery where state = 'delivered'`,
  )
  const delivered = new Set(kept.map(({ path }) => path))
  const bodies = new Map<string, string>()
  const found = {
    wanted: 0,
    arrivals: 0,
    again: 0,
    lost: 0,
    untrue: 0,
    invented: 0,
    changed: 0,
    unsigned: 0,
    overtook: 0,
  }
  for (const path of paths) {
    const { noted, unsigned } = receivers.at(path)
    const wanted = all.filter((event) => wants(path, event)).toSorted((one, other) => one.position - other.position)
    const taken = new Set(noted.filter(({ what }) => what === 'taken').map(({ id }) => id))
    const came = noted.filter(isCame)
    found.wanted += wanted.length
    found.arrivals += came.length
    found.unsigned += unsigned()
    found.lost += wanted.filter(({ id }) => !taken.has(id)).length
    for (const { id, body } of came) {
      const event = byId.get(id)
      if (!event || !wants(path, event)) found.invented++
      if ((bodies.get(id) ?? body) !== body) found.changed++
      bodies.set(id, body)
    }
    for (const { id } of all) if (delivered.has(`${ids.get(path)} ${id}`) && !taken.has(id)) found.untrue++
    found.again += takenAgain(noted)
    if (endpoints[path]!.ordered) found.overtook += overtaking(noted, wanted)
  }
  return { events: all.length, ...found }
}

function wants(path: string, { type, profile }: WrittenEvent): boolean {
  const { types, profiles } = endpoints[path]!
  const isOfType = types === undefined || types.some((pattern) => type.startsWith(pattern.slice(0, -1)))
  return isOfType && (profiles === undefined || profiles.some((one) => one === profile))
}

function takenAgain(noted: readonly Noted[]): number {
  const taken = new Set<string>()
  let again = 0
  for (const { what, id } of noted) {
    if (what === 'taken') taken.add(id)
    else if (taken.has(id)) again++
  }
  return again
}

/** How many came while one of an earlier place was still to be taken. */
function overtaking(noted: readonly Noted[], wanted: readonly WrittenEvent[]): number {
  const taken = new Set<string>()
  const places = new Map(wanted.map(({ id }, place) => [id, place]))
  let next = 0
  let overtook = 0
  for (const { what, id } of noted) {
    if (what === 'taken') taken.add(id)
    else if ((places.get(id) ?? 0) > next) overtook++
    while (next < wanted.length && taken.has(wanted[next]!.id)) next++
  }
  return overtook
}

const isCame = ({ what }: Noted) => what === 'came'
const environmentId = 'env_test'

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '100' },
      senders: { type: 'string', default: '3' },
      seed: { type: 'string', default: 'harbor' },
    },
  })
  const summary = await runSenders({
    kills: Number(values.kills),
    senders: Number(values.senders),
    seed: values.seed,
    say: (text) => process.stderr.write(`${text}\n`),
  })
  process.stdout.write(`${JSON.stringify(summary)}\n`)
  process.exitCode = isWholeSending(summary) ? 0 : 1
}
