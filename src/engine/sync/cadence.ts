import { minute, parseDuration, type Stream } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Slot } from '../../ports/schedule.ts'
import { unitOf } from '../unit-of.ts'

/**
 * When a stream is due after a run that ended well: at its place in the interval, which every connection has for itself, so that the load of an
 * hour or a day is level whatever the time at which people connected. Streams that are read in batches share one place an integration, because
 * fifty accounts in one call cost as much as one. Missed intervals are not made up for: the next reading holds what they would have brought.
 *
 * `every` is how old data may become, so readings are a twelfth of it closer together: each waits for its turn, takes its time, and may meet an outage
 * of two hours where it is a day. Whatever run comes in between, the next is due before `every` is over.
 */
export function nextReading(
  stream: Pick<Stream, 'every' | 'batch'>,
  slot: Pick<Slot, 'environmentId' | 'integrationId' | 'connectionId' | 'stream'>,
  now: Instant,
): Instant {
  const everyMs = parseDuration(stream.every)
  const apartMs = readingsApartMs(everyMs)
  const owner = (stream.batch ?? 1) > 1 ? `${slot.environmentId}/${slot.integrationId}` : slot.connectionId
  const place = Math.floor(unitOf(`${owner}/${slot.stream}`) * apartMs)
  // A place that comes up right after this run is let go by. The next one would then be too late, so some come nearer to their place turn by turn.
  const earliest = now + everyMs * rideAlongShare
  const next = place + Math.ceil((earliest - place) / apartMs) * apartMs
  return Math.min(next, now + oldestMs(everyMs))
}

const marginShare = 1 / 12

/** From one reading to the next, of a stream that may become `everyMs` old. */
export const readingsApartMs = (everyMs: number): number => Math.round(everyMs * (1 - marginShare))

/** An hour before the end of a day: until then a reading may be put off. */
const oldestMs = (everyMs: number) => Math.floor(everyMs * (1 - marginShare / 2))

/** Whether what is stored is young enough for the reading to come a little later. What was never read is waited for. */
export const isYoung = ({ syncedAt, everyMs }: Pick<Slot, 'syncedAt' | 'everyMs'>, now: Instant): boolean =>
  syncedAt !== null && now < syncedAt + oldestMs(everyMs)

/** How much of an interval ahead of its time a slot may ride along in a batch. */
export const rideAlongShare = 1 / 10

/**
 * How long to wait after `failures` failed runs in a row: a minute, two, four … up to `mostMs`, and of that a share between half and all which
 * differs by connection and time, so that after an outage the connections do not come back together (F66).
 */
export function backoffMs(failures: number, connectionId: string, mostMs: number): number {
  const fullMs = Math.min(mostMs, minute * 2 ** Math.min(20, Math.max(0, failures - 1)))
  return Math.round(fullMs * (0.5 + unitOf(`${connectionId}/${failures}`) / 2))
}
