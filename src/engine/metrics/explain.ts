import type { Provider } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { StoredObservation } from '../../ports/records.ts'
import type { Deps, Setting } from '../deps.ts'
import { keyOf, noSuchNumber, type WantedNumber } from './history.ts'
import { definitionOf, type MetricPoint, pointOf } from './point.ts'

export interface Explanation {
  readonly point: MetricPoint
  /** Sentences a manager understands, from rules. */
  readonly says: readonly string[]
  /** Earlier values of the same day, newest first. */
  readonly revisions: readonly StoredObservation[]
}

/** More earlier values than this are in the history of the number, page by page. */
const mostRevisions = 100

/** Where one number comes from and how sure it is. Throws `input.unknown` when there is no such number. */
export async function explainPoint(
  deps: Pick<Deps, 'records' | 'schedule' | 'clock'>,
  setting: Setting,
  environmentId: string,
  wanted: WantedNumber,
): Promise<Explanation> {
  const { connection } = wanted
  const key = await keyOf(deps, environmentId, wanted)
  const [providers, [row, ...revisions], slots] = await Promise.all([
    setting.providers.in(environmentId),
    deps.records.history(environmentId, key, { limit: 1 + mostRevisions }),
    deps.schedule.of(environmentId, [connection.id]),
  ])
  if (!row) throw noSuchNumber()
  const point = pointOf(row, connection.provider, { slots, now: deps.clock.now() })
  return {
    point,
    says: sentences(row, point, connection, providers.get(connection.provider)),
    revisions,
  }
}

/** What each reason for a null means. */
export const nullReasons: Readonly<Record<string, string>> = {
  hidden: 'The account or item hides this number.',
  not_offered: 'The platform does not give this number to apps like this one.',
  below_threshold: 'The audience is too small for the platform to say.',
  not_ready: 'The platform has not worked it out yet.',
  unavailable: 'The platform answered without it and gave no reason.',
  incomplete: 'Some days of the period are missing, so there is no honest sum.',
  definition_changed: 'The platform changed how it counts within the period, so there is no honest sum.',
  timezone_changed: 'The days of the period are days of two zones, so there is no honest sum.',
}

const provenances: Readonly<Record<string, string>> = {
  measured: 'The platform said exactly this, for exactly this account and day.',
  provider_estimate: 'The platform itself rounds or models this number.',
  imported: 'It was imported from a file.',
  self_reported: 'The account’s owner said so.',
}

function sentences(
  row: StoredObservation,
  { final }: MetricPoint,
  connection: Connection,
  provider: Provider | undefined,
): string[] {
  const stream = provider?.streams[row.stream]
  return [
    `${definitionOf(row.metric).summary}.`,
    `${provider?.name ?? connection.provider} calls it ${row.native}${stream ? `; read by the stream “${row.stream}”: ${stream.summary}` : ''}.`,
    row.value === null
      ? (nullReasons[row.reason ?? ''] ?? 'There is no value.')
      : (provenances[row.provenance] ?? `Provenance: ${row.provenance}.`),
    `The day is a day in ${row.timezone}.`,
    final ? 'The platform will not correct it any more.' : 'The platform may still correct it.',
    ...(row.version === null ? [] : [`Counted by the platform’s rule ${row.version}.`]),
    ...(row.revision === 0
      ? []
      : [`It had ${row.revision === 1 ? 'another value' : `${row.revision} other values`} before.`]),
  ]
}
