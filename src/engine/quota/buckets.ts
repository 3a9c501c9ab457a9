import type { Quota } from '@patchbay/kit'
import type { Target } from '../http/target.ts'

/**
 * The bucket that a call of that target shares with everybody whom the provider counts together:
 * `provider/integration[/grant or account]/quota`, and `provider/ip-live/quota` for what is counted by our address.
 * Null when nobody's bucket is concerned: a call in the app's own name has no user.
 */
export function bucketOf(target: Target, quota: Quota, as: 'account' | 'app'): string | null {
  const { provider, integration, grantId, connection } = target
  if (quota.per === 'ip') return `${ipBucketsOf(target)}${quota.id}`
  if (quota.per === 'app') return `${bucketsOf(target)}${quota.id}`
  if (as === 'app') return null
  // Two profiles may have connected the same account. While an account is being connected there is only the grant.
  const whose = quota.per === 'account' && connection ? encodeURIComponent(connection.account.id) : grantId
  return whose === null ? null : `${bucketsOf({ provider, integration })}${whose}/${quota.id}`
}

/** What the names of the buckets begin with that are counted by our address: for all environments of a mode, or for the one that registered the provider. */
export const ipBucketsOf = ({ provider, environment }: Pick<Target, 'provider' | 'environment'>): string =>
  `${provider.id}/ip-${provider.ownedBy ?? environment.mode}/`

/** What the names of all buckets of an integration begin with. */
export const bucketsOf = ({ provider, integration }: Pick<Target, 'provider' | 'integration'>): string =>
  `${provider.id}/${integration.id}/`

/** A bucket that limits nothing, for calls that no quota counts: a provider may ask to wait all the same. */
export const unmeteredBucket = (target: Target): string => `${bucketsOf(target)}unmetered`
