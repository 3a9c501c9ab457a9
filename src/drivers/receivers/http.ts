import type { WireLimits } from '../../ports/network.ts'
import { mostResponseChars, type Receivers } from '../../ports/receivers.ts'
import { openUndiciNetwork } from '../network/undici.ts'

/**
 * Receivers over HTTP, with connections of their own, so that none of them is in the way of a platform. `allow` has the `host:port` pairs that the
 * operator lets through. `loopback`: in `test` any port of this machine may take events, as an application does that is being written on it.
 */
export function openHttpReceivers(options: {
  allow: readonly string[]
  loopback: boolean
  limits?: Partial<WireLimits>
}): Receivers & { close(): Promise<void> } {
  const { allow, loopback } = options
  const limits = { ...usualLimits, ...options.limits }
  const networks = {
    test: openUndiciNetwork({ allow, loopback, limits }),
    live: openUndiciNetwork({ allow, limits }),
  }
  return {
    check: (mode, url) => networks[mode].check(url),
    async post(mode, request, signal) {
      const { status, headers, body } = await networks[mode].send({ method: 'POST', ...request }, signal)
      const text = await beginningOf(body)
      return { status, retryAfter: headers['retry-after'], date: headers.date, text }
    },
    async close() {
      await Promise.all([networks.test.close(), networks.live.close()])
    },
  }
}

/** A receiver says what it has to say in a line. One that takes longer is tried again, and holds up nobody meanwhile. */
const usualLimits = { connectMs: 5_000, firstByteMs: 15_000, idleMs: 5_000, totalMs: 15_000, maxBytes: 64 * 1024 }

/**
 * Read to its end where that comes soon, so that the connection can serve again. The status was the answer: what goes wrong with the rest changes
 * nothing about it.
 */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const piece of body) {
      if (bytes < 4 * mostResponseChars) pieces.push(piece)
      bytes += piece.length
    }
  } catch {
    // Too long, too slow, or broken off.
  }
  const text = Buffer.concat(pieces).toString('utf8').slice(0, mostResponseChars)
  // A null cannot be stored, nor half of a character that was cut.
  return text.replaceAll('\u0000', '').toWellFormed()
}
