import type { AccessKey } from '../ports/access.ts'
import type { Instant } from '../ports/clock.ts'
import { activeStates, type Connection } from '../ports/connections.ts'
import type { DefinitionHead } from '../ports/definitions.ts'
import type { Integration } from '../ports/directory.ts'
import type { Grant, GrantState } from '../ports/grants.ts'
import type { ResponsePlace } from '../ports/response-cache.ts'
import type { Deps } from './deps.ts'

/**
 * How old a row may be that says what a call may do. Whoever takes a right away (a key, a connection) waits for so long before saying that it is
 * gone: from then on no process grants it any more.
 */
export const recentMs = 500

/**
 * The rows that every call needs, each asked for once in half a second and not once a call. Only what allows something is remembered: a refusal is
 * always made from what is stored now. Whatever this process changes it forgets at once.
 */
export interface Recent {
  /** By the hash of its text. */
  key(hash: string): Found<AccessKey>
  /** Whether it was read lately, so that there is one. */
  knowsKey(hash: string): boolean
  /** Its use at that instant is about to be written down: whoever uses it at the same time leaves it at that. */
  noteUse(hash: string, at: Instant): void
  connection(environmentId: string, id: string): Found<Connection>
  integration(environmentId: string, id: string): Found<Integration>
  grant(environmentId: string, id: string): Found<Grant>
  /** The provider did not take its token: somebody may have renewed it a moment ago. */
  forgetGrant(environmentId: string, id: string): void
  /** Of the platforms that the environment registered itself. */
  definitions(environmentId: string): Found<readonly DefinitionHead[]>
}

/** Nothing is awaited for what is remembered. */
type Found<Row> = Row | Promise<Row | null>

/** Calls are made with its tokens. */
export const isLiving = ({ state }: Grant) => livingStates.includes(state)
export const livingStates: readonly GrantState[] = ['live', 'unknown']

type Stores = Pick<Deps, 'access' | 'connections' | 'definitions' | 'directory' | 'grants'>

/** Also gives back the stores, as they were but that each change through them is forgotten here, and told where it is a connection's. */
export function openRecent<All extends Stores & Pick<Deps, 'clock'>>(
  given: All,
  connectionChanged: (place: ResponsePlace) => Promise<void> = async () => {},
): { recent: Recent; deps: All } {
  const { clock } = given
  const keys = new Remembered(clock, (key: AccessKey) => key.revokedAt === null)
  const connections = new Remembered(clock, ({ state }: Connection) => activeStates.includes(state))
  const integrations = new Remembered<Integration>(clock, () => true)
  const grants = new Remembered(clock, isLiving)

  const definitions = new Remembered<readonly DefinitionHead[]>(clock, () => true)

  const stores: Stores = {
    access: forgetting(given.access, ['revokeKey'], () => keys.forgetAll()),
    connections: forgetting(
      given.connections,
      ['move', 'update'],
      (environmentId, id) => connections.forget(nameOf(environmentId, id)),
      (environmentId, id) => connectionChanged({ environmentId: String(environmentId), connectionId: String(id) }),
    ),
    definitions: forgetting(given.definitions, ['save', 'remove'], () => definitions.forgetAll()),
    directory: forgetting(given.directory, ['saveIntegration', 'setIncident'], () => integrations.forgetAll()),
    grants: forgetting(given.grants, ['lease', 'commit', 'release', 'forget', 'postpone'], (environmentId, id) =>
      grants.forget(nameOf(environmentId, id)),
    ),
  }
  const recent: Recent = {
    key: (hash) => keys.read(hash, () => stores.access.findKey(hash)),
    knowsKey: (hash) => keys.has(hash),
    noteUse: (hash, at) => keys.change(hash, (key) => ({ ...key, lastUsedAt: at })),
    connection: (environmentId, id) =>
      connections.read(nameOf(environmentId, id), () => stores.connections.read(environmentId, id)),
    integration: (environmentId, id) =>
      integrations.read(nameOf(environmentId, id), () => stores.directory.integration(environmentId, id)),
    grant: (environmentId, id) => grants.read(nameOf(environmentId, id), () => stores.grants.read(environmentId, id)),
    forgetGrant: (environmentId, id) => grants.forget(nameOf(environmentId, id)),
    definitions: (environmentId) => definitions.read(environmentId, () => stores.definitions.heads(environmentId)),
  }
  return { recent, deps: { ...given, ...stores } }
}

const nameOf = (environmentId: unknown, id: unknown) => `${environmentId} ${id}`

/**
 * Rows by name, each for half a second from when it was asked for. What is still used in the last third of that is asked for anew ahead of time, many
 * rows together: a row by itself costs a transaction, and a hundred cost hardly more. The oldest go when there are too many.
 */
class Remembered<Row> {
  readonly #rows = new Map<string, { row: Row; readonly until: Instant }>()
  /** To be asked for anew, and being asked for. */
  readonly #wanted = new Map<string, () => Promise<Row | null>>()
  readonly #renewing = new Set<string>()
  readonly #clock: Deps['clock']
  readonly #allows: (row: Row) => boolean
  #changes = 0

  constructor(clock: Deps['clock'], allows: (row: Row) => boolean) {
    this.#clock = clock
    this.#allows = allows
  }

  read(name: string, ask: () => Promise<Row | null>): Found<Row> {
    const now = this.#clock.now()
    const known = this.#rows.get(name)
    // A clock that was set back must not keep a row for longer.
    if (known && now < known.until && known.until - now <= recentMs) {
      if (known.until - now < recentMs / 3) this.#renewSoon(name, ask)
      return known.row
    }
    return this.#ask(name, ask)
  }

  async #ask(name: string, ask: () => Promise<Row | null>): Promise<Row | null> {
    const now = this.#clock.now()
    const changes = this.#changes
    const row = await ask()
    this.#rows.delete(name)
    // What changed while it was read may not be what was read.
    if (row !== null && changes === this.#changes && this.#allows(row)) {
      this.#rows.set(name, { row, until: now + recentMs })
      if (this.#rows.size > mostRows) this.#rows.delete(this.#rows.keys().next().value!)
    }
    return row
  }

  has(name: string): boolean {
    return this.#rows.has(name)
  }

  #renewSoon(name: string, ask: () => Promise<Row | null>): void {
    if (this.#renewing.has(name)) return
    this.#renewing.add(name)
    this.#wanted.set(name, ask)
    if (this.#wanted.size > 1) return
    void this.#clock.sleep(togetherMs).then(() => {
      const wanted = [...this.#wanted]
      this.#wanted.clear()
      for (const [each, askAgain] of wanted)
        this.#ask(each, askAgain)
          // Whoever comes next asks again and hears of it.
          .catch(() => {})
          .finally(() => this.#renewing.delete(each))
    })
  }

  /** It stays as old as it is. */
  change(name: string, changed: (row: Row) => Row): void {
    const known = this.#rows.get(name)
    if (known) known.row = changed(known.row)
  }

  forget(name: string): void {
    this.#changes++
    this.#rows.delete(name)
  }

  forgetAll(): void {
    this.#changes++
    this.#rows.clear()
  }
}

const mostRows = 20_000
/** How long rows wait for others that are renewed with them. */
const togetherMs = 50

/** The same port, whose changes are told before they begin and after they ended, well or not. */
function forgetting<Port extends object, Name extends keyof Port & string>(
  port: Port,
  changes: readonly Name[],
  forget: (...args: unknown[]) => void,
  tell?: (...args: unknown[]) => Promise<void>,
): Port {
  const told = Object.fromEntries(
    changes.map((name) => [
      name,
      async (...args: unknown[]) => {
        forget(...args)
        try {
          return await (port[name] as (...args: unknown[]) => unknown)(...args)
        } finally {
          forget(...args)
          await tell?.(...args)
        }
      },
    ]),
  )
  return { ...port, ...told }
}
