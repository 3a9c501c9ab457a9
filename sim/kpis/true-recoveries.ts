import { dayMs } from '@patchbay/kit'
import type { Move, Turn } from './watch-world.ts'

export interface TrueRecoveries {
  episodes: number
  inTime: number
  excluded: number
}

/** Spells in which a connection failed, for K8, from the turns of its streams as the schedule saw them. */
export function trueRecoveries(
  turns: readonly Turn[],
  moves: readonly Move[],
  window: { from: number; to: number },
  now: number,
): Map<string, TrueRecoveries> {
  const sums = new Map<string, TrueRecoveries>()
  const providers = new Map(moves.map(({ connection }) => [connection.id, connection.provider]))
  const movesOf = Map.groupBy(moves, ({ connection }) => connection.id)
  for (const [connectionId, own] of Map.groupBy(turns, (turn) => turn.connectionId)) {
    const provider = providers.get(connectionId) ?? ''
    const bad = new Set<string>()
    let begun: number | null = null
    let last: Turn | null = null
    for (const turn of [...own, null]) {
      if (turn !== null && turn.fault !== null) {
        if (begun === null && /^provider\.(throttled|exhausted)$/.test(turn.fault)) continue
        begun ??= turn.at
        bad.add(turn.stream)
        last = turn
        continue
      }
      if (turn !== null) bad.delete(turn.stream)
      if (begun === null || last === null || (turn !== null && bad.size > 0)) continue
      const [from, to] = [begun, turn?.at ?? null]
      begun = null
      if (from < window.from || from >= window.to) continue
      const sum = sums.get(provider) ?? { episodes: 0, inTime: 0, excluded: 0 }
      sums.set(provider, sum)
      const stops = (movesOf.get(connectionId) ?? []).filter(({ at }) => at >= from && at <= (to ?? now))
      const isPersons =
        last.blocked !== null ||
        /^setup\.|^connection\.(?!refreshing)|^provider\.(forbidden|missing|rejected|unsure)/.test(last.fault!) ||
        stops.some(({ to: state }) => ['needs_reauth', 'revoked', 'paused', 'disconnected'].includes(state))
      const isYoung = to === null && now - from <= dayMs
      if (isPersons || isYoung) sum.excluded++
      else {
        sum.episodes++
        if (to !== null && to - from <= dayMs) sum.inTime++
      }
    }
  }
  return sums
}
