import { isFault, minute, type Provider, second } from '@patchbay/kit'
import type { LedgerEntry } from '../../sandbox/ledger.ts'
import { DatabaseError } from '../../src/drivers/database/database-error.ts'
import { SeededRandom } from '../../src/drivers/random/seeded.ts'
import type { Deps } from '../../src/engine/deps.ts'
import { type Engine, type EngineOptions, openEngine } from '../../src/engine/engine.ts'
import type { Log } from '../../src/ports/log.ts'
import { ConnectionWatch } from '../checks/connection-watch.ts'
import { TokenWatch } from '../checks/token-watch.ts'
import type { Owned } from '../compare-truth.ts'
import { openPretendWorld, type PretendWorld, type PretendWorldOptions } from '../pretend-world.ts'
import { type NetworkBoundary, networkOf, type Sent, type Served } from './call-network.ts'
import { type PretendReceiver, receiversOf } from './call-receivers.ts'
import { type StoreBoundary, type StoreCall, storesOf } from './call-stores.ts'
import type { Kernel } from './kernel.ts'
import { Life } from './life.ts'
import { SharedJobs } from './shared-jobs.ts'
import type { Situation } from './sometimes.ts'
import type { Swarm } from './swarm.ts'

/** What checks one thing while everything else happens. All hooks are called at the moment of the effect. */
export interface Watch {
  left?(sent: Sent): void
  arrived?(sent: Sent, entry: LedgerEntry): void
  served?(served: Served, entry: LedgerEntry): void
  received?(served: Served): void
  missed?(served: Served, why: string): void
  done?(call: StoreCall): void
  /** What a process complains of. */
  logged?(life: Life, event: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface SimulatedWorldOptions
  extends Omit<PretendWorldOptions, 'clock' | 'seed' | 'startAt' | 'crons' | 'wrap'> {
  readonly watches?: (world: PretendWorld) => Watch[]
  /** How late a planner may notice what another process made due. A minute when absent. */
  readonly pollMs?: number
  /** Whether events are sent to endpoints. Nothing is when absent. */
  readonly sender?: EngineOptions['sender']
  /** Where they arrive. */
  readonly receiver?: PretendReceiver
  /** How often what is due by the minute is fired. */
  readonly cronMs?: number
}

/** A server process as the world sees it: sometimes alive, sometimes just started. */
interface Server {
  readonly name: string
  life: Life
  /** Null while it starts or when it is dead. */
  engine: Engine | null
  stopping: boolean
}

/**
 * Several whole engines over one set of memory stores and one sandbox, on one clock. They are killed, stopped, stalled and cut off, and start again from
 * what is stored. The pretend world below has an engine of its own, which nothing ever happens to: through it people connect their accounts.
 */
export class SimulatedWorld {
  readonly kernel: Kernel
  readonly swarm: Swarm
  readonly base: PretendWorld
  readonly jobs: SharedJobs
  readonly tokens: TokenWatch
  readonly connections: ConnectionWatch
  readonly owned: Owned[] = []
  readonly #options: SimulatedWorldOptions
  readonly #servers: Server[] = []
  readonly #watches: Watch[]
  readonly #tokenEndpoints = new Map<string, { state: 'refuses the app' | 'down'; until: number }>()
  #restarts = 0

  private constructor(kernel: Kernel, swarm: Swarm, base: PretendWorld, options: SimulatedWorldOptions) {
    this.#options = options
    this.kernel = kernel
    this.swarm = swarm
    this.base = base
    this.jobs = new SharedJobs(kernel)
    this.tokens = new TokenWatch(kernel, base.sandbox)
    this.connections = new ConnectionWatch(kernel)
    this.#watches = [this.tokens, this.connections, ...(options.watches?.(base) ?? [])]
  }

  static async open(kernel: Kernel, swarm: Swarm, options: SimulatedWorldOptions): Promise<SimulatedWorld> {
    const base = await openPretendWorld({
      ...options,
      seed: kernel.seed,
      startAt: kernel.now(),
      clock: kernel.clock,
    })
    return new SimulatedWorld(kernel, swarm, base, options)
  }

  /** An account of every artist at every provider, connected in peace. */
  async connectEverybody(providers: readonly Provider[]): Promise<void> {
    for (const provider of providers)
      for (const artist of this.base.artists) {
        const connection = await this.base.connect(artist, provider)
        this.owned.push({ artist, provider, connection })
        this.tokens.know(connection.grantId, { provider: provider.id, artist: artist.key })
        this.connections.know(connection.id, { provider: provider.id, artist: artist.key })
      }
  }

  /** A person consents again. */
  async reconnect({ artist, provider, connection }: Owned): Promise<void> {
    const ended = await this.base.tryToConnect(artist, provider, { reconnect: connection.id })
    if (!('connectionIds' in ended)) return
    this.kernel.sometimes.met('reconnected by a person')
    const { grantId } = await this.base.connectionNow(connection)
    this.tokens.know(grantId, { provider: provider.id, artist: artist.key })
    this.connections.forget(connection.id)
    this.kernel.note('world', 'reconnected', connection.id)
  }

  async startProcesses(): Promise<void> {
    for (let n = 0; n < this.swarm.processes; n++) this.#spawn(`p${n + 1}`, 1)
    void this.jobs.tick(this.#options.cronMs ?? minute)
    await this.kernel.sleep(second, 0.5)
  }

  /** Processes that can be asked something. */
  get running(): readonly { readonly life: Life; readonly engine: Engine }[] {
    return this.#servers.flatMap(({ life, engine, stopping }) =>
      engine && life.alive && !stopping ? [{ life, engine }] : [],
    )
  }

  get lives(): readonly Life[] {
    return this.#servers.map(({ life }) => life)
  }

  /** For how long somebody still stands. A machine may sleep for days. */
  get stalledMs(): number {
    return Math.max(0, ...this.lives.map(({ heldUntil }) => heldUntil - this.kernel.now()))
  }

  kill(life: Life, why: string): void {
    if (!life.alive) return
    const server = this.#servers.find((one) => one.life === life)!
    this.tokens.killed(life)
    life.end()
    this.kernel.note(life.name, 'killed', why)
    server.engine = null
    this.#restartLater(server)
  }

  /** SIGTERM: it ends what it does, and another starts in its place. */
  async stop(life: Life): Promise<void> {
    const server = this.#servers.find((one) => one.life === life)
    if (!server?.engine || server.stopping || !life.alive) return
    server.stopping = true
    this.kernel.note(life.name, 'stopping')
    if (this.tokens.asks(life)) this.kernel.sometimes.met('stopped while it asked for tokens')
    try {
      await server.engine.stop()
    } catch (error) {
      if (!(error instanceof DatabaseError)) this.kernel.violate('B01', `${life.name} does not stop: ${error}`)
    }
    if (server.life !== life || !life.alive) return
    this.kernel.note(life.name, 'stopped')
    life.end()
    server.engine = null
    this.#restartLater(server)
  }

  /** Somebody takes an account away, through whichever process answers first. */
  disconnect({ connection }: Owned): void {
    const { kernel, base } = this
    const [server] = this.running
    if (!server) return
    if (this.tokens.isLeased(connection.grantId)) kernel.sometimes.met('disconnected while it was renewed')
    server.life.deliver(() => {
      server.engine.connect.disconnect(base.environment, connection.id, 'key:simulation').catch((error: unknown) => {
        if (!isFault(error) && !(error instanceof DatabaseError)) kernel.violate('B01', `disconnect threw ${error}`)
      })
    })
  }

  /** The token endpoint of a provider says the same to everybody for a while. */
  setTokenEndpoint(provider: string, state: 'refuses the app' | 'down', ms: number): void {
    this.#tokenEndpoints.set(provider, { state, until: this.kernel.now() + ms })
  }

  /** Faults end here: from now on everything works, and whatever is wrong has to mend itself. */
  calm(): void {
    this.kernel.faults.calm()
    this.kernel.note('world', 'calm')
    this.#tokenEndpoints.clear()
    this.base.sandbox.weather.clear()
  }

  #spawn(name: string, nth: number): void {
    const n = Number(name.slice(1)) - 1
    const life = new Life(this.kernel, name, nth, this.swarm.skewMs[n] ?? 0)
    const before = this.#servers.find((one) => one.name === name)
    const server: Server = before ?? { name, life, engine: null, stopping: false }
    Object.assign(server, { life, engine: null, stopping: false })
    if (!before) this.#servers.push(server)
    this.kernel.note(name, 'starts', String(nth))
    this.#start(server, life).catch((error: unknown) => {
      // What a process does that cannot start: it ends, and is started again.
      if (!(error instanceof DatabaseError)) this.kernel.violate('B01', `${name} does not start: ${error}`)
      this.kill(life, 'it could not start')
    })
  }

  async #start(server: Server, life: Life): Promise<void> {
    const engine = await openEngine(this.#depsOf(life), this.base.setting, {
      works: true,
      planner: { pollMs: this.#options.pollMs ?? minute },
      // Nothing comes in, and every second would be most of what happens.
      inbox: { pollMs: this.#options.pollMs ?? minute },
      sender: this.#options.sender ?? 'none',
    })
    await engine.start()
    server.engine = engine
  }

  #restartLater({ name, life }: Server): void {
    const ms = Math.round(second + this.kernel.chance.unit(`restart/${name}/${++this.#restarts}`) * 20 * second)
    this.kernel.after(ms, 0.5, () => this.#spawn(name, life.nth + 1))
  }

  #depsOf(life: Life): Deps {
    const { base, kernel } = this
    const network = networkOf(life, this.#network())
    const { receiver } = this.#options
    return {
      ...base.deps,
      ...storesOf(life, base.deps, this.#stores()),
      clock: life.clock,
      random: new SeededRandom(`${kernel.seed}/${life.name}/${life.nth}`, life.clock),
      log: this.#logOf(life),
      networks: { test: network, live: base.deps.networks.live },
      jobs: this.jobs.of(life),
      ...(receiver && { receivers: receiversOf(life, receiver, (why) => this.kill(life, why)) }),
    }
  }

  /** What processes say goes into the history, so that the last events tell why. */
  #logOf(life: Life): Log {
    const say = (event: string, fields?: Readonly<Record<string, unknown>>) => {
      const { error } = fields ?? {}
      this.kernel.note(life.name, `log ${event}`, error instanceof Error ? error.message : '')
      for (const watch of this.#watches) watch.logged?.(life, event, fields)
    }
    const log: Log = { debug: () => {}, info: () => {}, warn: say, error: say, with: () => log }
    return log
  }

  #network(): NetworkBoundary {
    const each = (tell: (watch: Watch) => void) => {
      for (const watch of this.#watches) tell(watch)
    }
    return {
      faults: this.swarm.network,
      sandbox: this.base.sandbox,
      tokenEndpoint: ({ id }) => {
        const state = this.#tokenEndpoints.get(id)
        return state && state.until > this.kernel.now() ? state.state : 'works'
      },
      mayLie: (grant) => this.tokens.mayLie(grant),
      isCalm: () => this.kernel.faults.isCalm,
      issuedAt: (token) => this.tokens.issuedAt(token),
      kill: (life, why) => this.kill(life, why),
      stop: (life) => void this.stop(life),
      disconnect: ({ provider, artist }) => {
        const owned = this.owned.find((one) => one.provider.id === provider?.id && one.artist.key === artist)
        if (owned) this.disconnect(owned)
      },
      left: (sent) => each((watch) => watch.left?.(sent)),
      arrived: (sent, entry) => each((watch) => watch.arrived?.(sent, entry)),
      served: (served, entry) => {
        const situation = situationsOf[served.befell ?? '']
        if (situation) this.kernel.sometimes.met(situation)
        each((watch) => watch.served?.(served, entry))
      },
      received: (served) => each((watch) => watch.received?.(served)),
      missed: (served, why) => each((watch) => watch.missed?.(served, why)),
    }
  }

  #stores(): StoreBoundary {
    return {
      faults: this.swarm.stores,
      kill: (life, why) => this.kill(life, why),
      done: (call) => {
        for (const watch of this.#watches) watch.done?.(call)
      },
      unknown: ({ method, result }) => {
        if (method === 'grants.commit' && result === true) this.kernel.sometimes.met('commit unknown, then present')
      },
      absent: (method) => {
        if (method === 'grants.commit') this.kernel.sometimes.met('commit unknown, then absent')
      },
    }
  }
}

/** What a provider said instead of an answer, where a night must have met it. */
const situationsOf: Readonly<Record<string, Situation>> = {
  lag: '401 after refresh, lag',
  'app refused': 'app refused, nobody asked',
  'cursor expired': 'cursor expired mid-walk',
}
