import { NotDelivered } from '../../ports/messenger.ts'
import { type Network, NetworkFailure, receiverFailure, type WireRequest } from '../../ports/network.ts'

/**
 * Posts to a receiver that somebody named and says the status of its answer. The network is the one that checks where it goes: private addresses only
 * when the operator allowed them. Redirects are not followed, since they would lead around that. Throws NotDelivered when there was no answer.
 */
export async function postLetter(
  network: Network,
  request: Omit<WireRequest, 'method' | 'limits'>,
  signal: AbortSignal,
): Promise<number> {
  try {
    const response = await network.send({ method: 'POST', ...request, limits }, signal)
    // Read to its end, so that the connection can serve again; it says nothing to us.
    for await (const _ of response.body);
    return response.status
  } catch (error) {
    if (error instanceof NetworkFailure) throw new NotDelivered(receiverFailure(error))
    throw error
  }
}

const limits = { connectMs: 10_000, firstByteMs: 15_000, idleMs: 10_000, totalMs: 20_000, maxBytes: 64 * 1024 }
