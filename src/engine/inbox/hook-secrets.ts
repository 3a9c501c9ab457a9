import type { Provider } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Integration } from '../../ports/directory.ts'
import { withClientSecret, withSetting } from '../connect/integration-secrets.ts'
import { withPrevious } from '../connect/previous-secrets.ts'
import type { Vault } from '../vault/vault.ts'

/** By name, such as `clientSecret` or a settings field: what counts now, and what counted until a moment ago. */
export type HookSecrets = Readonly<Record<string, readonly string[]>>

/** What messages may be signed with, in plain while `use` runs. */
export function withHookSecrets<T>(
  vault: Vault,
  provider: Provider,
  integration: Integration,
  now: Instant,
  use: (secrets: HookSecrets) => T | Promise<T>,
): Promise<T> {
  const secrets: Record<string, readonly string[]> = {}
  const names = Object.keys(provider.settings ?? {})
  const add = (name: string, value: string | null, then: () => T | Promise<T>) =>
    withPrevious(vault, integration, name, now, (previous) => {
      secrets[name] = [value, previous].filter((one) => one !== null && one !== '') as string[]
      return then()
    })
  const addFrom = async (index: number): Promise<T> => {
    const name = names[index]
    if (name === undefined) return use(secrets)
    return withSetting(vault, provider, integration, name, (value) => add(name, value, () => addFrom(index + 1)))
  }
  return withClientSecret(vault, integration, (value) => add('clientSecret', value, () => addFrom(0)))
}
