import { minute } from '@patchbay/kit'
import type { Beats, Window } from '../../../ports/history.ts'
import { type Figure, figure, unknown } from './kpi.ts'

/** K2. Only whole minutes, and none before the first sign of life. */
export function uptime({ since, alive, working }: Beats, { from, to }: Window): Figure {
  if (since === null) return unknown('No sign of life was ever written down.')
  const begin = Math.ceil(Math.max(from, since) / minute)
  const all = Math.max(0, Math.floor(to / minute) - begin)
  const before = Math.max(0, Math.floor((Math.min(since, to) - from) / minute))
  return figure(
    {
      numerator: Math.min(working, all),
      denominator: all,
      excluded: { 'before the first start': before },
      details: { minutesWithoutProcess: Math.max(0, all - alive), minutesWithoutPlanner: Math.max(0, alive - working) },
    },
    'The window holds no whole minute since the first start.',
  )
}
