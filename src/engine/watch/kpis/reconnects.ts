import { activeStates } from '../../../ports/connections.ts'
import type { Step, Window } from '../../../ports/history.ts'
import { type ConnectionPast, isLoss, type LossCause } from './connection-past.ts'
import { byProvider, count, figure, type Kpi } from './kpi.ts'

/** K6. Each connection counts once, by the first time it was lost. */
export function reconnects(past: ConnectionPast, window: Window): Pick<Kpi, 'overall' | 'providers'> {
  const members = [...past.all()]
    .filter(([, steps]) => steps[0]!.at < window.to)
    .map(([, steps]) => memberOf(past, steps, window))
  return byProvider(members, (rows) => {
    const excluded: Record<string, number> = {}
    const causes: Record<LossCause, number> = { owner: 0, expiry: 0, lost_reply: 0, ours: 0 }
    let [lost, active] = [0, 0]
    for (const { excludedAs, cause } of rows) {
      if (excludedAs !== null) count(excluded, excludedAs)
      else {
        active++
        if (cause !== null) {
          lost++
          count(causes, cause)
        }
      }
    }
    return figure(
      { numerator: lost, denominator: active, excluded, details: causes },
      'No connection worked when the window began.',
    )
  })
}

function memberOf(past: ConnectionPast, steps: readonly Step[], { from, to }: Window) {
  const { provider } = steps[0]!
  const before = steps.findLast(({ at }) => at < from)
  const loss = steps.find((step) => step.at >= from && step.at < to && isLoss(step))
  const cause = loss ? past.causeOf(loss) : null
  const excludedAs =
    before === undefined
      ? `connected later${loss ? ', and lost' : ''}`
      : activeStates.includes(before.to)
        ? null
        : `${before.to} when the window began`
  return { provider, excludedAs, cause }
}
