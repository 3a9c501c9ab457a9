import type { Schedule, Slot } from '../../ports/schedule.ts'
import type { Deps } from '../deps.ts'
import { unlessGone } from '../unless-gone.ts'

/** How slots stand a moment from now; whoever goes away meanwhile sees none. */
export type SharedLook = (
  environmentId: string,
  connectionIds: readonly string[],
  signal?: AbortSignal,
) => Promise<Slot[]>

const everyMs = 100

/** However many wait for something to end, the schedule is looked at ten times a second: who comes while a look is being waited for joins it. */
export function openSharedLook({
  schedule,
  clock,
}: Pick<Deps, 'clock'> & { readonly schedule: Pick<Schedule, 'of'> }): SharedLook {
  const next = new Map<string, { readonly ids: Set<string>; readonly slots: Promise<ReadonlyMap<string, Slot[]>> }>()

  function nextOf(environmentId: string) {
    const known = next.get(environmentId)
    if (known) return known
    const ids = new Set<string>()
    const slots = clock.sleep(everyMs).then(async () => {
      next.delete(environmentId)
      return Map.groupBy(await schedule.of(environmentId, [...ids]), ({ connectionId }) => connectionId)
    })
    // Whoever went away does not hear of it.
    slots.catch(() => {})
    const made = { ids, slots }
    next.set(environmentId, made)
    return made
  }

  return async (environmentId, connectionIds, signal) => {
    if (signal?.aborted) return []
    const { ids, slots } = nextOf(environmentId)
    for (const id of connectionIds) ids.add(id)
    const found = await unlessGone(slots, signal).catch((error) => {
      if (signal?.aborted) return null
      throw error
    })
    return found === null ? [] : connectionIds.flatMap((id) => found.get(id) ?? [])
  }
}
