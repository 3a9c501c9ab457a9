import type { Provider } from '@patchbay/kit'
import type { Environment, Integration } from '../../ports/directory.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { sealClientSecret, sealSettings, withClient, withSetting } from './integration-secrets.ts'
import { isPrevious, keepExchanged } from './previous-secrets.ts'

/** A provider's app as configuration gives it. */
export interface AppSetUp {
  readonly clientId?: string
  readonly clientSecret?: string
  /** By the manifest's names. */
  readonly settings?: Readonly<Record<string, string>>
  /** Permissions to ask for besides the manifest's, while people have not said which. */
  readonly scopes?: readonly string[]
}

/** The integration that configuration looks after; others of the same provider may stand beside it. */
export const integrationIdOf = (environmentId: string, providerId: string) => `int_${environmentId}_${providerId}`

/**
 * Makes sure that an environment has the integrations that it is given apps for: in `test` the sandbox's own for every provider, in `live` those of
 * the configuration. What is there already is only changed where the app differs; what people added (scopes, a name, disabling it) stays.
 * Returns the ids of those that were written.
 */
export async function startIntegrations(
  deps: Pick<Deps, 'clock' | 'random' | 'directory'>,
  setting: Setting,
  vault: Vault,
  environment: Environment,
  apps: Readonly<Record<string, AppSetUp>>,
): Promise<string[]> {
  const written: string[] = []
  for (const [providerId, app] of Object.entries(apps)) {
    const provider = setting.providers.get(providerId)
    if (!provider) continue
    const id = integrationIdOf(environment.id, providerId)
    const before = await deps.directory.integration(environment.id, id)
    if (before && (await isSame(vault, provider, before, app))) continue
    await save(deps, vault, environment, provider, id, before, app)
    written.push(id)
  }
  return written
}

async function save(
  deps: Pick<Deps, 'clock' | 'random' | 'directory'>,
  vault: Vault,
  environment: Environment,
  provider: Provider,
  id: string,
  before: Integration | null,
  app: AppSetUp,
): Promise<void> {
  const at = deps.clock.now()
  const place = { environmentId: environment.id, id }
  const integration: Integration = {
    id,
    environmentId: environment.id,
    provider: provider.id,
    name: before?.name ?? provider.name,
    clientId: app.clientId ?? null,
    clientSecret: app.clientSecret ? await sealClientSecret(vault, place, app.clientSecret) : null,
    settings: {
      ...(await sealSettings(vault, provider, place, settingsOf(provider, app))),
      ...(await keepExchanged(vault, provider, before, { ...app, settings: settingsOf(provider, app) }, at)),
    },
    scopes: before?.scopes ?? app.scopes ?? [],
    enabled: before?.enabled ?? true,
    // Another id or secret is how it is mended.
    incident: null,
    createdAt: before?.createdAt ?? at,
  }
  await deps.directory.saveIntegration(integration, {
    at,
    actor: 'system:configuration',
    closeTasks: [{ subject: id, kind: 'set_up' }],
    audit: [
      {
        id: deps.random.id('aud'),
        action: before ? 'integration.changed' : 'integration.created',
        subject: id,
        detail: { provider: provider.id },
      },
    ],
  })
}

async function isSame(vault: Vault, provider: Provider, before: Integration, app: AppSetUp): Promise<boolean> {
  const settings = settingsOf(provider, app)
  const names = new Set([...Object.keys(settings), ...Object.keys(before.settings).filter((name) => !isPrevious(name))])
  for (const name of names) {
    const same = await withSetting(
      vault,
      provider,
      before,
      name,
      async (value) => (value ?? '') === (settings[name] ?? ''),
    )
    if (!same) return false
  }
  if ((before.clientId ?? '') !== (app.clientId ?? '')) return false
  if (before.clientId === null) return before.clientSecret === null && !app.clientSecret
  return withClient(vault, before, async ({ secret }) => (secret ?? '') === (app.clientSecret ?? ''))
}

/** With the manifest's first guesses, so that what is stored is what counts. */
function settingsOf(provider: Provider, app: AppSetUp): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const [name, field] of Object.entries(provider.settings ?? {})) {
    const value = app.settings?.[name] || field.initial
    if (value) settings[name] = value
  }
  return settings
}
