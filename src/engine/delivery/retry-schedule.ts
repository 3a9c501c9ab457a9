import { hour, minute, second } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'

/** The schedule of https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: ten tries in three days and three hours. */
const pausesMs = [
  ...[5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour],
  ...[10 * hour, 14 * hour, 20 * hour, 24 * hour],
]

/** Between the tries of one delivery that all failed; later than the schedule by up to a tenth, so that what failed together does not come back together. */
const jitter = 0.1

/**
 * When a delivery is tried again after so many failed tries; null when it is given up. Where the receiver said how long to wait, that is kept to as well.
 * What is sent in order is never given up, since nothing after it could be sent.
 */
export function nextTryAt(
  { random }: { readonly random: Pick<Random, 'unit'> },
  tried: { readonly attempts: number; readonly at: Instant; readonly waitMs: number | null; readonly ordered: boolean },
): Instant | null {
  const { attempts, at, waitMs, ordered } = tried
  const pauseMs = pausesMs[attempts - 1] ?? (ordered ? pausesMs.at(-1)! : null)
  if (pauseMs === null) return null
  return Math.ceil(at + Math.max(pauseMs, waitMs ?? 0) * (1 + jitter * random.unit()))
}

/**
 * How long a whole endpoint is left alone after so many passes in a row in which nothing got through: 5 s, 10 s, … five minutes. Each pass is then one
 * try, so an endpoint that takes its time costs one connection, and whatever waits for it loses no tries meanwhile.
 */
export function restMs({ random }: { readonly random: Pick<Random, 'unit'> }, failures: number): number {
  if (failures < 2) return 0
  return Math.ceil(Math.min(5 * second * 2 ** Math.min(failures - 2, 10), 5 * minute) * (1 + jitter * random.unit()))
}
