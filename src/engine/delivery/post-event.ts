import type { Endpoint, Try } from '../../ports/deliveries.ts'
import type { Environment } from '../../ports/directory.ts'
import type { EventRecord } from '../../ports/journal.ts'
import { NetworkFailure, receiverFailure } from '../../ports/network.ts'
import type { Deps } from '../deps.ts'
import { parseRetryAfter } from '../http/retry-after.ts'
import { eventBody } from './event-body.ts'
import { type Signer, signedHeaders } from './signing-keys.ts'

export interface Posted {
  readonly ok: boolean
  readonly tried: Try
  /** How long the receiver asked to wait. */
  readonly waitMs: number | null
}

/** Sends an event to an endpoint once, and says how that went. It throws nothing that the receiver can bring about. */
export async function postEvent(
  { receivers, clock }: Pick<Deps, 'receivers' | 'clock'>,
  mode: Environment['mode'],
  { url }: Pick<Endpoint, 'url'>,
  event: Omit<EventRecord, 'sequence'>,
  signers: readonly Signer[],
): Promise<Posted> {
  const at = clock.now()
  const body = eventBody(event)
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'patchbay',
    ...signedHeaders(signers, event.id, at, body),
  }
  try {
    const { status, retryAfter, date, text } = await receivers.post(mode, { url, headers, body })
    const endedAt = clock.now()
    const ok = status >= 200 && status < 300
    const followed = status >= 300 && status < 400 ? ', and redirects are not followed' : ''
    return {
      ok,
      tried: {
        ...{ at, durationMs: endedAt - at, status, response: text },
        says: ok ? null : `The receiver answered ${status}${followed}.`,
      },
      waitMs: ok ? null : parseRetryAfter(retryAfter, { date, at: endedAt }),
    }
  } catch (error) {
    if (!(error instanceof NetworkFailure)) throw error
    const tried = { at, durationMs: clock.now() - at, status: null, response: null, says: receiverFailure(error) }
    return { ok: false, tried, waitMs: null }
  }
}
