import type { AnswerShape } from '../../ports/stream-notes.ts'
import { type SeenFields, shapeAfter } from './answer-shape.ts'
import type { Group, Run, SyncDeps } from './run-stream.ts'

/** Remembers which fields the answers of a run had, and tells once of a change. What was read counts whether or not this can be written. */
export async function noteShape(
  { streamNotes, random, clock, log }: Pick<SyncDeps, 'streamNotes' | 'random' | 'clock' | 'log'>,
  { environmentId, integrationId, provider, stream }: Group,
  run: Pick<Run, 'id'>,
  seen: SeenFields,
): Promise<void> {
  if (seen.calls.size === 0) return
  try {
    const first: AnswerShape = { integrationId, stream, runs: 0, fields: {} }
    const before = (await streamNotes.shape(environmentId, integrationId, stream)) ?? first
    const { shape, added, lacking } = shapeAfter(before, seen)
    const isNews = added.length + lacking.length > 0
    const data = {
      ...{ provider, integration: integrationId, stream, run: run.id },
      ...{ added: added.slice(0, 50), lacking: lacking.slice(0, 50) },
    }
    const events = [{ id: random.id('evt'), type: 'provider.answers_changed', data }]
    await streamNotes.saveShape(
      environmentId,
      shape,
      isNews ? { at: clock.now(), actor: 'schedule', events } : undefined,
    )
    if (isNews) log.warn('sync.answers_changed', data)
  } catch (error) {
    log.warn('sync.shape_not_noted', { environmentId, integrationId, stream, error })
  }
}
