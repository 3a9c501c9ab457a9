import { Fault, type Provider } from '@patchbay/kit'
import type { Integration } from '../../ports/directory.ts'
import type { Vault } from '../vault/vault.ts'

type Place = Pick<Integration, 'environmentId' | 'id'>

/** The app's secret as it is stored. */
export function sealClientSecret(vault: Vault, place: Place, clientSecret: string): Promise<string> {
  return vault.seal(place.environmentId, clientSecretOf(place), clientSecret)
}

/** Settings as they are stored: those that the manifest calls secret are sealed. */
export async function sealSettings(
  vault: Vault,
  provider: Provider,
  place: Place,
  settings: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const sealed: Record<string, string> = {}
  for (const [name, value] of Object.entries(settings)) {
    const secret = provider.settings?.[name]?.secret === true
    sealed[name] = secret ? await vault.seal(place.environmentId, settingOf(place, name), value) : value
  }
  return sealed
}

/** The app's id and secret while `use` runs; a public client has no secret. Throws `setup.credentials` when not even the id is set. */
export async function withClient<T>(
  vault: Vault,
  integration: Integration,
  use: (client: { id: string; secret: string | null }) => Promise<T>,
): Promise<T> {
  const { clientId } = integration
  if (clientId === null || clientId === '')
    throw new Fault('setup.credentials', 'The app has no client id yet. Set it up under Integrations.')
  return withClientSecret(vault, integration, (secret) => use({ id: clientId, secret }))
}

/** The app's secret in plain; null when none is set. */
export async function withClientSecret<T>(
  vault: Vault,
  integration: Integration,
  use: (secret: string | null) => Promise<T>,
): Promise<T> {
  const { clientSecret } = integration
  if (clientSecret === null) return use(null)
  return vault.open(integration.environmentId, clientSecretOf(integration), clientSecret, (secret) =>
    use(secret.reveal()),
  )
}

/** One setting in plain, sealed or not; null when it is not set. */
export async function withSetting<T>(
  vault: Vault,
  provider: Provider,
  integration: Integration,
  name: string,
  use: (value: string | null) => Promise<T>,
): Promise<T> {
  const value = integration.settings[name]
  if (value === undefined || value === '') return use(null)
  if (provider.settings?.[name]?.secret !== true) return use(value)
  return vault.open(integration.environmentId, settingOf(integration, name), value, (secret) => use(secret.reveal()))
}

/** What provider code may see: the settings that are no secret, with the manifest's first guesses where nothing was said. */
export function plainSettings(provider: Provider, integration: Integration): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const [name, field] of Object.entries(provider.settings ?? {})) {
    const value = integration.settings[name] ?? field.initial
    if (value !== undefined && field.secret !== true) settings[name] = value
  }
  return settings
}

const clientSecretOf = ({ id }: Place) => ({ row: id, field: 'clientSecret', generation: 0 })
const settingOf = ({ id }: Place, name: string) => ({ row: id, field: `settings.${name}`, generation: 0 })
