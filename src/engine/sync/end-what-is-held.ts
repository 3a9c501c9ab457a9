import type { Deps } from '../deps.ts'
import { inEachEnvironment } from '../in-each-environment.ts'

/**
 * What dead processes claimed and leased is free at once, instead of when it runs out. Only for one that is alone with its stores: a living holder would
 * lose its work, and two would ask for tokens at the same time. Where it cannot be freed it runs out by itself, and the start goes on.
 */
export async function endWhatIsHeld({
  clock,
  schedule,
  grants,
  inbox,
  directory,
  log,
}: Pick<Deps, 'clock' | 'schedule' | 'grants' | 'inbox' | 'directory' | 'log'>): Promise<void> {
  let claims = await schedule.endClaims(clock.now())
  let leases = 0
  await inEachEnvironment({ log }, await directory.environments(), 'engine.not_taken_over', async ({ id }) => {
    leases += await grants.endLeases(id, clock.now())
    claims += await inbox.endClaims(id)
  })
  if (claims + leases > 0) log.info('engine.took_over', { claims, leases })
}
