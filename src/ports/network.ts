/** A request as it goes on the wire. The address is the real one; the driver may take it to the sandbox. */
export interface WireRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>
  readonly limits?: Partial<WireLimits>
}

export interface WireLimits {
  readonly connectMs: number
  readonly firstByteMs: number
  /** Between two pieces of the body. */
  readonly idleMs: number
  /** Everything together, body included. */
  readonly totalMs: number
  /** Of the body after decompression. */
  readonly maxBytes: number
}

/** Header names are lower case. The body is already decompressed; reading past a limit, or an end that is not the real end, throws a NetworkFailure. */
export interface WireResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
}

/** Send one request, follow nothing, retry nothing. */
export interface Network {
  send(request: WireRequest, signal?: AbortSignal): Promise<WireResponse>
}

export type NetworkFailureKind =
  | 'dns'
  | 'connect'
  | 'tls'
  | 'reset'
  | 'timeout'
  | 'truncated'
  | 'too_large'
  | 'encoding'
  | 'blocked'
  | 'aborted'

/** There was no whole answer. `sent` is false only when the request provably never reached the other side. */
export class NetworkFailure extends Error {
  readonly kind: NetworkFailureKind
  readonly sent: boolean

  constructor(kind: NetworkFailureKind, sent: boolean, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'NetworkFailure'
    this.kind = kind
    this.sent = sent
  }
}

/** What somebody is told whose receiver, of letters or events, could not be reached. */
export function receiverFailure({ kind, message }: NetworkFailure): string {
  switch (kind) {
    case 'blocked':
      return `${message}. Receivers have a public address and https; others must be listed in PATCHBAY_EGRESS_ALLOW.`
    case 'timeout':
    case 'aborted':
      return 'The receiver took too long.'
    case 'dns':
      return 'The receiver’s name has no address.'
    case 'tls':
      return 'The receiver’s certificate is not one that can be trusted.'
    default:
      return `There was no whole answer of the receiver (${kind}).`
  }
}

/** The whole body as bytes. The driver's cap holds. */
export async function readBody(response: WireResponse): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of response.body) pieces.push(piece)
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}
