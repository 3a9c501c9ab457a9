import { Fault, type FaultCode, type OAuth2 } from '@patchbay/kit'

/** What came back with the browser. Values that are no text, because a name stood there twice, are as good as absent. */
export type CallbackQuery = Readonly<Record<string, unknown>>

export const textOf = (query: CallbackQuery, name: string): string | null => {
  const value = Object.hasOwn(query, name) ? query[name] : undefined
  return typeof value === 'string' && value !== '' && value.length <= 8192 ? value : null
}

/** The provider names itself in the answer where its manifest says so; anybody else's name, or none, is a mix-up (RFC 9207, T03). */
export function checkIssuer(auth: OAuth2, query: CallbackQuery): void {
  if (auth.issuer !== undefined && textOf(query, 'iss') !== auth.issuer)
    throw new Fault('input.unauthenticated', 'This answer does not come from the platform that was asked.')
}

/** The code, mended where the provider adds to it. Throws a fault for what the provider or the owner said instead. */
export function readCode(auth: OAuth2, query: CallbackQuery): string {
  const error = textOf(query, 'error')
  if (error !== null) {
    const code: FaultCode = Object.hasOwn(errors, error) ? errors[error as keyof typeof errors] : 'provider.rejected'
    throw new Fault(code, undefined, { reason: /^[\w.-]{1,60}$/.test(error) ? error : 'unknown' })
  }
  const raw = textOf(query, 'code')
  const code = raw !== null && auth.code ? auth.code(raw) : raw
  if (code === null || code === '')
    throw new Fault('provider.changed', 'The platform sent the browser back without a code.')
  return code
}

/** RFC 6749, 4.1.2.1, and what some say instead. */
const errors = {
  access_denied: 'connection.declined',
  user_denied: 'connection.declined',
  user_cancelled_authorize: 'connection.declined',
  user_cancelled_login: 'connection.declined',
  consent_required: 'connection.declined',
  invalid_scope: 'setup.credentials',
  unauthorized_client: 'setup.credentials',
  invalid_client: 'setup.credentials',
  unsupported_response_type: 'setup.credentials',
  redirect_uri_mismatch: 'setup.redirect',
  invalid_request: 'setup.redirect',
  temporarily_unavailable: 'provider.down',
  server_error: 'provider.down',
} as const satisfies Record<string, FaultCode>
