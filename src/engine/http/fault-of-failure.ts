import { Fault, type FaultCode } from '@patchbay/kit'
import type { NetworkFailure, NetworkFailureKind } from '../../ports/network.ts'
import type { Intent } from './intent.ts'

/** No whole answer came. Whoever gave up hears their own reason; everybody else what happened, and `provider.unsure` for a write that may have arrived. */
export function faultOfFailure(failure: NetworkFailure, intent: Intent): unknown {
  const { signal, tally, target, place } = intent
  const detail = {
    provider: target.provider.id,
    path: place,
    reason: failure.kind,
    attempt: tally.attempts,
    sent: failure.sent,
  }
  if (failure.sent && !intent.idempotent) return new Fault('provider.unsure', undefined, detail, failure)
  if (failure.kind === 'aborted' && signal?.aborted) return signal.reason
  return new Fault(codes[failure.kind], failure.message, detail, failure)
}

const codes: Readonly<Record<NetworkFailureKind, FaultCode>> = {
  dns: 'provider.unreachable',
  connect: 'provider.unreachable',
  tls: 'provider.unreachable',
  reset: 'provider.unreachable',
  truncated: 'provider.unreachable',
  aborted: 'provider.unreachable',
  timeout: 'provider.timeout',
  too_large: 'provider.changed',
  encoding: 'provider.changed',
  blocked: 'platform.egress',
}
