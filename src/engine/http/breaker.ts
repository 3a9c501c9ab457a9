import { Fault, isFault } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Deps } from '../deps.ts'
import type { Intent, Layer } from './intent.ts'

/**
 * Leaves a host alone that does not work. One for each provider and host, and for `test` and `live` apart.
 *
 * closed → (10 failures in a row) open for 5 s → half-open: one call may try → (it worked) closed | (it failed) open for twice as long, at
 * most 5 minutes. While open, and beside the one that tries, calls get `provider.down` with the wait, without being sent.
 *
 * A failure is a host that is down, cannot be reached or does not answer. What it refuses, it answered; what never left is neither.
 */
export function breaker({ clock, random }: Pick<Deps, 'clock' | 'random'>): Layer {
  const hosts = new Map<string, Host>()
  return (next) => async (intent) => {
    const key = `${intent.shared} ${intent.url.host}`
    let host = hosts.get(key)
    if (!host) {
      host = { failures: 0, openUntil: 0, openMs: 0, probing: false }
      hosts.set(key, host)
    }
    const probe = enter(host, intent)
    try {
      const answer = await next(intent)
      close(host)
      return answer
    } catch (error) {
      if (isBroken(error)) fail(host, probe)
      else if (intent.tally.sentNow && isFault(error)) close(host)
      throw error
    } finally {
      if (probe) host.probing = false
    }
  }

  /** True for the one that tries. */
  function enter(host: Host, intent: Intent): boolean {
    if (host.openMs === 0) return false
    const waitMs = host.probing ? besideProbeMs : host.openUntil - clock.now()
    // More than was decided is left only when the clock was set back.
    if (waitMs <= 0 || waitMs > host.openMs * mostJitter) {
      host.probing = true
      return true
    }
    const detail = { provider: intent.target.provider.id, path: intent.url.host, reason: 'resting', waitMs }
    throw new Fault(
      'provider.down',
      'The platform has not been working and is given a rest before it is asked again.',
      detail,
    )
  }

  function fail(host: Host, probe: boolean): void {
    host.failures++
    if (!probe && (host.openMs > 0 || host.failures < mostFailures)) return
    host.openMs = Math.min(host.openMs === 0 ? shortestMs : host.openMs * 2, longestMs)
    // Many processes that opened at the same time shall not try at the same time.
    host.openUntil = clock.now() + Math.round(host.openMs * (mostJitter - random.unit() * 0.4))
  }
}

interface Host {
  failures: number
  /** 0 when closed. */
  openMs: number
  openUntil: Instant
  probing: boolean
}

const mostFailures = 10
const shortestMs = 5_000
const longestMs = 300_000
const mostJitter = 1.2
/** The first rest of a host lasts no longer. */
export const firstRestMostMs = shortestMs * mostJitter
const besideProbeMs = 1_000

function close(host: Host): void {
  host.failures = 0
  host.openMs = 0
}

function isBroken(error: unknown): boolean {
  if (isFault(error, 'provider.down', 'provider.unreachable', 'provider.timeout')) return true
  if (!isFault(error, 'provider.unsure')) return false
  const { status } = error.detail
  return status === undefined || status >= 500
}
