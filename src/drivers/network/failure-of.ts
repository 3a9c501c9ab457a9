import { NetworkFailure, type NetworkFailureKind } from '../../ports/network.ts'

/** What an error of sockets, TLS, DNS or undici means. `sent`: the request began to be written. `answered`: there was a status. */
export function failureOf(error: unknown, phase: { sent: boolean; answered: boolean }): NetworkFailure {
  if (error instanceof NetworkFailure) return error
  const { code = '', message = '' } = (error ?? {}) as { code?: unknown; message?: string }
  const kind = kindOf(String(code || codeWithin(error)), phase)
  return new NetworkFailure(
    kind,
    phase.sent,
    sentences[kind] + (code ? ` (${code})` : ''),
    new Error(message.slice(0, 300)),
  )
}

/** The messages of libraries may quote headers; ours do not. The cause keeps the first words for the log, which redacts. */
const sentences: Readonly<Record<NetworkFailureKind, string>> = {
  dns: 'the name could not be resolved',
  connect: 'no connection could be made',
  tls: 'the other side could not prove who it is',
  reset: 'the connection broke before the answer',
  timeout: 'the answer took too long',
  truncated: 'the answer ended before its end',
  too_large: 'the answer is too large',
  encoding: 'the answer is not encoded as it says',
  blocked: 'that is not asked',
  aborted: 'nobody waits for the answer any more',
}

function kindOf(code: string, { sent, answered }: { sent: boolean; answered: boolean }): NetworkFailureKind {
  if (dns.has(code)) return 'dns'
  // undici refuses what is not HTTP, such as a line break in a header.
  if (code === 'UND_ERR_INVALID_ARG') return 'blocked'
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'HPE_HEADER_OVERFLOW' || code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return 'too_large'
  if (!sent) return tls.test(code) ? 'tls' : 'connect'
  return answered ? 'truncated' : 'reset'
}

const dns = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA', 'ESERVFAIL', 'ETIMEOUT', 'ENONAME', 'EAI_NODATA'])
const tls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_OSSL|EPROTO|HOSTNAME_MISMATCH|INVALID_|CRL_)/

/** Several attempts to connect end in one error that holds theirs. */
function codeWithin(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : (error as { cause?: unknown } | null)?.cause
  return String((inner as { code?: unknown } | undefined)?.code ?? '')
}
