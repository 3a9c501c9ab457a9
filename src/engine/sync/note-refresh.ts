import type { Instant } from '../../ports/clock.ts'
import type { Deps } from '../deps.ts'
import type { Refreshed } from './refresh.ts'

/** Writes down how long somebody waited for fresh numbers. Whoever waited has them whether or not this can be written. */
export async function noteRefresh(
  { clock, random, connections, history, log }: Pick<Deps, 'clock' | 'random' | 'connections' | 'history' | 'log'>,
  asked: { environmentId: string; connectionId: string; askedAt: Instant },
  { done, streams }: Refreshed,
): Promise<void> {
  const { environmentId, connectionId, askedAt } = asked
  const endedAt = clock.now()
  const ended = done ? 'fresh' : streams.some(({ state }) => state === 'running') ? 'not_in_time' : 'failed'
  try {
    const provider = (await connections.read(environmentId, connectionId))?.provider ?? ''
    const wait = { id: random.id('rfs'), connectionId, provider, askedAt, endedAt, ended } as const
    await history.noteRefresh(environmentId, wait)
  } catch (error) {
    log.warn('refresh.not_noted', { environmentId, connectionId, error })
  }
}
