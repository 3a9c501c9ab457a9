import { at, type ErrorRule, type Errors, type FaultCode, second } from '@patchbay/kit'

/** One line a code of www.last.fm/api/errorcodes, with an answer of that code. The status is not asked: 200 comes with errors, too. */
const code = (
  number: number,
  is: FaultCode,
  status: number,
  message: string,
  more: Pick<ErrorRule, 'message' | 'wait' | 'quota'> = {},
): ErrorRule => ({
  reason: String(number),
  is,
  ...more,
  example: { status, body: { error: number, message, links: [] } },
})

const shortly = { wait: { ms: 30 * second }, quota: 'general' } as const

export const errors: Errors = {
  read(body) {
    const error = at(body, 'error')
    return error === undefined ? null : { reason: String(error), message: String(at(body, 'message') ?? '') }
  },
  failed: (body) => at(body, 'error') !== undefined,
  rules: [
    code(6, 'provider.missing', 200, 'The artist you supplied could not be found', { message: /not (be )?found/i }),
    code(6, 'provider.rejected', 400, 'Invalid parameters - Your request is missing a required parameter'),
    code(7, 'provider.rejected', 400, 'Invalid resource specified'),

    // The key belongs to the connection, so its owner mends it with another one.
    code(4, 'connection.expired', 403, 'Authentication Failed - You do not have permissions to access the service'),
    code(10, 'connection.expired', 403, 'Invalid API key - You must be granted a valid key by last.fm'),
    code(
      26,
      'connection.revoked',
      403,
      'API Key Suspended - This application is not allowed to make requests to the web services',
    ),

    code(
      29,
      'provider.throttled',
      429,
      'Rate Limit Exceeded - This application has made too many requests in a short period',
      shortly,
    ),
    code(8, 'provider.down', 500, 'Operation failed - Most likely the backend service failed. Please try again.'),
    code(11, 'provider.down', 503, 'Service Offline - This service is temporarily offline. Try again later.'),
    code(16, 'provider.down', 503, 'There was a temporary error processing your request. Please try again'),

    // A method that is called here is gone, as others went before. 9, 13, 14, 15 and 17 are about signed calls, which are not made.
    code(2, 'provider.changed', 400, 'Invalid service - This service does not exist'),
    code(3, 'provider.changed', 400, 'Invalid Method - No method with that name in this package'),
    code(5, 'provider.changed', 400, "Invalid format - This service doesn't exist in that format"),

    // From a gateway in front, as HTML or XML.
    { status: 429, is: 'provider.throttled', ...shortly, example: { status: 429, body: 'Too Many Requests' } },
    { status: [500, 502, 503, 504], is: 'provider.down', example: { status: 502, body: '<h1>502 Bad Gateway</h1>' } },
  ],
}
