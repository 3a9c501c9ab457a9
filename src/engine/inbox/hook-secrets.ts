import type { Provider } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Integration } from '../../ports/directory.ts'
import { withClientSecret, withSetting } from '../connect/integration-secrets.ts'
import { withPrevious } from '../connect/previous-secrets.ts'
import type { Vault } from '../vault/vault.ts'

/** By name, such as `clientSecret` or a settings field: what counts now, and what counted until a moment ago. */
export type HookSecrets = Readonly<Record<string, readonly string[]>>

/** What messages may be signed with, in plain. */
export async function hookSecrets(
  vault: Vault,
  provider: Provider,
  integration: Integration,
  now: Instant,
): Promise<HookSecrets> {
  const secrets: Record<string, readonly string[]> = {}
  const add = (name: string) => (value: string | null) =>
    withPrevious(vault, integration, name, now, (previous) => {
      secrets[name] = [value, previous].filter((one) => one !== null && one !== '') as string[]
    })
  await withClientSecret(vault, integration, add('clientSecret'))
  for (const name of Object.keys(provider.settings ?? {}))
    await withSetting(vault, provider, integration, name, add(name))
  return secrets
}
