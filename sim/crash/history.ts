import { type ConnectionState, connectionEdges } from '../../src/ports/connections.ts'

/** One request that arrived at the pretend internet: the part of its ledger's entry that the checks need. */
export interface LedgerEntry {
  readonly number: number
  readonly provider: string
  readonly at: number
  readonly what: string
  readonly artist?: string
  readonly grant?: string
  readonly generation?: number
  readonly outcome: string
  readonly status?: number
}

/** What is known of a story afterwards: what arrived at the platforms, and what the database keeps. */
export interface History {
  /** Every request, oldest first. */
  readonly entries: readonly LedgerEntry[]
  readonly violations: readonly { readonly kind: string; readonly provider: string; readonly grant?: string }[]
  readonly connections: readonly {
    readonly id: string
    readonly provider: string
    readonly artist: string
    readonly grant: string
  }[]
  /** Each time a new set of tokens was committed, in the order of commits. */
  readonly refreshed: readonly { readonly grant: string; readonly generation: number; readonly at: number }[]
  readonly grants: readonly { readonly id: string; readonly generation: number; readonly leased: boolean }[]
  readonly transitions: readonly {
    readonly connection: string
    readonly from: ConnectionState | null
    readonly to: ConnectionState
    readonly reason: string | null
    readonly at: number
  }[]
  readonly runs: readonly {
    readonly id: string
    readonly stream: string
    readonly connections: readonly string[]
    readonly state: string
    readonly startedAt: number
    readonly endedAt: number | null
  }[]
  readonly events: readonly { readonly id: string; readonly type: string }[]
  /** Slots that are still claimed. */
  readonly claimed: number
  /** Tasks that were opened for a person, closed or not. */
  readonly tasks: readonly { readonly connection: string | null; readonly kind: string }[]
}

/**
 * Checks what must hold whatever was killed when. The answer is empty, or says by invariant what broke it. `strict` are the platforms of the story that
 * give a new refresh token with every use: there the generations of both sides can be compared.
 */
export function checkHistory(history: History, options: { strict: readonly string[] }): Record<string, string[]> {
  const broken: Record<string, string[]> = {}
  const note: Note = (invariant, says) => {
    broken[invariant] = [...(broken[invariant] ?? []), says]
  }
  oneTokenRequestAtATime(history, note)
  everyLossHasACause(history, note)
  nothingIsUsedBeforeItsCommit(history, options.strict, note)
  generationsCountUp(history, note)
  onlyDeclaredEdges(history, note)
  personsAreAskedAfterARefusal(history, note)
  runsDoNotOverlap(history, note)
  eventsHaveOneIdEach(history, note)
  everythingHeldIsGivenBack(history, note)
  return broken
}

type Note = (invariant: string, says: string) => void

/** I01, I02, I04: the platforms' own books. A used token that is shown again belongs to a loss, which has to explain itself (I03). */
function oneTokenRequestAtATime({ violations }: History, note: Note): void {
  for (const { kind, provider, grant } of violations) {
    if (kind === 'retired_refresh_token') continue
    note(kind === 'concurrent_token_requests' ? 'I01' : kind, `${kind} of ${grant ?? 'an app'} at ${provider}`)
  }
}

/** How often the platform renewed a grant's tokens for an artist, as its ledger has it. */
const answeredRenewals = (history: History, { provider, artist }: History['connections'][number]) =>
  history.entries.filter(
    (entry) =>
      entry.what === 'token' &&
      entry.provider === provider &&
      entry.artist === artist &&
      entry.generation !== undefined &&
      (entry.status === 200 || entry.outcome === 'lost'),
  )

/**
 * I03: a grant is lost only where the platform gave tokens that never were stored, and that is what it says. Each loss is one transition, one task.
 * I02: a used token is shown again only there.
 */
function everyLossHasACause(history: History, note: Note): void {
  const lost = history.transitions.filter(({ to }) => to === 'needs_reauth')
  for (const { connection: id, reason } of lost) {
    const connection = history.connections.find((one) => one.id === id)!
    if (reason !== 'lost_response') {
      note('I03', `${id} needs a person because of ${reason}`)
      continue
    }
    const answered = answeredRenewals(history, connection).length
    const stored = history.refreshed.filter(({ grant }) => grant === connection.grant).length
    if (answered <= stored)
      note('I03', `${id} says lost_response, and all ${answered} answers of ${connection.provider} were stored`)
  }
  for (const [connection, own] of Map.groupBy(lost, ({ connection }) => connection)) {
    const tasks = history.tasks.filter((task) => task.connection === connection && task.kind === 'reconnect').length
    if (tasks !== own.length) note('I03', `${connection} was lost ${own.length} times and ${tasks} tasks were opened`)
  }
  const reused = history.violations.filter(({ kind }) => kind === 'retired_refresh_token').length
  if (reused > lost.length) note('I02', `used tokens were shown ${reused} times, and ${lost.length} grants were lost`)
}

/** I05, for the first consent of each account: what a call carries is of a generation whose commit was on record before. */
function nothingIsUsedBeforeItsCommit(history: History, strict: readonly string[], note: Note): void {
  for (const connection of history.connections) {
    if (!strict.includes(connection.provider)) continue
    const own = history.entries.filter(
      ({ provider, artist }) => provider === connection.provider && artist === connection.artist,
    )
    const first = own.find(({ grant }) => grant !== undefined)?.grant
    for (const { generation = 1, number, at } of own.filter((one) => one.what === 'api' && one.grant === first)) {
      if (generation === 1) continue
      const stored = history.refreshed.some(
        (one) => one.grant === connection.grant && one.generation === generation && one.at <= at,
      )
      if (!stored)
        note('I05', `request ${number} carries generation ${generation} of ${connection.id}, which was not stored`)
    }
  }
}

/** I06: each commit is the next generation, and the row is at the last one. */
function generationsCountUp({ refreshed, grants }: History, note: Note): void {
  for (const [grant, own] of Map.groupBy(refreshed, (one) => one.grant)) {
    for (const [i, { generation }] of own.entries())
      if (i > 0 && generation <= own[i - 1]!.generation)
        note('I06', `${grant} went from generation ${own[i - 1]!.generation} to ${generation}`)
    const row = grants.find(({ id }) => id === grant)
    if (row && row.generation < own.at(-1)!.generation)
      note('I06', `${grant} is at ${row.generation} and had stored ${own.at(-1)!.generation}`)
  }
}

/** I25: the drawing of a connection's states. */
function onlyDeclaredEdges({ transitions }: History, note: Note): void {
  for (const [connection, own] of Map.groupBy(transitions, (one) => one.connection)) {
    let state: ConnectionState | null = null
    for (const { from, to } of own) {
      if (from !== state) note('I25', `${connection} was ${state} and is said to have been ${from}`)
      if (from !== null && !connectionEdges[from].includes(to)) note('I25', `${connection} went from ${from} to ${to}`)
      state = to
    }
  }
}

/** I25: a person is asked after the platform has said no twice. */
function personsAreAskedAfterARefusal(history: History, note: Note): void {
  for (const { connection: id, to, at } of history.transitions) {
    if (to !== 'needs_reauth') continue
    const { provider, artist } = history.connections.find((one) => one.id === id)!
    const refused = history.entries.filter(
      (entry) =>
        entry.what === 'token' &&
        entry.provider === provider &&
        entry.artist === artist &&
        entry.at <= at &&
        entry.outcome === 'refused',
    )
    if (refused.length < 2) note('I25', `${id} needs a person after ${refused.length} refusals`)
  }
}

/** I26, I27: of a stream of an account one run at a time. When a broken-off one really ended nobody knows, so those are left out. */
function runsDoNotOverlap({ runs }: History, note: Note): void {
  const whole = runs
    .filter(({ state }) => state !== 'abandoned')
    .flatMap((run) => run.connections.map((connection) => ({ ...run, key: `${run.stream} of ${connection}` })))
  for (const [key, own] of Map.groupBy(whole, (run) => run.key)) {
    const sorted = own.toSorted((one, other) => one.startedAt - other.startedAt)
    for (const [i, run] of sorted.entries()) {
      const before = sorted[i - 1]
      if (before && (before.endedAt ?? Number.POSITIVE_INFINITY) > run.startedAt)
        note('I26', `${before.id} and ${run.id} both read ${key}`)
    }
  }
}

/** I17: one change, one entry, one id. */
function eventsHaveOneIdEach({ events }: History, note: Note): void {
  const ids = new Set(events.map(({ id }) => id))
  if (ids.size < events.length) note('I17', `${events.length - ids.size} events share their id with another`)
}

/** L03: nothing is held when nothing is under way. */
function everythingHeldIsGivenBack({ claimed, grants }: History, note: Note): void {
  if (claimed > 0) note('L03', `${claimed} streams are still claimed`)
  for (const { id, leased } of grants) if (leased) note('L03', `${id} is still leased`)
}
