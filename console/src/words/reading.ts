import type { StateWords } from './states.ts'

const tiers: Readonly<Record<string, string>> = {
  hourly: 'by the hour',
  six_hourly: 'by six hours',
  daily: 'daily',
  chosen: 'as chosen',
  declared: 'as declared',
}
/** By which rule a stream is read so often. */
export const tierName = (tier: string): string => tiers[tier] ?? tier.replace(/_/g, ' ')

/** How often a connection may be read when somebody chooses, as the API takes it. */
export const chosenIntervals = {
  '1h': 'every hour',
  '2h': 'every 2 hours',
  '3h': 'every 3 hours',
  '6h': 'every 6 hours',
  '12h': 'every 12 hours',
  '24h': 'once a day',
} as const
/** `1h` → `every hour`; another one as the API wrote it. */
export const chosenName = (every: string): string =>
  Object.entries(chosenIntervals).find(([known]) => known === every)?.[1] ?? `every ${every}`

const waits: Readonly<Record<string, string>> = {
  schedule: 'Its next time',
  reading: 'A reading that goes on',
  turn: 'Its turn',
  quota: 'A quota',
  outage: 'An outage',
  retry: 'Another try',
  pause: 'Paused',
  owner: 'Its owner',
  permission: 'A permission',
  operator: 'Whoever runs this server',
  doubt: 'What it brought is doubted',
  refused_metrics: 'Numbers that the platform refuses',
}
/** What a stream waits for, in a word. */
export const waitName = (what: string): string => {
  const known = waits[what]
  if (known !== undefined) return known
  const words = what.replace(/_/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const backfills: Readonly<Record<string, StateWords>> = {
  waiting: { name: 'Waiting', tone: 'info', shape: 'waiting', says: 'Goes on behind everything that is due.' },
  running: { name: 'Reading', tone: 'info', shape: 'moving', says: 'Days of the past are being read.' },
  paused: { name: 'Paused', tone: 'quiet', shape: 'paused', says: 'Somebody here paused it.' },
  cancelled: { name: 'Cancelled', tone: 'quiet', shape: 'empty', says: 'Ended by somebody. What it read stays.' },
  done: { name: 'Done', tone: 'good', shape: 'plugged', says: 'Every day of it was read.' },
  failed: { name: 'Failed', tone: 'bad', shape: 'crossed', says: 'Stands still until somebody acts.' },
}
export const backfillStateOrder = ['waiting', 'running', 'paused', 'failed', 'done', 'cancelled'] as const
export const backfillState = (state: string): StateWords =>
  backfills[state] ?? { name: state, tone: 'quiet', shape: 'empty', says: 'This console does not know that state.' }
