import { Fault, parseLimit } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
import type { Environment, Integration } from '../../ports/directory.ts'
import { sealClientSecret, sealSettings } from '../connect/integration-secrets.ts'
import { isPrevious, keepExchanged } from '../connect/previous-secrets.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'

export interface IntegrationChange {
  readonly id: string
  readonly provider: string
  readonly name?: string
  readonly clientId?: string
  readonly clientSecret?: string
  /** Added to those that are there; an empty text takes one away. */
  readonly settings?: Readonly<Record<string, string>>
  readonly scopes?: readonly string[]
  readonly enabled?: boolean
}

/** Sets up a provider app, or changes it; what is left out stays as it is. A new id or secret ends the app's incident, since that is how it is mended. */
export async function saveIntegration(
  deps: Pick<Deps, 'directory' | 'clock' | 'random'>,
  setting: Setting,
  vault: Vault,
  environment: Environment,
  change: IntegrationChange,
  actor: Actor,
): Promise<Integration> {
  const provider = setting.providers.get(change.provider)
  if (!provider) throw new Fault('input.invalid', `There is no provider "${change.provider}".`, { field: 'provider' })
  const limits = new Set(provider.api.quotas.map(({ limitSetting }) => limitSetting))
  for (const [name, value] of Object.entries(change.settings ?? {})) {
    const field = provider.settings?.[name]
    if (!field)
      throw new Fault('input.invalid', `${provider.name} has no setting "${name}".`, { field: `settings.${name}` })
    if (value !== '' && limits.has(name) && parseLimit(value) === null)
      throw new Fault('input.invalid', `${field.label} takes a number such as 50 or 12.5.`, {
        field: `settings.${name}`,
      })
    if (value !== '' && field.choices && !field.choices.includes(value)) {
      throw new Fault('input.invalid', `${field.label} takes ${field.choices.join(' or ')}.`, {
        field: `settings.${name}`,
      })
    }
  }
  const before = await deps.directory.integration(environment.id, change.id)
  if (before && before.provider !== change.provider)
    throw new Fault('input.conflict', `"${change.id}" is an app of another provider.`, { field: 'id' })
  const place = { environmentId: environment.id, id: change.id }
  const at = deps.clock.now()
  const mended = change.clientId !== undefined || change.clientSecret !== undefined || change.settings !== undefined
  const integration: Integration = {
    ...place,
    provider: change.provider,
    name: change.name ?? before?.name ?? provider.name,
    clientId: change.clientId ?? before?.clientId ?? null,
    clientSecret:
      change.clientSecret === undefined
        ? (before?.clientSecret ?? null)
        : await sealClientSecret(vault, place, change.clientSecret),
    settings: withoutEmpty({
      ...Object.fromEntries(Object.entries(before?.settings ?? {}).filter(([name]) => !isPrevious(name))),
      ...(await sealSettings(vault, provider, place, withoutEmpty(change.settings ?? {}))),
      ...emptyOnes(change.settings ?? {}),
      ...(await keepExchanged(vault, provider, before, change, at)),
    }),
    scopes: change.scopes ?? before?.scopes ?? [],
    enabled: change.enabled ?? before?.enabled ?? true,
    incident: mended ? null : (before?.incident ?? null),
    createdAt: before?.createdAt ?? at,
  }
  await deps.directory.saveIntegration(integration, {
    at,
    actor,
    closeTasks: mended ? [{ subject: change.id, kind: 'set_up' }] : [],
    audit: [
      {
        id: deps.random.id('aud'),
        action: before ? 'integration.changed' : 'integration.created',
        subject: change.id,
        detail: {
          provider: change.provider,
          changed: Object.keys(change).filter((name) => name !== 'id' && name !== 'provider'),
        },
      },
    ],
  })
  return integration
}

const withoutEmpty = (settings: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ''))
const emptyOnes = (settings: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value === ''))
