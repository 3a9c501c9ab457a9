import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../src/drivers/clock/system.ts'
import { migrate } from '../src/drivers/database/migrate.ts'
import { openPostgres } from '../src/drivers/database/postgres.ts'
import { openMemoryJobs } from '../src/drivers/jobs/memory.ts'
import { openFixedKeys } from '../src/drivers/keys/fixed.ts'
import { silentLog } from '../src/drivers/log/silent.ts'
import { openPostgresStores } from '../src/drivers/postgres-stores.ts'
import { systemRandom } from '../src/drivers/random/system.ts'
import { openHttpReceivers } from '../src/drivers/receivers/http.ts'
import { openEndpoints } from '../src/engine/delivery/endpoints.ts'
import { openSender } from '../src/engine/delivery/sender.ts'
import { openVault } from '../src/engine/vault/vault.ts'
import type { Environment } from '../src/ports/directory.ts'
import type { Receivers } from '../src/ports/receivers.ts'
import { startBenchDatabase } from './bench-database.ts'
import { cpuOfDatabase } from './cpu-of-database.ts'
import { percentile } from './measure.ts'
import type { Line } from './run.ts'

const events = 5_000
const rounds = 8
/** Of two environments, which have fifty each: one is left for the one that does not answer. */
const others = [50, 49]

/**
 * Events from their row in PostgreSQL, every commit on disk, to a receiver on this machine that answers 204: placed, fanned out, claimed, signed, sent,
 * settled. All of it, and the receiver, in one process. And what one receiver that never answers costs 99 others: how late they get their events, beside
 * how late that is without it.
 */
export async function* run(): AsyncIterable<Line> {
  const server = await startBenchDatabase()
  const closers: (() => Promise<unknown>)[] = [() => server.stop()]
  try {
    await migrate({ connection: server.url, log: silentLog })
    const database = openPostgres({ connection: server.url, log: silentLog, poolSize: 12 })
    closers.push(() => database.close())
    const receiver = await openReceiver()
    closers.push(receiver.close)
    const receivers = openHttpReceivers({ allow: [], loopback: true })
    closers.push(() => receivers.close())
    const stores = openPostgresStores(database)
    const deps = {
      ...{ ...stores, clock: systemClock, random: systemRandom, log: silentLog, receivers },
      keys: openFixedKeys(),
    }
    const vault = openVault(deps)
    await vault.start()
    const environments = ['env_bench', 'env_other'].map((id) => ({
      ...{ id, workspace: 'w', mode: 'test' as const, createdAt: systemClock.now() },
    }))
    for (const environment of environments) await deps.directory.saveEnvironment(environment)
    const [environment] = environments as [Environment, ...Environment[]]
    const endpoints = openEndpoints({ ...deps, jobs: openMemoryJobs(systemClock) }, vault)
    const create = (path: string, profile: string, of = environment) =>
      endpoints.create(
        of,
        {
          ...{ url: `${receiver.origin}${path}`, description: '', types: null, profiles: [profile] },
          ordered: false,
          enabled: true,
        },
        'hmac',
        'system',
      )
    const write = async (count: number, profile: string, of = environment) => {
      const all = Array.from({ length: count }, () => ({
        ...{ id: systemRandom.id('evt'), type: 'metrics.updated', profileId: profile },
        data: { connection: 'con_1', profile, provider: 'acme', stream: 'videos', run: 'run_1' },
      }))
      for (let n = 0; n < count; n += 1000)
        await deps.journal.note(of.id, {
          at: systemClock.now(),
          actor: 'system',
          events: all.slice(n, n + 1000),
        })
    }
    const send = async (enough: () => boolean) => {
      const stopping = new AbortController()
      const ended = openSender({ deps, vault }, { pollMs: 50 }).run(stopping.signal)
      while (!enough()) await systemClock.sleep(5)
      stopping.abort()
      return ended
    }

    // Ten receivers take a tenth each.
    for (let n = 0; n < 10; n++) await create('/take', `p${n}`)
    for (let n = 0; n < 10; n++) await write(events / 10 + 100, `p${n}`)
    const bare = await perSecondOfBare(receivers, `${receiver.origin}/take`)
    const cpuBefore = process.cpuUsage()
    const databaseBefore = cpuOfDatabase(server.folder)
    const startedAt = performance.now()
    let tookMs = 0
    const before = receiver.taken.length
    await send(() => {
      if (receiver.taken.length - before < events) return false
      tookMs ||= performance.now() - startedAt
      return true
    })
    const { user, system } = process.cpuUsage(cpuBefore)
    const databaseAfter = cpuOfDatabase(server.folder)
    yield {
      metric: 'per_s',
      value: (events / tookMs) * 1000,
      unit: 'signed deliveries/s, placing and receiver included',
    }
    yield { metric: 'bare', value: bare, unit: 'requests/s of the same client to the same receiver, nothing else' }
    yield { metric: 'ratio', value: ((events / tookMs) * 1000) / bare, unit: 'of the bare requests' }
    yield { metric: 'cpu', value: (user + system) / events, unit: 'µs of this process for each, the receiver included' }
    if (databaseBefore !== null && databaseAfter !== null)
      yield {
        metric: 'cpu_database',
        value: (databaseAfter - databaseBefore) / events,
        unit: 'µs of PostgreSQL for each',
      }

    for (const { id } of await deps.deliveries.endpoints(environment.id))
      await endpoints.remove(environment, id, 'system')
    for (const [nth, count] of others.entries())
      for (let n = 0; n < count; n++) await create('/take', 'everybody', environments[nth])
    const count = others.reduce((sum, one) => sum + one, 0)
    const latenessOf = async () => {
      const late: number[] = []
      for (let round = 0; round < rounds; round++) {
        const from = receiver.taken.length
        const at = performance.now()
        for (const one of environments) await write(1, 'everybody', one)
        while (receiver.taken.length - from < count) await systemClock.sleep(2)
        late.push(...receiver.taken.slice(from).map((takenAt) => takenAt - at))
      }
      return percentile(late, 0.99)
    }
    const stopping = new AbortController()
    const ended = openSender({ deps, vault }, { pollMs: 50 }).run(stopping.signal)
    await latenessOf()
    const alone = await latenessOf()
    const tarpit = await create('/tarpit', 'everybody', environments[1])
    const beside = await latenessOf()
    receiver.release()
    stopping.abort()
    await ended
    await endpoints.remove(environments[1]!, tarpit.endpoint.id, 'system')
    yield { metric: 'p99_alone', value: alone, unit: `ms from the commit of an event to ${count} receivers` }
    yield { metric: 'p99_beside_tarpit', value: beside, unit: 'ms, beside one that never answers' }
    yield {
      metric: 'tarpit_p99_ratio',
      value: beside / alone,
      unit: 'beside one that never answers, against without it',
    }
  } finally {
    for (const closer of closers.reverse()) await closer()
  }
}

/** A hundred in flight, as the sender has with ten endpoints. */
async function perSecondOfBare(receivers: Receivers, url: string): Promise<number> {
  const body = JSON.stringify({ id: 'evt_1', type: 'metrics.updated', data: { connection: 'con_1', run: 'run_1' } })
  const startedAt = performance.now()
  let left = events
  const work = async () => {
    while (left-- > 0) await receivers.post('test', { url, headers: { 'content-type': 'application/json' }, body })
  }
  await Promise.all(Array.from({ length: 100 }, work))
  return (events / (performance.now() - startedAt)) * 1000
}

/** Takes everything at once, but at `/tarpit`, where nobody is answered until the end. */
async function openReceiver() {
  const taken: number[] = []
  const stuck = new Set<() => void>()
  const server = createServer((request, response) => {
    request.resume()
    request.once('end', () => {
      if (request.url === '/tarpit') {
        stuck.add(() => response.writeHead(204).end())
        return
      }
      taken.push(performance.now())
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    taken,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    release() {
      for (const answer of stuck) answer()
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
