import { Fault, minute } from '@patchbay/kit'
import type { ClaimedSlot } from '../../ports/schedule.ts'
import type { Deps } from '../deps.ts'

/** How long a claim is good for without a sign of life. A process that dies delays its slots by so much. */
export const claimMs = 2 * minute

/** A run that gives no page for so long is broken off; what it saved counts, and the next one goes on from there. */
export const longestRunMs = 30 * minute

export interface HeldClaim {
  /** Aborts when somebody else has the slots now, or when the run took too long. */
  readonly lost: AbortSignal
  /**
   * Before anything is written: throws when somebody else may have read the slots meanwhile. A process that stood still finds out by that before its
   * heartbeat does, and would else put an older page over a newer one.
   */
  stillOurs(): Promise<void>
  end(): Promise<void>
}

/**
 * Keeps a claim alive while its run lasts. Null when it was lost before it began, as it may be after waiting in a queue. A claim is lost in whole: when
 * one slot of a group is somebody else's, so may be the others in a moment.
 */
export async function holdClaim(
  deps: Pick<Deps, 'clock' | 'schedule' | 'log'>,
  environmentId: string,
  claim: string,
  slots: readonly ClaimedSlot[],
): Promise<HeldClaim | null> {
  const { clock, schedule, log } = deps
  let until = 0
  const extend = async () => {
    const next = clock.now() + claimMs
    const kept = await schedule.extend(environmentId, claim, slots, next)
    if (kept === slots.length) until = next
    return kept
  }
  // More than that is left only when the clock was set back; then nobody knows.
  const isOver = () => clock.now() >= until || until - clock.now() > claimMs
  if ((await extend()) < slots.length) return null

  const lost = new AbortController()
  const ended = new AbortController()
  const longestAt = clock.now() + longestRunMs
  const beating = beat()
  return {
    lost: lost.signal,
    async stillOurs() {
      // Once more where it stood still while it asked.
      while (isOver() && !lost.signal.aborted) if ((await extend()) < slots.length) lost.abort(new ClaimLost())
      lost.signal.throwIfAborted()
    },
    async end() {
      ended.abort(over)
      await beating
    },
  }

  async function beat(): Promise<void> {
    while (!ended.signal.aborted && !lost.signal.aborted) {
      const woken = await clock.sleep(claimMs / 3, ended.signal).then(
        () => true,
        () => false,
      )
      if (!woken) return
      if (clock.now() >= longestAt)
        lost.abort(new Fault('provider.timeout', 'the run took too long and was broken off'))
      // A database that is away for a moment is no reason to stop: the claim has two more chances.
      const kept = await extend().catch((error: unknown) => {
        log.warn('sync.heartbeat_failed', { environmentId, claim, error })
        return slots.length
      })
      if (kept < slots.length) lost.abort(new ClaimLost())
    }
  }
}

/** The run is over. Given as the reason, since making one up takes longer than the rest of it. */
const over = 'over'

/** Somebody else has the slots: nothing more may be written for them. */
export class ClaimLost extends Error {
  constructor() {
    super('the claim ran out and somebody else took over')
    this.name = 'ClaimLost'
  }
}
