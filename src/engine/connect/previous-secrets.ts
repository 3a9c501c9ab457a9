import { dayMs, type Provider } from '@patchbay/kit'
import type { Instant } from '../../ports/clock.ts'
import type { Integration } from '../../ports/directory.ts'
import type { Vault } from '../vault/vault.ts'
import { withClientSecret, withSetting } from './integration-secrets.ts'

type Named = Readonly<Record<string, string>>

/**
 * What an app's secrets were until they are exchanged for these, sealed, as settings of the integration: messages may go on being signed with the old one
 * for a day (F72), since platforms go over to the new one when they like, and sign with the old one what they try again. An empty text takes a
 * secret away, and with it what it was.
 */
export async function keepExchanged(
  vault: Vault,
  provider: Provider,
  before: Integration | null,
  next: { readonly clientSecret?: string; readonly settings?: Named },
  now: Instant,
): Promise<Record<string, string>> {
  if (!before) return {}
  const kept = Object.fromEntries(Object.entries(before.settings).filter(([name]) => isPrevious(name)))
  const changes = Object.entries(next.settings ?? {}).filter(([name]) => provider.settings?.[name]?.secret === true)
  if (next.clientSecret !== undefined) changes.push(['clientSecret', next.clientSecret])
  for (const [name, value] of changes) {
    const withOld = <T>(use: (old: string | null) => Promise<T>) =>
      name === 'clientSecret' ? withClientSecret(vault, before, use) : withSetting(vault, provider, before, name, use)
    await withOld(async (old) => {
      if (value === '') delete kept[previousName(name)]
      else if (old !== null && old !== '' && old !== value) kept[previousName(name)] = await sealed(old, name)
    })
  }
  return kept

  function sealed(value: string, name: string): Promise<string> {
    const text = JSON.stringify({ value, until: now + overlapMs })
    return vault.seal(before!.environmentId, bindingOf(before!, name), text)
  }
}

/** What a secret was, while that still counts. */
export async function withPrevious<T>(
  vault: Vault,
  integration: Integration,
  name: string,
  now: Instant,
  use: (value: string | null) => T | Promise<T>,
): Promise<T> {
  const sealed = integration.settings[previousName(name)]
  if (sealed === undefined) return use(null)
  return vault.open(integration.environmentId, bindingOf(integration, name), sealed, (secret) => {
    const { value, until } = JSON.parse(secret.reveal()) as { value: string; until: number }
    return use(until > now ? value : null)
  })
}

/** Whether a setting is one of these, and nobody's to see or to write. No field of a manifest has a dot in its name. */
export const isPrevious = (name: string): boolean => name.startsWith('previous.')

const previousName = (name: string) => `previous.${name}`

const bindingOf = ({ id }: Pick<Integration, 'id'>, name: string) => ({
  row: id,
  field: `settings.${previousName(name)}`,
  generation: 0,
})

const overlapMs = dayMs
