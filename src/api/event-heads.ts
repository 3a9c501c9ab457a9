import { second } from '@patchbay/kit'
import { placeAll } from '../engine/delivery/sender.ts'
import type { Engine } from '../engine/engine.ts'

/** How far the order of events goes, as one reader of it sees it. */
export interface Reading {
  head(): number
  /** Waits until there is something after that place: true. False when there was nothing for so long. Throws when the signal aborts. */
  moved(after: number, ms: number, signal: AbortSignal): Promise<boolean>
  leave(): void
}

interface Watched {
  head: number
  readers: number
  readonly waiting: Set<() => void>
}

/** Looks once a second for new events of each environment that somebody reads, however many do. */
export function openHeads({ deps, isStopping }: Pick<Engine, 'deps' | 'isStopping'>) {
  const { clock, deliveries, log } = deps
  const watched = new Map<string, Watched>()
  return { look, follow }

  /** The order as it is now, with everything in it that is committed. */
  async function look(environmentId: string): Promise<{ head: number; swept: number }> {
    const { unplaced } = await deliveries.look(environmentId, clock.now())
    if (unplaced) await placeAll(deps, environmentId)
    return deliveries.places(environmentId)
  }

  function follow(environmentId: string): Reading {
    const known = watched.get(environmentId)
    const one = known ?? { head: 0, readers: 0, waiting: new Set() }
    one.readers++
    if (!known) {
      watched.set(environmentId, one)
      void watch(environmentId, one)
    }
    return {
      head: () => one.head,
      async moved(after, ms, signal) {
        if (one.head > after) return true
        const over = new AbortController()
        const until = clock.sleep(ms, AbortSignal.any([signal, over.signal])).then(() => false)
        until.catch(() => {})
        let wake = () => {}
        const woken = new Promise<true>((resolve) => {
          wake = () => resolve(true)
        })
        one.waiting.add(wake)
        const moved = await Promise.race([woken, until]).finally(() => {
          one.waiting.delete(wake)
          over.abort('over')
        })
        return moved
      },
      leave() {
        one.readers--
      },
    }
  }

  async function watch(environmentId: string, one: Watched): Promise<void> {
    while (one.readers > 0) {
      try {
        const { head } = await look(environmentId)
        const hasMoved = head > one.head
        one.head = head
        // Whoever waits also has to hear that this process stops.
        if (hasMoved || isStopping()) for (const wake of one.waiting) wake()
      } catch (error) {
        log.warn('api.stream_waits', { environmentId, error })
      }
      await clock.sleep(second)
    }
    watched.delete(environmentId)
  }
}
