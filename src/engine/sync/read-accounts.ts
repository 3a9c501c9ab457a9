import { Fault, isFault, type Page, runTime, type Subject } from '@patchbay/kit'
import type { SavedPage } from '../../ports/records.ts'
import { plainSettings } from '../connect/integration-secrets.ts'
import type { Target } from '../http/target.ts'
import { announce, type News, newsOf, tellTheRest } from './announce.ts'
import { observed } from './answer-shape.ts'
import { isYoung } from './cadence.ts'
import { checkPage } from './check-page.ts'
import { isAccepted, looksVanished } from './doubt.ts'
import type { Prepared, Ready } from './prepare-run.ts'
import { HeardRefusals } from './refusal-notes.ts'
import { mayBeThePlace } from './refused-place.ts'
import type { Run, SyncDeps } from './run-stream.ts'
import { setAsideZeros } from './suspect-zeros.ts'
import { Tally } from './tally.ts'

/** How the reading of one slot ended. `more`: it stopped at a checkpoint and goes on from there. */
export type Ending = 'done' | 'more' | Fault

/** A list that is longer in one run goes on in the next. */
const mostPages = 1000

/**
 * Reads a stream for all slots of a run, page after page: each is checked and saved in one transaction with where to go on, before the next is asked
 * for. Endings are noted in `run` as they come. Throws only what is not about the provider: the claim is lost, the store is away.
 */
export async function readAccounts(deps: SyncDeps, prepared: Prepared, run: Run): Promise<void> {
  const { ready } = prepared
  const waiting = new Set(ready)
  const news = new Map(ready.map(({ connection, place }) => [connection.id, newsOf(connection, place, run.id)]))
  const walks: Walks = { places: new Map(ready.map((one) => [one, one.place])), restarts: new Map(), news }
  while (waiting.size > 0) {
    const accounts = pickAccounts(waiting, walks)
    const left = await readOnce(deps, prepared, run, accounts, walks)
    for (const one of [...accounts.values()].flat()) if (!left.has(one)) waiting.delete(one)
    if (run.stop.aborted) break
  }
  for (const one of waiting) run.endings.set(one.slot, 'more')
  await tellTheRest(deps, run.environmentId, news)
}

interface Walks {
  /** Where each stands now; a cursor that expired is dropped on the way. */
  readonly places: Map<Ready, Ready['place']>
  readonly restarts: Map<Ready, number>
  readonly news: ReadonlyMap<string, News>
}

/**
 * The accounts of one reading. An account that several connections share is read once for all that stand at the same place; the others have
 * their turn afterwards, since a page names the account and not the place.
 */
function pickAccounts(waiting: ReadonlySet<Ready>, { places }: Walks): Map<string, Ready[]> {
  const accounts = new Map<string, Ready[]>()
  const standing = (one: Ready) => JSON.stringify([places.get(one)!.cursor, places.get(one)!.checkpoint])
  for (const one of waiting) {
    const { id } = one.connection.account
    const others = accounts.get(id)
    if (!others) accounts.set(id, [one])
    else if (standing(others[0]!) === standing(one)) others.push(one)
  }
  return accounts
}

/** One call of the stream's `read`. Returns who has to be read again: after a dropped cursor, or with another connection's credential. */
async function readOnce(
  deps: SyncDeps,
  prepared: Prepared,
  run: Run,
  accounts: ReadonlyMap<string, readonly Ready[]>,
  walks: Walks,
): Promise<ReadonlySet<Ready>> {
  const all = [...accounts.values()].flat()
  const carrier = all[0]!
  const spares = sparesOf(run, all, deps.clock.now())
  const target = { ...targetOf(prepared, run, accounts, carrier), spares, stop: run.stop }
  const http = deps.gateway.http(target, run.abort)
  const seen = new Set<string>()
  let pages = 0
  try {
    const subjects = [...accounts.values()].map(([one]): Subject => {
      const { cursor, checkpoint } = walks.places.get(one!)!
      return { account: one!.connection.account, cursor, checkpoint }
    })
    const time = runTime(run.startedAt, http.answeredAt)
    const settings = plainSettings(prepared.provider, prepared.integration)
    const refusals = new HeardRefusals(
      all.map(({ note }) => note),
      run.startedAt,
    )
    for (const { slot } of all) run.refusals.set(slot, refusals)
    let cutShort = false
    for await (const chunk of prepared.stream.read({
      http: run.seen ? observed(http, run.seen) : http,
      subjects,
      time,
      settings,
      refusals,
    })) {
      run.counts.pages++
      await savePages(deps, prepared, run, accounts, walks, seen, Array.isArray(chunk) ? chunk : [chunk])
      cutShort = run.stop.aborted || ++pages >= mostPages
      if (cutShort) break
    }
    for (const { slot } of all) if (!run.endings.has(slot)) run.endings.set(slot, cutShort ? 'more' : missing(prepared))
    return new Set()
  } catch (error) {
    run.abort.throwIfAborted()
    return judge(deps, run, all, carrier, toFault(error), { ...walks, nothingCame: pages === 0 })
  } finally {
    run.counts.calls += http.spent.calls
    for (const [quota, amount] of Object.entries(http.spent.cost)) run.spent[quota] = (run.spent[quota] ?? 0) + amount
  }
}

/** A batch is read for all of its accounts, and no one of them is behind its calls. */
function targetOf(
  { environment, provider, integration }: Prepared,
  run: Run,
  accounts: ReadonlyMap<string, unknown>,
  { connection }: Ready,
): Target {
  const { grantId } = connection
  const own = accounts.size === 1 ? connection : null
  return {
    environment,
    provider,
    integration,
    grantId,
    connection: own,
    lane: run.lane,
    runId: run.id,
    patienceMs: patienceMs[run.lane],
  }
}

/** Whether anybody waits for it. What was never read is waited for. */
function sparesOf({ lane }: Run, all: readonly Ready[], now: number): Target['spares'] {
  if (lane !== 'scheduled' && lane !== 'backfill') return null
  if (all.some(({ slot }) => slot.syncedAt === null)) return null
  return all.every(({ slot }) => isYoung(slot, now)) ? 'always' : 'a_while'
}

/** Whoever waits in front of a screen does not wait for a quota. */
const patienceMs = { interactive: 4_000, webhook: 30_000, scheduled: 60_000, backfill: 60_000 } as const

async function savePages(
  deps: SyncDeps,
  { stream }: Prepared,
  run: Run,
  accounts: ReadonlyMap<string, readonly Ready[]>,
  { news }: Walks,
  seen: Set<string>,
  pages: readonly Page[],
): Promise<void> {
  const at = deps.clock.now()
  const saved: SavedPage[] = []
  const ended: Ready[] = []
  const gone = new Map<Ready, string>()
  const stray: { what: string; why: string }[] = []
  let goesInCircles = false
  let doubles = 0
  for (const page of pages) {
    const owners = accounts.get(page.account)
    if (!owners) {
      stray.push({ what: `account ${page.account}`.slice(0, 300), why: 'it was in the answer and nobody asked for it' })
      continue
    }
    const { doubled, ...checked } = checkPage(stream, page, at)
    const { rows, zeros } = await setAsideZeros(deps, run.environmentId, owners[0]!.note, checked, at)
    await doubtRemovals(deps, run, owners[0]!, rows.removed, at)
    const isLast = page.cursor !== undefined
    const mark = `${page.account} ${JSON.stringify(page.checkpoint)}`
    const again = !isLast && page.checkpoint !== undefined && seen.has(mark)
    seen.add(mark)
    goesInCircles ||= again
    const checkpoint = isLast || again ? null : page.checkpoint
    for (const { connection, slot } of owners) {
      const tally = tallyOf(run, slot)
      tally.add(rows, stream, at)
      tally.doubtZeros(zeros)
      tally.doubled += doubled
      doubles += doubled
      saved.push({
        connectionId: connection.id,
        stream: slot.stream,
        runId: run.id,
        ...rows,
        checkpoint,
        cursor: page.cursor,
      })
    }
    if (isLast) ended.push(...owners)
    if (page.gone !== undefined) for (const owner of owners) gone.set(owner, page.gone)
    else for (const { slot } of owners) run.endings.set(slot, 'more')
  }
  if (stray.length > 0) {
    const { connection, slot } = [...accounts.values()][0]![0]!
    saved.push({
      ...nothing,
      connectionId: connection.id,
      stream: slot.stream,
      runId: run.id,
      refused: stray.slice(0, 50),
    })
  }
  if (saved.length === 0) return
  await run.stillOurs().catch((error: unknown) => refuseToGoOn(deps, run, error))
  const endedIds = ended.map(({ connection }) => connection.id)
  const counts = await deps.records
    .save(run.environmentId, saved, { at, of: (changes) => announce(deps, news, changes, endedIds, at) })
    .catch((error: unknown) => refuseToGoOn(deps, run, error))
  for (const key of ['inserted', 'restated', 'unchanged', 'items', 'refused'] as const) run.counts[key] += counts[key]
  run.counts.refused -= doubles
  for (const owner of ended) {
    const { slot, connection } = owner
    const why = gone.get(owner)
    run.endings.set(slot, why === undefined ? 'done' : accountGone(why))
    Object.assign(news.get(connection.id)!, { changed: false, resumed: false })
  }
  if (goesInCircles) throw new Fault('provider.changed', 'the list points back at a page that was read before')
}

/**
 * Most of the items gone at once is rather a platform that lost its list: nothing is marked as gone and the place stays, until it has been so for the better
 * part of a day (F30).
 */
async function doubtRemovals(
  { records }: SyncDeps,
  run: Run,
  { connection, slot, note }: Ready,
  removed: readonly string[],
  now: number,
): Promise<void> {
  const tally = tallyOf(run, slot)
  if (removed.length === 0 || isAccepted(note.doubt, 'vanished', now)) return
  const known = await records.items(run.environmentId, { connections: [connection.id], limit: mostKnown })
  const there = known.filter(({ removedAt }) => removedAt === null)
  // What is gone already is gone no second time.
  const ids = new Set(removed)
  const going = tally.removed + there.filter(({ id }) => ids.has(id)).length
  tally.removing = going - tally.removed
  if (!looksVanished(going, there.length + tally.removed)) return
  const says = `${going} of ${there.length + tally.removed} items are gone at once, says the platform. They stay until it keeps saying so.`
  tally.suspicion = { kind: 'vanished', says }
  throw new Fault('provider.changed', says)
}

/** Of a connection with more, only the newest are compared. */
const mostKnown = 2_000

function tallyOf({ tallies }: Run, slot: Ready['slot']): Tally {
  const tally = tallies.get(slot) ?? new Tally()
  tallies.set(slot, tally)
  return tally
}

function refuseToGoOn({ log }: SyncDeps, { environmentId, id, abort }: Run, error: unknown): never {
  abort.throwIfAborted()
  log.error('sync.page_not_saved', { environmentId, runId: id, error })
  throw new Fault('platform.storage', 'A page could not be saved.', {}, error)
}

const nothing = { observations: [], items: [], audiences: [], removed: [] }

/** Provider code reads what it was promised; where it stumbles, the answer was of another shape. */
function toFault(error: unknown): Fault {
  if (isFault(error)) return error
  return new Fault('provider.changed', error instanceof Error ? error.message : undefined, {}, error)
}

/** It is the account itself, and not something of it. */
const accountGone = (why: string) => new Fault('provider.missing', why.slice(0, 300), { reason: 'account' })

const missing = ({ provider }: Prepared) =>
  new Fault('provider.missing', 'The account was not in the answer.', { provider: provider.id, reason: 'account' })

/** Whose fault it was, and who is to be read again. */
async function judge(
  deps: SyncDeps,
  run: Run,
  all: readonly Ready[],
  carrier: Ready,
  fault: Fault,
  walks: Walks & { readonly nothingCame: boolean },
): Promise<ReadonlySet<Ready>> {
  const left = all.filter(({ slot }) => run.endings.get(slot) !== 'done')
  const isGuess = walks.nothingCame && mayBeThePlace(fault)
  if (isGuess || fault.code === 'provider.cursor') {
    const again = new Set<Ready>()
    for (const one of left) {
      const isWalking = walks.places.get(one)!.checkpoint !== null
      // A cursor is where the next walk ends or begins, and is given up only where the platform says that it is gone.
      if (isGuess && !isWalking && fault.detail.status !== 410) continue
      if (await stepBack(deps, run, one, walks)) again.add(one)
    }
    for (const one of left) {
      if (again.has(one)) run.endings.delete(one.slot)
      else run.endings.set(one.slot, fault)
    }
    return again
  }
  // The credential is one connection's; the accounts that only travelled with it are read with another's.
  const isCarriers = fault.code.startsWith('connection.') && left.includes(carrier) && left.length > 1
  for (const { slot } of isCarriers ? [carrier] : left) run.endings.set(slot, fault)
  return new Set(isCarriers ? left.filter((one) => one !== carrier) : [])
}

/** Drops the checkpoint, and when there is none the cursor: the walk starts at the last safe place before (F41). False when it stood at the start. */
async function stepBack(deps: SyncDeps, run: Run, one: Ready, { places, restarts, news }: Walks): Promise<boolean> {
  const { slot, connection } = one
  const times = restarts.get(one) ?? 0
  const place = (await deps.records.places(run.environmentId, [slot]))[0]!
  if (times >= 2 || (place.checkpoint === null && place.cursor === null)) return false
  const all = place.checkpoint === null
  await deps.records.forgetPlaces(run.environmentId, connection.id, { stream: slot.stream, all })
  places.set(one, { ...place, checkpoint: null, cursor: all ? null : place.cursor })
  restarts.set(one, times + 1)
  // Pages of the walk that was dropped may have changed something.
  news.get(connection.id)!.resumed = true
  return true
}
