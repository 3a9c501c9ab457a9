import type { Instant } from '../../../ports/clock.ts'
import type { ConnectionState } from '../../../ports/connections.ts'
import { activeStates } from '../../../ports/connections.ts'
import type { Step } from '../../../ports/history.ts'
import type { ReauthCause } from '../../connect/reasons.ts'

/** Whose doing it was that a connection was lost. */
export type LossCause = 'owner' | 'expiry' | 'lost_reply' | 'ours'

const causes: Readonly<Record<ReauthCause, LossCause>> = {
  revoked: 'owner',
  key_refused: 'owner',
  // The platform says that it is over and not why; after a confirmed refusal nothing of ours is left that could have done it.
  refresh_refused: 'owner',
  expired: 'expiry',
  lost_response: 'lost_reply',
}

/** What happened to each connection, in order. */
export class ConnectionPast {
  readonly #steps: ReadonlyMap<string, readonly Step[]>

  constructor(steps: readonly Step[]) {
    this.#steps = Map.groupBy(steps, ({ connectionId }) => connectionId)
  }

  all(): Iterable<readonly [string, readonly Step[]]> {
    return this.#steps
  }

  stateAt(connectionId: string, at: Instant): ConnectionState | null {
    return this.#steps.get(connectionId)?.findLast((step) => step.at <= at)?.to ?? null
  }

  /** The first time within that it stopped being read. */
  stopWithin(connectionId: string, from: Instant, to: Instant): Step | null {
    return this.#steps.get(connectionId)?.find((step) => step.at >= from && step.at <= to && isStop(step)) ?? null
  }

  /** How long it was in states in which nothing is read, by state. */
  inactive(connectionId: string, from: Instant, to: Instant): { state: ConnectionState; from: Instant; to: Instant }[] {
    const steps = this.#steps.get(connectionId) ?? []
    return steps.flatMap((step, i) => {
      const [begin, end] = [Math.max(from, step.at), Math.min(to, steps[i + 1]?.at ?? to)]
      return activeStates.includes(step.to) || end <= begin ? [] : [{ state: step.to, from: begin, to: end }]
    })
  }

  /**
   * Whose doing a loss was. One that ended without its owner was none at all: it was said of a connection that worked, and so was one for a reason
   * that no confirmed answer of a platform leads to.
   */
  causeOf(loss: Step): LossCause {
    const next = this.#steps.get(loss.connectionId)?.find((step) => step.at > loss.at && activeStates.includes(step.to))
    if (next !== undefined && next.actor !== 'owner') return 'ours'
    if (loss.to === 'revoked') return 'owner'
    return (Object.hasOwn(causes, loss.reason ?? '') && causes[loss.reason as ReauthCause]) || 'ours'
  }
}

const isStop = ({ to }: Step) => !activeStates.includes(to)

/** Its owner has to connect it again. */
export const isLoss = ({ to }: Step): boolean => to === 'needs_reauth' || to === 'revoked'
