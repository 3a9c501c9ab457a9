import { join } from 'node:path'
import { minute, second } from '@patchbay/kit'
import { type Client, openPatchbay } from '@patchbay/sdk'
import * as catalog from '../../providers/index.ts'
import { systemClock } from '../../src/drivers/clock/system.ts'
import { startEmbeddedPostgres } from '../../src/drivers/database/embedded-postgres.ts'
import { startTestRedis, type TestRedis } from '../../src/drivers/limiter/test-redis.ts'
import { silentLog } from '../../src/drivers/log/silent.ts'
import {
  demoKey,
  findPort,
  isReady,
  type Running,
  type SandboxProcess,
  type Stage,
  startSandboxProcess,
} from './test-processes.ts'

/** One server of several: its place, whoever is there at the moment. */
export interface Server {
  readonly name: string
  readonly url: string
  readonly client: Client
  readonly running: Running
}

/** Several servers on one database, before one pretend internet. The demo's artists are connected. */
export interface Fleet {
  readonly sandbox: SandboxProcess
  readonly servers: readonly Server[]
  /** Null where they were opened without one. */
  readonly redis: TestRedis | null
  /** The key of the environment that they share. */
  readonly key: string
  /** One that is up. */
  anyone(): Server
  /** Starts the process of a server, without waiting for it. */
  launch(server: Server, env?: Readonly<Record<string, string>>): Running
  start(server: Server): Promise<void>
  startAll(): Promise<void>
  kill(server: Server): Promise<void>
  killAll(): Promise<void>
  /** Tells it to end by itself. */
  stop(server: Server): Promise<void>
  /** Whoever keeps the database brings it back in a second. */
  killDatabase(): Promise<void>
  /** Waits until every server can do its work. */
  ready(): Promise<void>
  /** Of the superuser. */
  databaseUrl(): Promise<string>
  /** All of them, in the middle of work, as a deployment would. Returns how long that took. */
  stopGently(): Promise<number>
}

export async function openFleet(
  stage: Stage,
  options: {
    size: number
    artists: number
    seed: string
    /** What each does; everything when absent. */
    roles?: string
    /** With a Redis that decides quotas. */
    redis?: boolean
    prepare?: (sandbox: SandboxProcess) => Promise<void>
  },
): Promise<Fleet> {
  const { size, artists, seed, roles = 'api,worker' } = options
  const sandbox = await startSandboxProcess(stage, { artists, seed })
  await options.prepare?.(sandbox)
  const databaseDir = join(stage.folder, 'database')
  const database = await startEmbeddedPostgres({ dataDir: databaseDir, log: silentLog })
  stage.closes(() => database.stop())
  const redis = options.redis ? await startTestRedis() : null
  if (redis) stage.closes(redis.stop)
  const shared = {
    DATABASE_URL: database.url,
    ...(redis && { REDIS_URL: redis.url }),
    PATCHBAY_ENCRYPTION_KEY: '5a'.repeat(32),
    PATCHBAY_SANDBOX_URL: sandbox.url,
    PATCHBAY_ROLES: roles,
  }
  const dataDir = (name: string) => join(stage.folder, name)
  const launch = ({ name, url }: Pick<Server, 'name' | 'url'>, env = {}, ...command: string[]) => {
    const own = { PORT: new URL(url).port, PATCHBAY_DATA_DIR: dataDir(name) }
    return stage.start(name, ['start', ...command], { ...shared, ...own, ...env })
  }

  const ports = await Promise.all(Array.from({ length: size }, findPort))
  const places = ports.map((port, n) => ({ name: `server-${n + 1}`, url: `http://127.0.0.1:${port}` }))
  // The demo of the first start walks every artist through the consent pages.
  const first = launch(places[0]!)
  const key = await stage.until('the key', first, async () => demoKey(dataDir(places[0]!.name)))
  const viaFirst = openPatchbay({ url: places[0]!.url, key })
  await stage.until('the connections', first, async () => {
    const { data } = await viaFirst.connections.list({ limit: 200 })
    return data.length === artists * Object.keys(catalog).length ? true : null
  })
  const servers = places.map((place, n) => ({
    ...place,
    client: openPatchbay({ url: place.url, key }),
    running: n === 0 ? first : launch(place, {}, '--empty'),
  }))

  const fleet: Fleet = {
    ...{ sandbox, servers, key, redis },

    anyone() {
      const up = servers.find(({ running }) => running.isRunning())
      if (!up) throw new Error('no server is up')
      return up
    },

    launch(server, env) {
      const place = servers.find((one) => one === server)!
      place.running = launch(place, env, '--empty')
      return place.running
    },

    async start(server) {
      fleet.launch(server)
      await ready(server)
    },

    async startAll() {
      for (const server of servers) fleet.launch(server)
      await fleet.ready()
    },

    async kill({ running }) {
      running.kill('SIGKILL')
      await running.ended
    },

    async killAll() {
      await Promise.all(servers.map(fleet.kill))
    },

    async stop({ name, running }) {
      running.kill('SIGTERM')
      const code = await running.ended
      if (code !== 0) throw new Error(`told to stop, ${name} ended with ${code}`)
    },

    async killDatabase() {
      const postmaster = await stage.postmasterOf(databaseDir)
      if (postmaster) await stage.killProcess(postmaster.pid)
    },

    async ready() {
      await Promise.all(servers.map(ready))
    },

    async databaseUrl() {
      for (;;) {
        const postmaster = await stage.postmasterOf(databaseDir)
        if (postmaster) return postmaster.url
        await systemClock.sleep(50)
      }
    },

    async stopGently() {
      const startedAt = systemClock.now()
      for (const { running } of servers) running.kill('SIGTERM')
      const codes = await Promise.all(servers.map(({ running }) => running.ended))
      const stopMs = systemClock.now() - startedAt
      if (codes.some((code) => code !== 0)) throw new Error(`told to stop, the servers ended with ${codes}`)
      if (stopMs > 27 * second) throw new Error(`told to stop, the servers took ${stopMs} ms`)
      return stopMs
    },
  }
  await fleet.ready()
  return fleet

  async function ready({ name, url, running }: Server): Promise<void> {
    // Several starts at once take as long as the machine lets them.
    await stage.until(name, running, () => isReady(url), 3 * minute)
  }
}
