import { dayMs, hour, minute } from '@patchbay/kit'
import type { Instant } from '../../../ports/clock.ts'
import type { CallCount, FailedCall } from '../../../ports/history.ts'
import type { ConnectionPast } from './connection-past.ts'
import { byProvider, count, type Figure, figure, type Kpi } from './kpi.ts'
import type { Recoveries } from './recovered.ts'

/** Faults that are an answer: there is no such thing, or it is not shown to this account. */
export const noIsAnAnswer: readonly string[] = ['provider.missing', 'provider.forbidden', 'provider.rejected']

/** By then a call that could not be made has to have been made. */
const deadlineMs = dayMs

/** K1. Every call that failed is judged by what became of it. */
export function callSuccess(
  { counts, failed }: { counts: readonly CallCount[]; failed: readonly FailedCall[] },
  facts: { past: ConnectionPast; recoveries: Recoveries; now: Instant },
): Pick<Kpi, 'overall' | 'providers'> {
  const judged = failed.map((call) => ({ provider: call.provider, call, verdict: judge(call, facts) }))
  return byProvider<CallCount | (typeof judged)[number]>([...counts, ...judged], (rows) =>
    measure(
      rows.filter((row): row is CallCount => 'calls' in row),
      rows.filter((row): row is (typeof judged)[number] => 'verdict' in row),
    ),
  )
}

type Verdict =
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed' }
  /** It was made after all, so long after it was first tried. */
  | { readonly kind: 'deferred'; readonly deferredMs: number }
  | { readonly kind: 'excluded'; readonly reason: string }

function measure(
  counts: readonly CallCount[],
  failed: readonly { readonly call: FailedCall; readonly verdict: Verdict }[],
): Figure {
  const excluded: Record<string, number> = {}
  let [ended, wrong, deferred, withinHour] = [0, 0, 0, 0]
  let attempts = 0
  for (const { calls, attempts: made } of counts) {
    ended += calls
    attempts += made
  }
  for (const { call, verdict } of failed) {
    if (verdict.kind === 'excluded') {
      count(excluded, verdict.reason)
      continue
    }
    attempts += call.attempts
    if (verdict.kind === 'answered') ended++
    else if (verdict.kind === 'failed') wrong++
    else {
      deferred++
      if (verdict.deferredMs <= hour) withinHour++
    }
  }
  const tried = ended + deferred + wrong
  return figure(
    {
      numerator: ended,
      denominator: ended + wrong,
      excluded,
      details: {
        deferred,
        atOnce: tried > 0 ? ended / tried : null,
        withinAnHour: tried > 0 ? (ended + withinHour) / tried : null,
        ofAttempts: attempts > 0 ? ended / attempts : null,
      },
    },
    'No call was made.',
  )
}

function judge(call: FailedCall, facts: { past: ConnectionPast; recoveries: Recoveries; now: Instant }): Verdict {
  const { fault, runId, runState, connectionId } = call
  const { past, recoveries, now } = facts
  const excluded = (reason: string): Verdict => ({ kind: 'excluded', reason })
  if (fault.startsWith('input.') || fault === 'connection.inactive') return excluded('what was asked was not valid')
  if (fault === 'provider.rejected' && runId === null) return excluded('what was asked was not valid')
  if (fault === 'aborted') return excluded('nobody waited for it any more')
  if (ownersMatter.has(fault)) return excluded('the owner did not allow it')
  if (accessEnded.has(fault) && connectionId !== null) {
    const stop = past.stopWithin(connectionId, call.startedAt - minute, call.endedAt + minute)
    const before = past.stateAt(connectionId, call.startedAt)
    if (stop !== null ? endedRightly(past, stop) : before === 'needs_reauth' || before === 'revoked')
      return excluded('access had ended')
  }
  if (runId === null) return noIsAnAnswer.includes(fault) ? { kind: 'answered' } : { kind: 'failed' }

  const failures = recoveries.failuresOf(runId)
  // A no that was not what the run failed for.
  if (noIsAnAnswer.includes(fault) && failures.length > 0 && failures.every((one) => one.fault !== fault))
    return { kind: 'answered' }
  if (failures.length === 0) {
    // The stream went on without it, or asked again.
    const wentOn = runState === 'succeeded' || runState === 'partial'
    return wentOn ? { kind: 'deferred', deferredMs: 0 } : { kind: 'failed' }
  }
  let deferredMs = 0
  for (const failure of failures) {
    const readAt = recoveries.after(failure)
    if (readAt !== null && readAt - call.startedAt <= deadlineMs) {
      deferredMs = Math.max(deferredMs, readAt - call.startedAt)
      continue
    }
    const stop = past.stopWithin(failure.connectionId, call.startedAt, call.startedAt + deadlineMs)
    if (stop !== null && endedRightly(past, stop)) return excluded('access had ended')
    if (readAt === null && now - call.startedAt <= deadlineMs) return excluded('it is still being tried')
    return { kind: 'failed' }
  }
  return { kind: 'deferred', deferredMs }
}

/** By its owner, by us on somebody's order, or by the platform's own clock. */
const endedRightly = (past: ConnectionPast, stop: Parameters<ConnectionPast['causeOf']>[0]) =>
  stop.to === 'paused' || stop.to === 'disconnected' || ['owner', 'expiry'].includes(past.causeOf(stop))

const accessEnded = new Set(['connection.expired', 'connection.revoked'])
const ownersMatter = new Set([
  'connection.scopes',
  'connection.unsuitable',
  'connection.mismatch',
  'connection.declined',
])
