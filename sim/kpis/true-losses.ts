import type { Grant } from '../../sandbox/grants.ts'
import type { ConnectionState } from '../../src/ports/connections.ts'
import type { Move } from './watch-world.ts'

export interface TrueLosses {
  active: number
  lost: number
  readonly causes: Record<'owner' | 'expiry' | 'lost_reply' | 'ours', number>
}

/**
 * Connections that had to be connected again, for K6, by what became of their grant at the provider: whatever the engine says about why, a
 * connection whose grant was alive was lost by us.
 */
export function trueLosses(
  moves: readonly Move[],
  window: { from: number; to: number },
  grantOf: (move: Move) => Pick<Grant, 'ended'> | null,
): Map<string, TrueLosses> {
  const byProvider = new Map<string, TrueLosses>()
  for (const own of Map.groupBy(moves, ({ connection }) => connection.id).values()) {
    const { provider } = own[0]!.connection
    const sum = byProvider.get(provider) ?? {
      active: 0,
      lost: 0,
      causes: { owner: 0, expiry: 0, lost_reply: 0, ours: 0 },
    }
    byProvider.set(provider, sum)
    const before = own.filter(({ at }) => at < window.from).at(-1)?.to
    if (before === undefined || !works.includes(before)) continue
    sum.active++
    const loss = own.find(({ at, to }) => at >= window.from && at < window.to && lost.includes(to))
    if (!loss) continue
    sum.lost++
    const ended = grantOf(loss)?.ended ?? null
    if (ended === null || ended.at > loss.at) sum.causes.ours++
    else if (ended.why === 'owner') sum.causes.owner++
    else if (ended.why === 'age') sum.causes.expiry++
    else sum.causes.lost_reply++
  }
  return byProvider
}

const works: readonly ConnectionState[] = ['pending', 'healthy', 'degraded']
const lost: readonly ConnectionState[] = ['needs_reauth', 'revoked']
