import { addDays, daysBetween, metricDefinition, type Observation } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { SavedPage, StoredObservation } from '../../ports/records.ts'
import type { StreamNote } from '../../ports/stream-notes.ts'
import type { Deps } from '../deps.ts'
import { isAccepted } from './doubt.ts'
import { isState } from './tally.ts'

type Rows = Pick<SavedPage, 'observations' | 'items' | 'audiences' | 'removed' | 'refused'>

/** A number that small may be zero tomorrow. */
const leastState = 10
/** Amounts of a day are restless: a zero says something where every day of a week had some and most had many. */
const leastAmount = 30
const daysBefore = 7
/** A list whose items are all zero at once; fewer may be new. */
const leastItems = 5

/**
 * Zeros where numbers stood: platforms answer 0 while they are at fault, and a zero that is written down is a number like any other to whoever reads it. They are set aside and
 * told, the stored numbers stay, and the platform is believed when it keeps saying so.
 */
export async function setAsideZeros(
  { records }: Pick<Deps, 'records'>,
  environmentId: string,
  note: StreamNote,
  rows: Rows,
  now: Instant,
): Promise<{ rows: Rows; zeros: readonly Observation[] }> {
  const zeros = rows.observations.filter(isZero)
  if (zeros.length === 0 || isAccepted(note.doubt, 'zeros', now)) return { rows, zeros: [] }
  const { connectionId } = note
  const states = zeros.filter(({ metric, item }) => item === undefined && isState(metric))
  const amounts = zeros.filter(({ metric, item }) => item === undefined && !isState(metric))
  const suspect = new Set<Observation>([
    ...states.filter(({ metric }) => (note.heads[metric] ?? 0) >= leastState),
    ...(await suspectAmounts(amounts)),
    ...(await suspectItems()),
  ])
  if (suspect.size === 0) return { rows, zeros: [] }
  const aside = [...suspect].map(({ metric, item, day }) => ({
    what: [metric, item, day].filter((part) => part !== undefined).join(' '),
    why: 'the platform says 0 where there were many; it is believed if it keeps saying so',
  }))
  return {
    rows: {
      ...rows,
      observations: rows.observations.filter((row) => !suspect.has(row)),
      refused: [...rows.refused, ...aside.slice(0, 50)],
    },
    zeros: [...suspect],
  }

  async function suspectAmounts(amounts: readonly Observation[]): Promise<Observation[]> {
    const found: Observation[] = []
    for (const [metric, some] of Map.groupBy(amounts, (zero) => zero.metric)) {
      const days = some.map(({ day }) => day).sort()
      const from = addDays(days[0]!, -daysBefore)
      const to = days.at(-1)!
      // Days without dimensions come before those that are split by some, and there is one of each.
      const wanted = { connectionId, metric, from, to, limit: daysBetween(from, to) + 1 }
      const rows = await records.scan(environmentId, wanted)
      const stored = rows.filter(({ dimensions }) => Object.keys(dimensions).length === 0)
      found.push(...some.filter((zero) => isSuspectAmount(zero, stored)))
    }
    return found
  }

  async function suspectItems(): Promise<Observation[]> {
    const found: Observation[] = []
    const ofItems = rows.observations.filter(
      ({ item, metric, value }) => item !== undefined && isState(metric) && value !== null,
    )
    for (const [metric, some] of Map.groupBy(ofItems, (row) => row.metric)) {
      if (some.length < leastItems || some.some((row) => !isZero(row))) continue
      const items = some.map(({ item }) => ({ connectionId, id: item! }))
      const stored = await records.newest(environmentId, { items, metrics: [metric] })
      const stood = new Map(stored.map(({ item, value }) => [item, value]))
      const gone = some.filter(({ item }) => (stood.get(item!) ?? 0) >= leastState)
      if (gone.length >= leastItems) found.push(...gone)
    }
    return found
  }
}

const isZero = ({ metric, value, dimensions }: Observation) => {
  if (value !== 0 || dimensions !== undefined) return false
  const definition = metricDefinition(metric)
  return definition !== undefined && (definition.unit === 'count' || definition.unit === 'seconds')
}

/** Of a day that had many, or that follows on a week of which each day had some. */
export function isSuspectAmount(
  { day }: Pick<Observation, 'day'>,
  stored: readonly Pick<StoredObservation, 'day' | 'value'>[],
): boolean {
  const same = stored.find((row) => row.day === day)
  if (same && same.value !== null) return same.value >= leastAmount
  const first = addDays(day, -daysBefore)
  const before = stored.flatMap((row) => (row.day >= first && row.day < day && row.value !== null ? [row.value] : []))
  before.sort((one, other) => one - other)
  if (before.length < daysBefore - 2) return false
  return before[0]! >= leastState && before[Math.floor(before.length / 2)]! >= leastAmount
}
