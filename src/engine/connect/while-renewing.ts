import { Fault, second } from '@patchbay/kit'

/**
 * What a caller hears whose token could not be renewed. That the token endpoint is down or throttles is no word about the provider's API: it must
 * neither close the API's quotas, nor open its breaker, nor make the connection look broken (F65). The integration's incident tells the rest.
 */
export function whileRenewing(fault: Fault): Fault {
  if (!fault.code.startsWith('provider.')) return fault
  const { provider, waitMs = 5 * second } = fault.detail
  return new Fault(
    'connection.refreshing',
    'A new access token is needed, and the platform’s token endpoint does not work right now.',
    { provider, reason: fault.code, waitMs },
    fault,
  )
}
