import { daysBetween, Fault, type FaultCode, faults, isFault, minute, type Page, runTime, second } from '@patchbay/kit'
import type { NewEvent } from '../../ports/along.ts'
import type { Backfill, BackfillProgress, Backfills } from '../../ports/backfills.ts'
import { type Connection, inactiveStates } from '../../ports/connections.ts'
import type { SavedPage } from '../../ports/records.ts'
import { quotaFaults } from '../../ports/schedule.ts'
import { plainSettings } from '../connect/integration-secrets.ts'
import { missingForStream, offeredStreams } from '../connect/scopes.ts'
import { faultOf } from '../fault-of.ts'
import { backoffMs } from './cadence.ts'
import { checkPage } from './check-page.ts'
import { HeardRefusals } from './refusal-notes.ts'
import { mayBeThePlace } from './refused-place.ts'
import type { SyncDeps } from './run-stream.ts'
import { setAsideZeros } from './suspect-zeros.ts'

export interface BackfillDeps extends SyncDeps {
  readonly backfills: Backfills
}

/** A claim is good for so long without a report. A page takes less, or it is given up. */
const claimMs = 3 * minute
const longestPageMs = 2 * minute
/** Then whoever waits longer has a turn. */
const mostPagesATurn = 20
const mostFailures = 6
/** It is late by nature. */
const patienceMs = minute

/** Takes the backfill that has waited for longest and reads some pages of it. False when there is none. */
export async function runNextBackfill(deps: BackfillDeps, stop: AbortSignal): Promise<boolean> {
  const now = deps.clock.now()
  const claim = deps.random.id('clm')
  const backfill = await deps.backfills.claim({ now, until: now + claimMs, claim })
  if (!backfill) return false
  const progress: Progress = { ...backfill, hasNews: false }
  let ending: 'done' | 'more' | 'lost' | Fault
  try {
    ending = await readPages(deps, backfill, claim, progress, stop)
  } catch (error) {
    if (!isFault(error)) deps.log.error('sync.backfill_broken', { backfillId: backfill.id, error })
    ending = faultOf(error)
  }
  if (ending !== 'lost') await settle(deps, backfill, claim, progress, ending)
  return true
}

/** `hasNews`: this turn brought a day that no answer had had before, or a value that was not stored. */
type Progress = { -readonly [key in keyof BackfillProgress]: BackfillProgress[key] } & { hasNews: boolean }

async function readPages(
  deps: BackfillDeps,
  backfill: Backfill,
  claim: string,
  progress: Progress,
  stop: AbortSignal,
): Promise<'done' | 'more' | 'lost'> {
  const { environmentId, id, connectionId, firstDay, lastDay } = backfill
  const { environment, integration, provider, stream, connection } = await prepare(deps, backfill)
  const [place] = await deps.records.places(environmentId, [{ connectionId, stream: id }])
  const [note] = await deps.streamNotes.notes(environmentId, [{ connectionId, stream: backfill.stream }])
  const late = new AbortController()
  const target = {
    ...{ environment, provider, integration, connection, grantId: connection.grantId, runId: id, patienceMs },
    ...({ lane: 'backfill', spares: 'always' } as const),
  }
  const http = deps.gateway.http(target, AbortSignal.any([late.signal, stop]))
  const now = deps.clock.now()
  const read = stream.read({
    http,
    subjects: [{ account: connection.account, cursor: null, checkpoint: place!.checkpoint }],
    time: runTime(now, http.answeredAt),
    settings: plainSettings(provider, integration),
    range: { from: firstDay, to: lastDay },
    refusals: new HeardRefusals([note!], now),
  })
  const walk = read[Symbol.asyncIterator]()
  const before = progress.calls
  for (let turn = 1; ; turn++) {
    const next = await nextPage(deps, walk, late).catch((error) => {
      if (stop.aborted) return 'stopped' as const
      throw error
    })
    progress.calls = before + http.spent.calls
    // Whoever goes on reads that page again.
    if (next === 'stopped') return 'more'
    if (next === null) throw new Fault('provider.changed', 'The walk ended without a last page.')
    for (const page of next) {
      const at = deps.clock.now()
      const { doubled: _, ...checked } = checkPage(stream, page, at)
      // Before they are saved: killed in between, they are read again, and counted as well.
      for (const { day } of checked.observations) see(progress, day)
      // Whoever paused it, or took it over, is heard before anything is written.
      if (!(await deps.backfills.report(environmentId, id, claim, { ...progress, until: at + claimMs }))) return 'lost'
      await savePage(deps, backfill, page, checked, progress)
      if (page.cursor !== undefined) {
        await walk.return?.()
        return 'done'
      }
    }
    if (turn >= mostPagesATurn || stop.aborted) {
      await walk.return?.()
      return 'more'
    }
  }

  function see(progress: Progress, day: string): void {
    if (day < firstDay || day > lastDay) return
    const { seenFrom, seenTo } = progress
    if (seenFrom === null || day < seenFrom) progress.seenFrom = day
    if (seenTo === null || day > seenTo) progress.seenTo = day
    if (progress.seenFrom !== seenFrom || progress.seenTo !== seenTo) progress.hasNews = true
  }

  async function savePage(
    deps: BackfillDeps,
    backfill: Backfill,
    page: Page,
    checked: Omit<ReturnType<typeof checkPage>, 'doubled'>,
    progress: Progress,
  ): Promise<void> {
    const at = deps.clock.now()
    const wanted = checked.observations.filter(({ day }) => day >= firstDay && day <= lastDay)
    const { rows } = await setAsideZeros(deps, environmentId, note!, { ...checked, observations: wanted }, at)
    const saved: SavedPage = {
      ...rows,
      ...{ connectionId, stream: backfill.stream, walk: id, runId: id, removed: [] },
      ...{ cursor: undefined, checkpoint: page.cursor === undefined ? page.checkpoint : null },
    }
    const { inserted, restated, items } = await deps.records.save(environmentId, [saved], { at, actor: 'schedule' })
    if (inserted > 0) progress.hasNews = true
    progress.pages++
    progress.written += inserted + restated + items
  }
}

/** A page, or null at the end. One that takes too long is given up, while the claim still holds. */
async function nextPage(
  { clock }: Pick<BackfillDeps, 'clock'>,
  walk: AsyncIterator<Page | readonly Page[]>,
  late: AbortController,
): Promise<readonly Page[] | null> {
  const ended = new AbortController()
  const timer = clock.sleep(longestPageMs, ended.signal).then(
    () => late.abort(new Fault('provider.timeout', 'A page took too long.')),
    () => {},
  )
  try {
    const { done, value } = await walk.next()
    return done ? null : [value as Page | readonly Page[]].flat()
  } finally {
    ended.abort('over')
    await timer
  }
}

async function prepare(deps: BackfillDeps, { environmentId, integrationId, connectionId, ...backfill }: Backfill) {
  const [environments, integration, connection] = await Promise.all([
    deps.directory.environments(),
    deps.directory.integration(environmentId, integrationId),
    deps.connections.read(environmentId, connectionId),
  ])
  const environment = environments.find(({ id }) => id === environmentId)
  const provider = (await deps.providers.in(environmentId)).get(backfill.provider)
  if (!environment || !integration || !provider) throw new Fault('setup.configuration', 'The app is no longer set up.')
  if (!integration.enabled) throw new Fault('setup.configuration', 'The app is switched off.')
  const stream = new Map(offeredStreams(provider, integration)).get(backfill.stream)
  if (!stream?.backfill) throw new Fault('setup.unsupported')
  if (!connection || inactiveStates.has(connection.state)) throw new Fault(inactiveFault(connection))
  if (missingForStream(stream, connection.missingScopes).length > 0) throw new Fault('connection.scopes')
  return { environment, integration, provider, stream, connection }
}

const inactiveFault = (connection: Connection | null): FaultCode =>
  connection?.state === 'needs_reauth' || connection?.state === 'revoked' ? 'connection.expired' : 'connection.inactive'

async function settle(
  deps: BackfillDeps,
  backfill: Backfill,
  claim: string,
  progress: Progress,
  ending: 'done' | 'more' | Fault,
): Promise<void> {
  const { environmentId, id, connectionId } = backfill
  const now = deps.clock.now()
  const release = (outcome: Pick<Backfill, 'state' | 'fault' | 'says' | 'failures' | 'readyAt' | 'endedAt'>) =>
    deps.backfills.release(environmentId, id, claim, outcome, tell(deps, backfill, outcome, now))
  if (!(await deps.backfills.report(environmentId, id, claim, { ...progress, until: now + claimMs }))) return
  const calm = { fault: null, says: null, failures: 0, endedAt: null }
  // Begun again, it reads what it had read: good pages on the way to the one that is refused are no reason to try that one for ever.
  const failures = progress.hasNews ? 0 : backfill.failures
  if (ending === 'done') await release({ ...calm, state: 'done', readyAt: now, endedAt: now })
  else if (ending === 'more') await release({ ...calm, failures, state: 'waiting', readyAt: now })
  else {
    // A place that was kept for too long, or that may have been: it begins again, and what is stored is stored.
    if (ending.code === 'provider.cursor' || (progress.pages === backfill.pages && mayBeThePlace(ending)))
      await deps.records.forgetPlaces(environmentId, connectionId, { stream: id, all: true })
    await release(afterFault(backfill, ending, now))
  }
}

/** Time: the exact wait. Somebody who has to act: it fails, and is begun again from its place when that is done. The rest: again, with longer waits. */
function afterFault(backfill: Backfill, fault: Fault, now: number) {
  const { code, kind, detail } = fault
  const says = faults[code].says
  if (kind.fixedBy === 'time' || quotaFaults.includes(code))
    return {
      state: 'waiting',
      fault: code,
      says,
      failures: backfill.failures,
      readyAt: now + (detail.waitMs ?? minute),
      endedAt: null,
    } as const
  const failures = backfill.failures + 1
  const isOver = failures >= mostFailures || code.startsWith('connection.') || code.startsWith('setup.')
  if (isOver) return { state: 'failed', fault: code, says, failures, readyAt: now, endedAt: now } as const
  const readyAt = now + backoffMs(failures, backfill.id, 60 * minute) + second
  return { state: 'waiting', fault: code, says, failures, readyAt, endedAt: null } as const
}

function tell(
  { random }: Pick<BackfillDeps, 'random'>,
  { id, connectionId, stream, firstDay, lastDay }: Backfill,
  { state, fault, says }: Pick<Backfill, 'state' | 'fault' | 'says'>,
  at: number,
) {
  if (state !== 'done' && state !== 'failed') return undefined
  const data = { backfill: id, connection: connectionId, stream, from: firstDay, to: lastDay, fault, says }
  const event: NewEvent = { id: random.id('evt'), type: `backfill.${state}`, connectionId, data }
  return { at, actor: 'schedule', events: [event] } as const
}

/** How much of it is done, and when it will be at this pace, waits included. Null where nothing says so yet. */
export function backfillOutlook(
  { state, firstDay, lastDay, seenFrom, seenTo, startedAt }: Backfill,
  now: number,
): { share: number; endsAt: number | null } {
  if (state === 'done') return { share: 1, endsAt: null }
  if (seenFrom === null || seenTo === null || startedAt === null) return { share: 0, endsAt: null }
  const days = (from: string, to: string) => daysBetween(from, to) + 1
  const share = Math.min(0.99, days(seenFrom, seenTo) / days(firstDay, lastDay))
  const goesOn = state === 'waiting' || state === 'running'
  return { share, endsAt: goesOn ? Math.round(now + ((now - startedAt) / share) * (1 - share)) : null }
}
