import { holdsUnder } from '@patchbay/kit'
import type { Environment } from '../../ports/directory.ts'
import type { Deps, Setting } from '../deps.ts'
import { bucketName, settingsOf } from './draws.ts'

export interface QuotaUsage {
  readonly provider: string
  readonly integration: string
  readonly quota: string
  /** Which account or grant, when it is counted for each. */
  readonly holder: string | null
  readonly unit: string
  readonly used: number
  readonly limit: number
  readonly resetsAt: number | null
  readonly parkedUntil: number | null
  readonly source: string
}

/** What is used of every quota of an environment's integrations. One that nobody drew from yet is shown unused. */
export async function quotaUsage(
  deps: Pick<Deps, 'directory' | 'limiter' | 'clock'>,
  setting: Setting,
  environment: Environment,
): Promise<QuotaUsage[]> {
  const now = deps.clock.now()
  const usage: QuotaUsage[] = []
  for (const integration of await deps.directory.integrations(environment.id)) {
    const provider = setting.providers.get(integration.provider)
    if (!provider) continue
    const known = await deps.limiter.usage(`${provider.id}/${integration.id}/`, now)
    const settings = settingsOf(provider, integration.settings)
    for (const quota of provider.api.quotas.filter(({ when }) => holdsUnder(when, settings))) {
      const name = bucketName(provider.id, integration.id, quota.id, '')
      const buckets = known.filter(({ bucket }) => bucket === name || bucket.startsWith(`${name}/`))
      const common = {
        provider: provider.id,
        integration: integration.id,
        quota: quota.id,
        unit: quota.unit ?? 'calls',
        source: quota.source,
      }
      if (buckets.length === 0 && (quota.per === 'app' || quota.per === 'ip'))
        usage.push({ ...common, holder: null, used: 0, limit: quota.limit, resetsAt: null, parkedUntil: null })
      for (const { bucket, used, limit, resetsAt, parkedUntil } of buckets)
        usage.push({ ...common, holder: bucket.slice(name.length + 1) || null, used, limit, resetsAt, parkedUntil })
    }
  }
  return usage
}
