import { at, type ErrorRule, type Errors, type Json, minute } from '@patchbay/kit'

/**
 * Usage headers are in percent of a limit that is not named; the highest of three counts is the one that stops us. They are absent while usage is low, and
 * there is no Retry-After (developers.facebook.com/docs/graph-api/overview/rate-limiting).
 */
const fields = ['call_count', 'total_cputime', 'total_time']

/**
 * How Instagram says no. The Graph API nests `error`; `api.instagram.com` answers flat. The reason is `code/subcode`, with `/transient` at
 * the end where the answer says so: a transient 100 is an outage, a plain one is our mistake.
 * Codes: developers.facebook.com/docs/graph-api/guides/error-handling and …/docs/instagram-platform/reference/error-codes.
 */
export const errors: Errors = {
  read(body) {
    const code = at(body, 'error', 'code')
    if (typeof code === 'number' || typeof code === 'string') {
      const subcode = at(body, 'error', 'error_subcode')
      const parts = [code, subcode, at(body, 'error', 'is_transient') === true ? 'transient' : undefined]
      return {
        reason: parts.filter((part) => part !== undefined && part !== null).join('/'),
        message: String(at(body, 'error', 'message') ?? ''),
      }
    }
    const message = at(body, 'error_message')
    return typeof message === 'string' ? { reason: String(at(body, 'code') ?? ''), message } : null
  },
  failed: (body) => at(body, 'error', 'code') !== undefined,
  quotaHeaders: [
    {
      quota: 'account',
      percentIn: 'x-business-use-case-usage',
      fields,
      waitMinutes: 'estimated_time_to_regain_access',
    },
    { quota: 'app', percentIn: 'x-app-usage', fields },
  ],
  rules: rules(),
}

/** The first that fits counts: waiting before trying again, trying again before asking a person, the particular before the general. */
function rules(): ErrorRule[] {
  return [
    {
      reason: /^4(\/|$)/,
      is: 'provider.throttled',
      quota: 'app',
      wait: { ms: 10 * minute },
      example: graph(403, 4, '(#4) Application request limit reached', { is_transient: true }),
    },
    {
      reason: /^(17|32|613)(\/|$)/,
      is: 'provider.throttled',
      wait: { ms: 10 * minute },
      example: graph(400, 17, '(#17) User request limit reached', { is_transient: true }),
    },
    {
      reason: /^80002(\/|$)/,
      is: 'provider.throttled',
      quota: 'account',
      wait: { ms: 60 * minute },
      example: {
        ...graph(400, 80002, '(#80002) There have been too many calls to this Instagram account.'),
        headers: {
          'x-business-use-case-usage':
            '{"17841400000000001":[{"type":"instagram","call_count":101,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":12}]}',
        },
      },
    },
    {
      // Not an outage although it has an outage's code: a smaller page works.
      message: /reduce the amount of data/i,
      is: 'provider.rejected',
      example: graph(500, 1, "Please reduce the amount of data you're asking for, then retry your request"),
    },
    {
      reason: /^[12](\/|$)|\/transient$/,
      is: 'provider.down',
      example: graph(500, 2, 'An unexpected error has occurred. Please retry your request later.', {
        is_transient: true,
      }),
    },
    {
      status: [500, 502, 503, 504],
      is: 'provider.down',
      example: { status: 503, body: null },
    },

    {
      reason: '190/458',
      is: 'connection.revoked',
      example: graph(400, 190, 'Error validating access token: The user has not authorized application 1.', {
        error_subcode: 458,
      }),
    },
    {
      reason: '190/463',
      is: 'connection.expired',
      example: graph(
        400,
        190,
        'Error validating access token: Session has expired on Friday, 20-Nov-26 06:41:31 PST.',
        {
          error_subcode: 463,
        },
      ),
    },
    {
      reason: '190/460',
      is: 'connection.expired',
      example: graph(
        400,
        190,
        'Error validating access token: The session has been invalidated because the user changed their password.',
        { error_subcode: 460 },
      ),
    },
    {
      // The owner must pass a check on instagram.com first; connecting again leads them there.
      reason: /^190\/(459|464)$/,
      is: 'connection.expired',
      example: graph(400, 190, 'Error validating access token: The user is in a checkpoint state.', {
        error_subcode: 459,
      }),
    },
    {
      reason: /^(190|102)(\/|$)/,
      is: 'connection.expired',
      example: graph(400, 190, 'Invalid OAuth access token - Cannot parse access token', { error_subcode: 467 }),
    },

    {
      reason: /^10(\/|$)/,
      message: /not enough viewers/i,
      is: 'provider.forbidden',
      example: graph(400, 10, '(#10) Not enough viewers for the media to show insights'),
    },
    {
      reason: /^(10|2\d\d)(\/|$)/,
      is: 'connection.scopes',
      example: graph(403, 10, '(#10) Application does not have permission for this action'),
    },
    {
      reason: /^3(\/|$)/,
      is: 'setup.plan',
      example: graph(400, 3, '(#3) Application does not have the capability to make this API call.'),
    },

    {
      reason: '100/33',
      is: 'provider.missing',
      example: graph(400, 100, "Unsupported get request. Object with ID '1' does not exist or cannot be loaded.", {
        error_subcode: 33,
      }),
    },
    {
      // What a token of a personal account is told since Basic Display ended (github.com/in2code-de/instagram/issues/41, 2024-12-05).
      reason: /^100(\/|$)/,
      message: /^Unsupported request - method type/,
      is: 'connection.unsuitable',
      example: graph(400, 100, 'Unsupported request - method type: get', { type: 'IGApiException' }),
    },
    {
      reason: '100/2108006',
      is: 'provider.rejected',
      example: graph(400, 100, 'Invalid parameter', {
        error_subcode: 2108006,
        is_transient: false,
        error_user_title: 'Media posted before business account conversion',
      }),
    },
    {
      reason: /^100(\/|$)/,
      is: 'provider.rejected',
      example: graph(400, 100, '(#100) metric[0] must be one of the following values: reach, follower_count, views'),
    },
    {
      reason: /^(24\/2207006|24|803)$/,
      is: 'provider.missing',
      example: graph(400, 803, '(#803) Some of the aliases you requested do not exist: 1'),
    },
    {
      // Publishing: this connector does not publish, but a call through the proxy may.
      reason: /^(36\d{3}|9004|9007)(\/|$)|\/2207\d{3}$/,
      is: 'provider.rejected',
      example: graph(400, 9007, 'Media ID is not available', { error_subcode: 2207027 }),
    },

    {
      message: /invalid platform app|client[ _]secret/i,
      is: 'setup.credentials',
      example: flat('Invalid platform app'),
    },
    {
      message: /redirect_uri/,
      is: 'setup.redirect',
      example: flat(
        'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request',
      ),
    },
    {
      reason: '400',
      message: /matching code was not found|already used|authorization code/i,
      is: 'input.expired',
      example: flat('Matching code was not found or was already used'),
    },
  ]
}

function graph(status: number, code: number, message: string, more: Record<string, Json> = {}) {
  return { status, body: { error: { message, type: 'OAuthException', code, ...more, fbtrace_id: 'AExampleTrace' } } }
}

function flat(message: string) {
  return { status: 400, body: { error_type: 'OAuthException', code: 400, error_message: message } }
}
