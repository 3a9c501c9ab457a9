import type { Provider, Stream } from '@patchbay/kit'
import type { Integration } from '../../ports/directory.ts'
import { plainSettings } from './integration-secrets.ts'

/** The streams that this integration's settings offer, by name. */
export function offeredStreams(provider: Provider, integration: Integration): [name: string, stream: Stream][] {
  const settings = plainSettings(provider, integration)
  return Object.entries(provider.streams).filter(([, { when = {} }]) =>
    Object.entries(when).every(([name, value]) => settings[name] === value),
  )
}

/** What the consent page is asked for: what the provider always needs, what the streams need, and what the integration's owner added. */
export function wantedScopes(provider: Provider, integration: Integration): string[] {
  if (provider.auth.scheme !== 'oauth2') return []
  const ofStreams = offeredStreams(provider, integration).flatMap(([, { scopes = [] }]) => scopes)
  return [...new Set([...provider.auth.scopes.always, ...ofStreams, ...integration.scopes])]
}

export function missingScopes(provider: Provider, integration: Integration, granted: readonly string[]): string[] {
  return wantedScopes(provider, integration).filter((scope) => !granted.includes(scope))
}

/** What a stream lacks; empty when it can be read. */
export function missingForStream(stream: Stream, missing: readonly string[]): string[] {
  return (stream.scopes ?? []).filter((scope) => missing.includes(scope))
}
