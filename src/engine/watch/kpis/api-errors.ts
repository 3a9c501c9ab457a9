import type { RequestCount } from '../../../ports/history.ts'
import { type Figure, figure } from './kpi.ts'

/** K3. What was asked wrongly is the client's, and an answer to it is no error of ours. */
export function apiErrors(counts: readonly Omit<RequestCount, 'environmentId' | 'minute'>[]): Figure {
  const sum = (of: 'ok' | 'refused' | 'failed' | 'upstream' | 'left') => counts.reduce((all, each) => all + each[of], 0)
  return figure(
    {
      numerator: sum('failed'),
      denominator: sum('ok') + sum('refused') + sum('failed'),
      excluded: { 'the client went away': sum('left') },
      details: { refused: sum('refused'), becauseOfPlatforms: sum('upstream') },
    },
    'Nobody asked anything.',
  )
}
