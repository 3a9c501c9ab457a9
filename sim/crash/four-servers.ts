/**
 * `node sim/crash/four-servers.ts --kills 40 [--seed harbor] [--artists 2] [--redis]`: four servers on one database read, renew tokens and save, and are
 * ended one by one at random moments and at named places, frozen, or all of them at once; the database is killed under them. Platforms are strict: a
 * refresh token that was used is worth nothing. What is recorded on both sides is then held against the invariants. Prints one line of JSON and exits
 * with 1 when anything is wrong.
 */
import { parseArgs } from 'node:util'
import { minute, second } from '@patchbay/kit'
import { systemClock } from '../../src/drivers/clock/system.ts'
import { SeededRandom } from '../../src/drivers/random/seeded.ts'
import { examine, type Findings, isWhole } from './examine.ts'
import { type Fleet, openFleet, type Server } from './fleet.ts'
import { lostConnections, reconnectAll } from './reconnect.ts'
import { openRecorder } from './record-history.ts'
import { openStage, passTime } from './test-processes.ts'
import { askForTokens, type Connection, makeWork, renewing, settle } from './work.ts'

export interface FourServersOptions {
  readonly kills: number
  readonly seed: string
  /** Each has an account on every platform. */
  readonly artists: number
  /** How what the last ones held ends: by waiting for it, or by pretending that a while has passed. */
  readonly ending: 'wait' | 'pretend'
  /** With a Redis that decides quotas, and is killed and forgets everything whenever the database is killed. */
  readonly redis?: boolean
  readonly say?: (text: string) => void
}

export interface FourServersSummary extends Findings {
  readonly kills: number
  /** Of them, those that a process did to itself, at a named place. */
  readonly atPlaces: Readonly<Record<string, number>>
  readonly databaseKills: number
  readonly freezes: number
  readonly settled_ms: number
  readonly connections: number
  /** Grants that a killed process took with it, each with its cause, and connected again. */
  readonly namedLosses: number
  readonly stop_ms: number
}

/** Where processes end themselves, in turn: about every step between an answer and the record of it. */
const places = [
  'grants.commit.before',
  'records.save.before',
  'grants.commit.after',
  'records.save.after',
  'networks.test.send.after',
  'grants.commit.before',
  'database.tenant.inside',
  'schedule.finish.before',
  'grants.lease.after',
  'journal.run.before',
  'schedule.claim.after',
  'database.tenant.after',
  'schedule.finish.after',
  'grants.release.before',
  'networks.test.send.before',
  'journal.run.after',
  'database.system.inside',
  'limiter.settle.before',
  'grants.commit.before',
  'records.places.after',
] as const

export async function runFourServers(options: FourServersOptions): Promise<FourServersSummary> {
  const { kills, seed, artists, ending, redis, say = () => {} } = options
  const random = new SeededRandom(seed, systemClock)
  const stage = openStage()
  try {
    const [strict, patient] = renewing as [string, string]
    const fleet = await openFleet(stage, {
      ...{ size: 4, artists, seed, redis },
      // Tokens that are nearly over all the time: there is always one to be renewed.
      async prepare(sandbox) {
        await sandbox.post('rules', { provider: strict, rotates: true, graceMs: 0, accessMs: 32 * second })
        await sandbox.post('rules', { provider: patient, rotates: true, graceMs: 30 * minute, accessMs: 40 * second })
      },
    })
    const { sandbox } = fleet
    const killStores = () => Promise.all([fleet.killDatabase(), fleet.redis?.restart()])
    const recorder = openRecorder(sandbox)
    const connections = (await fleet.anyone().client.connections.list({ limit: 200 })).data
    // Both are seen to replace what is presented to them before anything is lost.
    await askForTokens(fleet.anyone().client, connections)
    await sandbox.post('weather', { kind: 'delay', ms: 120, side: 'reply', probability: 0.3 })

    const done = { kills: 0, databaseKills: 0, freezes: 0, atPlaces: {} as Record<string, number>, namedLosses: 0 }
    for (let turn = 1; done.kills < kills; turn++) {
      const own = random.fork(`turn/${turn}`)
      const victim = fleet.servers[Math.floor(own.unit() * fleet.servers.length)]!
      const untilMs = Math.round(20 + own.unit() ** 2 * 1480)
      const what = turns[turn % turns.length]!
      if (what === 'place') {
        const place = places[(turn / 2 - 1) % places.length]!
        if (await dieAt(fleet, victim, { place, strict, connections, random }))
          done.atPlaces[place] = (done.atPlaces[place] ?? 0) + 1
        done.kills++
      } else {
        await makeWork(sandbox, fleet.anyone().client, connections, { random, expire: 0.2 })
        await systemClock.sleep(untilMs)
        if (what === 'freeze') {
          victim.running.kill('SIGSTOP')
          await systemClock.sleep(untilMs)
          victim.running.kill('SIGCONT')
          done.freezes++
        } else if (what === 'database') {
          await killStores()
          done.databaseKills++
          await fleet.ready()
        } else if (what === 'everything') {
          if (own.unit() < 0.5) {
            await killStores()
            done.databaseKills++
          }
          await fleet.killAll()
          done.kills += fleet.servers.length
          await passTime(await fleet.databaseUrl())
          await fleet.startAll()
        } else {
          await fleet.kill(victim)
          done.kills++
          await fleet.start(victim)
        }
      }
      await recorder.collect()
      say(`${done.kills}/${kills} ${what}${what === 'one' ? ` ${victim.name} after ${untilMs} ms` : ''}`)
    }

    if (ending === 'pretend') {
      await fleet.killAll()
      await passTime(await fleet.databaseUrl())
      await fleet.startAll()
    }
    const { client } = fleet.anyone()
    const running = () => fleet.servers.every((one) => one.running.isRunning())
    let settledMs = await settle(client, connections, running)
    // A token may be good by our clock and no longer be taken; a call finds out, and what it begins takes until there is an answer that stays.
    await Promise.all(connections.map(({ id }) => client.connections.validate({ id })))
    await askForTokens(client, connections)
    // What a dead process took with it is said by cause, and its owner connects it again; afterwards nothing may be missing.
    const lost = await lostConnections(client)
    done.namedLosses = lost.filter(({ reason }) => reason === 'lost_response').length
    const scene = {
      ...{ sandbox, recorder, client, connections, strict: [strict, patient] },
      ...{ databaseUrl: await fleet.databaseUrl(), logFiles: fleet.servers.map((one) => one.running.logFile) },
    }
    await reconnectAll(client, lost)
    if (lost.length > 0) settledMs += await settle(client, connections, running)
    say(`settled in ${settledMs} ms`)
    const found = await examine(scene)
    const stopMs = await fleet.stopGently()
    return { ...done, settled_ms: settledMs, connections: connections.length, ...found, stop_ms: stopMs }
  } finally {
    await stage.close()
  }
}

const turns = ['place', 'one', 'place', 'database', 'place', 'everything', 'place', 'freeze', 'place', 'one'] as const

/**
 * Starts a server that will end itself at a place, and lets it alone do the work: the others stand still meanwhile, as after a long pause. One that does
 * not come there is killed. The strict platform is asked first: what is lost there is lost for good. Returns whether it came there.
 */
async function dieAt(
  fleet: Fleet,
  victim: Server,
  options: { place: string; strict: string; connections: readonly Connection[]; random: SeededRandom },
): Promise<boolean> {
  const { place, strict, connections, random } = options
  const own = random.fork(`place/${place}`)
  await fleet.stop(victim)
  const armed = fleet.launch(victim, {
    PATCHBAY_FAILPOINTS: `${place}:${often.test(place) ? 1 + Math.floor(own.unit() * 8) : 1}`,
  })
  await Promise.race([armed.ended, fleet.ready()])
  const others = fleet.servers.filter((one) => one !== victim)
  for (const other of others) other.running.kill('SIGSTOP')
  // It may die while it is told what to do.
  const work = async () => {
    const ofStrict = connections.filter(({ provider }) => provider === strict)
    for (const some of [ofStrict, connections]) await askForTokens(victim.client, some)
    await makeWork(fleet.sandbox, victim.client, connections, { random, expire: 0.2 })
  }
  const asked = work().catch((error: unknown) => {
    if (!isUnreachable(error)) throw error
  })
  const ended = await Promise.race([armed.ended.then(() => true), systemClock.sleep(patienceMs).then(() => false)])
  await fleet.kill(victim)
  await asked
  for (const other of others) other.running.kill('SIGCONT')
  await fleet.start(victim)
  return ended
}

const patienceMs = 4 * second
/** What `fetch` says when the other side is gone. */
const isUnreachable = (error: unknown) => error instanceof TypeError
/** A start alone passes these. */
const often = /^(database|networks)\./

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '40' },
      seed: { type: 'string', default: 'harbor' },
      artists: { type: 'string', default: '2' },
      redis: { type: 'boolean', default: false },
    },
  })
  const summary = await runFourServers({
    kills: Number(values.kills),
    artists: Number(values.artists),
    seed: values.seed,
    redis: values.redis,
    ending: 'wait',
    say: (text) => process.stderr.write(`${text}\n`),
  })
  process.stdout.write(`${JSON.stringify(summary)}\n`)
  process.exitCode = isWhole(summary) ? 0 : 1
}
