import { isFault } from '@patchbay/kit'
import type { Along, NewEvent, NewTask } from '../../ports/along.ts'
import type { Instant } from '../../ports/clock.ts'
import type { Doubt, StreamNote } from '../../ports/stream-notes.ts'
import { accountName } from '../connect/person-tasks.ts'
import { doubtedAgain, isAccepted, isWorthALook, judgeVolume, type Suspicion } from './doubt.ts'
import type { Prepared, Ready } from './prepare-run.ts'
import { noteRefusals, type RefusalNews } from './refusal-notes.ts'
import type { Run, SyncDeps } from './run-stream.ts'
import { noteAfter, Tally } from './tally.ts'

/** What is remembered of one slot after a run, and what is to be told of it. */
export interface Noted {
  readonly note: StreamNote
  /** Why what it brought is not believed, or not all of it. */
  readonly suspicion: Suspicion | null
  readonly news: Pick<RefusalNews, 'lost' | 'back'>
}

/** After a reading of which `accounts` had their part in. Null where nothing changes. */
export function notedOf(
  { stream }: Prepared,
  run: Run,
  { slot, note, place }: Ready,
  { accounts, now }: { accounts: number; now: Instant },
): Noted | null {
  const tally = run.tallies.get(slot) ?? new Tally()
  const { note: known, ...news } = noteRefusals(note, run.refusals.get(slot), now)
  if (isFault(run.endings.get(slot))) {
    const doubt = tally.suspicion ? doubtedAgain(note.doubt, tally.suspicion, now) : note.doubt
    if (doubt === note.doubt && known === note) return null
    return { note: { ...known, doubt }, suspicion: tally.suspicion, news }
  }
  const spent = Object.fromEntries(Object.entries(run.spent).map(([quota, amount]) => [quota, amount / accounts]))
  // An earlier run had begun it, so that nobody knows how much it brought in all.
  const resumed = place.checkpoint !== null
  const suspicion = tally.suspicion ?? (resumed ? null : judgeVolume(stream, note.volumes, tally.volume))
  const stays = resumed && suspicion === null
  const doubt = suspicion ? doubtedAgain(note.doubt, suspicion, now) : stays ? note.doubt : null
  const after = noteAfter(known, tally, { now, resumed, spent })
  // What is not believed is no measure for the next one, until it has lasted.
  const isMeasure = suspicion === null || suspicion.kind === 'zeros' || isAccepted(doubt, suspicion.kind, now)
  return { note: { ...after, doubt, volumes: isMeasure ? after.volumes : note.volumes }, suspicion, news }
}

/** Written in one transaction with what is told of it. */
export function traceOf(
  deps: Pick<SyncDeps, 'random'>,
  prepared: Prepared,
  runId: string,
  noted: readonly { readonly ready: Ready; readonly noted: Noted }[],
  at: Instant,
): Along {
  const events: NewEvent[] = []
  const openTasks: NewTask[] = []
  const closeTasks: { connectionId: string; kind: 'check_numbers' }[] = []
  for (const { ready, noted: one } of noted) {
    const { connection, slot, note: before } = ready
    const { id, profileId } = connection
    const tell = (type: string, data: Record<string, unknown>) => {
      const about = {
        connection: id,
        profile: profileId,
        provider: connection.provider,
        stream: slot.stream,
        run: runId,
      }
      events.push({ id: deps.random.id('evt'), type, connectionId: id, profileId, data: { ...about, ...data } })
    }
    const { doubt } = one.note
    if (doubt !== null && doubt.kind !== before.doubt?.kind)
      tell('stream.doubted', { kind: doubt.kind, says: doubt.says })
    if (doubt === null && before.doubt !== null) {
      const { kind, since } = before.doubt
      // It was right after all, and what came of that stays to be looked at; or it is right again.
      const accepted = (kind === 'zeros' || kind === 'vanished') && isAccepted(before.doubt, kind, at)
      tell('stream.believed', { kind, since: new Date(since).toISOString(), accepted })
      if (!accepted) closeTasks.push({ connectionId: id, kind: 'check_numbers' })
    }
    if (doubt !== null && isWorthALook(doubt, at)) openTasks.push(lookTask(deps, prepared, ready, doubt))
    const { lost, back } = one.news
    if (lost.length > 0) tell('metric.refused', { metrics: lost.map(({ name, why }) => ({ name, why })) })
    if (back.length > 0) tell('metric.given_again', { metrics: back })
  }
  return { at, actor: 'schedule', events, openTasks, closeTasks }
}

/** What a person is asked to do about numbers that are not believed. */
function lookTask(
  { random }: Pick<SyncDeps, 'random'>,
  { provider }: Prepared,
  { connection, slot }: Ready,
  { says, times }: Doubt,
): NewTask {
  const what = provider.streams[slot.stream]?.summary ?? slot.stream
  return {
    id: random.id('tsk'),
    ...{ kind: 'check_numbers', connectionId: connection.id },
    title: `Look at the numbers of ${accountName(connection)} on ${provider.name}`,
    description: `${what}: ${says} It has been so for ${times} readings. Compare with what the platform itself shows. What was stored before is unchanged; where the platform keeps saying so for a day, it is believed.`,
    ...{ category: 'connection', priority: 'normal', impact: 20, dueAt: null },
  }
}
