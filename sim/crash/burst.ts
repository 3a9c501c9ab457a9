/**
 * `node sim/crash/burst.ts --per-second 5000 --seconds 60 [--servers 2] [--resend 20000] [--seed harbor]`: a platform sends webhooks faster than anybody
 * works through them, a part of them twice, while servers are killed, one of them at named places, and the database with them. What is not acknowledged is
 * refused with a 429 or 503 that says when to come again, or hears nothing. Afterwards the platform sends again what was not acknowledged, as platforms do,
 * or so much of it. Then everything that was acknowledged is stored, has had its effect, and has had it once. Prints one line of JSON and exits with 1 when
 * that is not so.
 */
import { parseArgs } from 'node:util'
import { minute, second } from '@patchbay/kit'
import instagram from '../../providers/instagram/index.ts'
import { systemClock } from '../../src/drivers/clock/system.ts'
import { SeededRandom } from '../../src/drivers/random/seeded.ts'
import { type Fleet, openFleet } from './fleet.ts'
import { openStage, query, residentKb } from './test-processes.ts'
import { atRate, openSender, type Sender, type Sent } from './test-senders.ts'

export interface BurstOptions {
  readonly perSecond: number
  readonly seconds: number
  readonly servers: number
  readonly seed: string
  /** One in so many is sent twice, the second time to another server. */
  readonly twice?: number
  /** How often one more message is sent at once, to all servers. */
  readonly copies?: number
  /** Places at which a server ends itself, one start after the other. */
  readonly places?: readonly string[]
  /** Whether processes and the database are killed. */
  readonly kills?: boolean
  /** How many of those that were not acknowledged are sent again; all when absent. The first are those that heard nothing. */
  readonly resend?: number
  readonly say?: (text: string) => void
}

export interface BurstSummary {
  readonly sent: number
  readonly offered_per_s: number
  /** Answers of the burst by status; `lost`: there was none. */
  readonly answers: Readonly<Record<string, number>>
  /** Answers that were neither an acknowledgement nor a 429 or 503 that says when to come again. */
  readonly odd: number
  /** How many copies of one message were acknowledged. */
  readonly copies: number
  /** Sent again afterwards, until they were acknowledged. */
  readonly resent: number
  readonly stored: number
  readonly processed: number
  readonly records: number
  readonly events: number
  /** Acknowledged and not stored, or without effect. */
  readonly lost: number
  /** Stored or effective more than once, or never sent. */
  readonly excess: number
  /** Not acknowledged, and not sent again: of these it does not matter. */
  readonly open: number
  /** The most memory of a server, as the system counts it. */
  readonly max_rss_mb: number
  /** Acknowledged in the burst. */
  readonly acknowledged_per_s: number
  readonly p50_ack_ms: number
  readonly p99_ack_ms: number
  readonly p50_visible_ms: number
  readonly p99_visible_ms: number
  readonly max_visible_ms: number
  readonly settled_ms: number
  readonly kills: number
  readonly databaseKills: number
}

/** Before, between and after each step of a message: received, stored, claimed, done, finished. */
export const inboxPlaces = [
  'inbox.store.before',
  'inbox.store.after',
  'inbox.claim.after',
  'typedRecords.save.before',
  'typedRecords.save.after',
  'schedule.wakeAll.after',
  'inbox.finish.before',
  'inbox.finish.after',
] as const

const mostInFlight = 3_000

export async function runBurst(options: BurstOptions): Promise<BurstSummary> {
  const { perSecond, seconds, servers, seed, twice = 10, copies = 1_000 } = options
  const { places = inboxPlaces, kills = true, resend: mostResent = Number.POSITIVE_INFINITY, say = () => {} } = options
  const chance = new SeededRandom(seed, systemClock)
  const stage = openStage()
  try {
    const fleet = await openFleet(stage, { size: servers, artists: 2, seed })
    const { sender, account } = await openPlatform(fleet)
    stage.closes(sender.close)
    const sents = new Map<string, Sent>()
    const done = { kills: 0, databaseKills: 0 }
    const trouble = kills ? makeTrouble(fleet, { seconds, places, done, say }) : Promise.resolve()
    const memory = watchMemory(fleet)
    const startedAt = systemClock.now()
    const begun = await atRate({ seconds, perSecond, most: mostInFlight }, async (nth) => {
      const key = `${seed}-${nth}`
      const to = Math.floor(chance.unit() * servers)
      const again = twice > 0 && nth % twice === 0 ? sender.send(key, (to + 1) % servers) : null
      const [sent, other] = await Promise.all([sender.send(key, to), again])
      sents.set(key, sent.status === 200 || other?.status !== 200 ? sent : other)
      if (nth % perSecond === 0) say(`${nth} sent, ${sent.status}`)
    })
    const burstMs = systemClock.now() - startedAt
    await trouble
    const maxRssMb = await memory.end()
    await fleet.ready()
    const copied = await Promise.all(
      Array.from({ length: copies }, (_, n) => sender.send(`${seed}-copied`, n % servers)),
    )
    if (copies > 0) sents.set(`${seed}-copied`, copied.find(isAcknowledged) ?? copied[0]!)
    const answers = countBy([...sents.values()].map(({ status }) => String(status)))
    const acknowledged = [...sents.values()].filter(isAcknowledged)
    say(`${sents.size} sent: ${JSON.stringify(answers)}`)

    const databaseUrl = await fleet.databaseUrl()
    const settledMs = await settle(databaseUrl)
    // Of those that were acknowledged until now, before anything is sent again.
    const lost = await countLost(databaseUrl, account, acknowledged)
    const open = [...sents.values()]
      .filter((one) => !isAcknowledged(one))
      .sort((one, other) => Number(other.status === 'lost') - Number(one.status === 'lost'))
    const odd = open.filter(isOdd).length
    const resent = await resend(sender, open.slice(0, mostResent), servers)
    await settle(databaseUrl)
    const found = await lookAtAll(databaseUrl)
    const all = [...sents.values()].filter(isAcknowledged)
    const missing = await countLost(databaseUrl, account, all)
    const acks = acknowledged.map(({ answeredMs }) => answeredMs).toSorted((one, other) => one - other)
    return {
      ...{ sent: sents.size, answers, copies: copied.filter(isAcknowledged).length, resent, ...found.counts, ...done },
      ...{
        offered_per_s: Math.round((begun / burstMs) * 1000),
        odd,
        open: sents.size - all.length,
        max_rss_mb: maxRssMb,
      },
      lost: lost + missing,
      excess:
        found.twice +
        Math.max(0, found.counts.stored - sents.size, all.length - found.counts.stored) +
        Math.abs(found.counts.events - found.counts.records),
      acknowledged_per_s: Math.round((acknowledged.length / burstMs) * 1000),
      ...{ p50_ack_ms: at(acks, 0.5), p99_ack_ms: at(acks, 0.99) },
      ...{ p50_visible_ms: found.p50, p99_visible_ms: found.p99, max_visible_ms: found.max, settled_ms: settledMs },
    }
  } finally {
    await stage.close()
  }
}

/** Of what was refused or not answered, and not sent again, any number may be stored: an answer can be lost after its commit. */
export const isWholeBurst = ({ lost, excess, odd, sent, open, stored, processed, records }: BurstSummary): boolean =>
  lost === 0 &&
  excess === 0 &&
  odd === 0 &&
  stored >= sent - open &&
  stored <= sent &&
  processed === stored &&
  records === stored

const isAcknowledged = ({ status }: Sent) => status === 200

const isOdd = ({ status, saysWhen }: Sent) => status !== 'lost' && !((status === 429 || status === 503) && saysWhen)

/** Of all servers, whichever processes they are, looked at once a second. */
function watchMemory(fleet: Fleet): { end(): Promise<number> } {
  const ended = new AbortController()
  let mostKb = 0
  const watched = (async () => {
    while (!ended.signal.aborted) {
      for (const { running } of fleet.servers) mostKb = Math.max(mostKb, residentKb(running.pid))
      await systemClock.sleep(second, ended.signal).catch(() => {})
    }
  })()
  return {
    async end() {
      ended.abort('ended')
      await watched
      return Math.round(mostKb / 1024)
    },
  }
}

/** An account that is connected once, and the app whose secret signs. */
async function openPlatform(fleet: Fleet): Promise<{ sender: Sender; account: string }> {
  const { client } = fleet.anyone()
  const { data: connections } = await client.connections.list({ provider: instagram.id, limit: 200 })
  const { data: integrations } = await client.integrations.list()
  const { data: apps } = await fleet.sandbox.get<{ data: { provider: string; clientSecret: string }[] }>('apps')
  const [connection] = connections
  const account = connection!.account.id
  const change = (id: string) => ({ field: 'comments', value: { id, text: 'A comment', media: { id: '1' } } })
  const sender = openSender({
    urls: fleet.servers.map(({ url }) => url),
    integration: integrations.find(({ provider }) => provider === instagram.id)!.id,
    secret: apps.find(({ provider }) => provider === instagram.id)!.clientSecret,
    // As many as there are messages under way: what waits at the sender would count as time of the server.
    connections: mostInFlight,
    bodyOf: (key) =>
      JSON.stringify({ object: instagram.id, entry: [{ id: account, time: 1_795_000_000, changes: [change(key)] }] }),
  })
  return { sender, account }
}

/** One after the other, as often as the burst is long enough for: a server, a server at a place, the database. */
async function makeTrouble(
  fleet: Fleet,
  options: {
    seconds: number
    places: readonly string[]
    done: { kills: number; databaseKills: number }
    say: (text: string) => void
  },
): Promise<void> {
  const { seconds, places, done, say } = options
  const end = systemClock.now() + seconds * second
  await systemClock.sleep(Math.min(2 * second, (seconds * second) / 6))
  for (let turn = 0; turn < places.length + 2 && (systemClock.now() < end || turn < 2); turn++) {
    const victim = fleet.servers[turn % fleet.servers.length]!
    if (turn === 1) {
      await fleet.killDatabase()
      done.databaseKills++
      say('the database was killed')
      await fleet.ready()
      continue
    }
    await fleet.kill(victim)
    done.kills++
    say(`${victim.name} was killed`)
    const place = turn < 2 ? null : places[turn - 2]!
    if (place === null) {
      await fleet.start(victim)
      continue
    }
    const armed = fleet.launch(victim, { PATCHBAY_FAILPOINTS: `${place}:3` })
    const died = await Promise.race([armed.ended.then(() => true), systemClock.sleep(30 * second).then(() => false)])
    say(`${victim.name} ${died ? 'died at' : 'did not come to'} ${place}`)
    await fleet.kill(victim)
    await fleet.start(victim)
  }
}

/** Until nothing waits any more. */
async function settle(databaseUrl: string): Promise<number> {
  const startedAt = systemClock.now()
  for (;;) {
    const [row] = await query<{ count: string }>(databaseUrl, `select count(*) from message where state = 'received'`)
    if (Number(row!.count) === 0) return systemClock.now() - startedAt
    if (systemClock.now() - startedAt > 10 * minute) throw new Error(`${row!.count} messages still wait`)
    await systemClock.sleep(250)
  }
}

/** What the platform does with what was not acknowledged, until it is. */
async function resend(sender: Sender, all: readonly Sent[], servers: number): Promise<number> {
  let resent = 0
  for (let turn = 0; turn < 20; turn++) {
    const open = all.filter((one) => !isAcknowledged(one))
    if (open.length === 0) return resent
    resent += open.length
    for (let from = 0; from < open.length; from += 500)
      await Promise.all(open.slice(from, from + 500).map((one, nth) => sender.again(one, nth % servers)))
    await systemClock.sleep(second)
  }
  throw new Error('some were never acknowledged')
}

/** How many of these are not stored, or not kept as a record, or not done with. */
async function countLost(databaseUrl: string, account: string, sents: readonly Sent[]): Promise<number> {
  const there = await query<{ dedupe: string }>(
    databaseUrl,
    `select m.dedupe from message m
     join record r on r.environment_id = m.environment_id and r.kind = 'comment' and 'id:' || r.key = m.dedupe
     join connection c on c.environment_id = r.environment_id and c.id = r.connection_id and c.account_id = '${account}'
     where m.state = 'processed'`,
  )
  const found = new Set(there.map(({ dedupe }) => dedupe))
  return sents.filter(({ key }) => !found.has(`id:comments/${key}`)).length
}

async function lookAtAll(databaseUrl: string) {
  const [counts] = await query<Record<string, string>>(
    databaseUrl,
    `select (select count(*) from message where callback is null) as stored,
            (select count(*) from message where state = 'processed') as processed,
            (select count(*) from record where kind = 'comment') as records,
            (select count(*) from event where type = 'record.created') as events`,
  )
  const [twice] = await query<{ count: string }>(
    databaseUrl,
    `select count(*) from (select data ->> 'record' from event where type like 'record.%' group by 1 having count(*) > 1) more`,
  )
  const visible = await query<{ ms: number }>(
    databaseUrl,
    `select extract(epoch from r.first_seen_at - m.received_at)::float8 * 1000 as ms
     from record r join message m on m.environment_id = r.environment_id and m.id = r.message_id order by 1`,
  )
  const ms = visible.map((row) => row.ms)
  const numbers = Object.fromEntries(Object.entries(counts!).map(([name, count]) => [name, Number(count)]))
  return {
    counts: numbers as { stored: number; processed: number; records: number; events: number },
    ...{ twice: Number(twice!.count), p50: at(ms, 0.5), p99: at(ms, 0.99), max: at(ms, 1) },
  }
}

const at = (sorted: readonly number[], share: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      'per-second': { type: 'string', default: '5000' },
      seconds: { type: 'string', default: '60' },
      servers: { type: 'string', default: '2' },
      resend: { type: 'string' },
      seed: { type: 'string', default: 'harbor' },
    },
  })
  const summary = await runBurst({
    perSecond: Number(values['per-second']),
    seconds: Number(values.seconds),
    servers: Number(values.servers),
    seed: values.seed,
    ...(values.resend !== undefined && { resend: Number(values.resend) }),
    say: (text) => process.stderr.write(`${text}\n`),
  })
  process.stdout.write(`${JSON.stringify(summary)}\n`)
  process.exitCode = isWholeBurst(summary) ? 0 : 1
}
