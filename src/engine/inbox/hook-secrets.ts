import type { Provider } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Integration } from '../../ports/directory.ts'
import { withClientSecret, withSetting } from '../connect/integration-secrets.ts'
import { withPrevious } from '../connect/previous-secrets.ts'
import { recentMs } from '../recent.ts'
import type { Vault } from '../vault/vault.ts'

/** By name, such as `clientSecret` or a settings field: what counts now, and what counted until a moment ago. */
export type HookSecrets = Readonly<Record<string, readonly string[]>>

/** As often as the rows that every call needs are read anew, which is when there is another row. */
const known = new WeakMap<Integration, { readonly secrets: HookSecrets; readonly openedAt: Instant }>()

/**
 * What messages may be signed with, in plain. Remembered for as long as the row is that they stand in, half a second: opening them anew for each of
 * thousands of messages a second would take longer than everything else that is done with one.
 */
export async function hookSecrets(
  vault: Vault,
  provider: Provider,
  integration: Integration,
  now: Instant,
): Promise<HookSecrets> {
  const found = known.get(integration)
  if (found && now >= found.openedAt && now - found.openedAt <= recentMs) return found.secrets
  const secrets: Record<string, readonly string[]> = {}
  const add = (name: string) => (value: string | null) =>
    withPrevious(vault, integration, name, now, (previous) => {
      secrets[name] = [value, previous].filter((one) => one !== null && one !== '') as string[]
    })
  await withClientSecret(vault, integration, add('clientSecret'))
  for (const name of Object.keys(provider.settings ?? {}))
    await withSetting(vault, provider, integration, name, add(name))
  known.set(integration, { secrets, openedAt: now })
  return secrets
}
