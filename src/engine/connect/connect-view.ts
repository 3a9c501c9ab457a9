import type { Auth, FaultCode, Field, Provider } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Environment, Integration } from '../../ports/directory.ts'
import type { ConnectSession } from '../../ports/flows.ts'
import type { Deps, Setting } from '../deps.ts'
import { questionsOf } from './questions.ts'

/** What the page shows to whoever was invited. No secret, and nothing of other profiles. */
export interface ConnectView {
  readonly session: string
  readonly profile: { readonly id: string; readonly name: string }
  readonly mode: Environment['mode']
  readonly expiresAt: number
  /** Where “back to the application” leads, when it said. */
  readonly returnUrl: string | null
  /** The connection that is to be renewed. */
  readonly reconnect: Pick<Connection, 'id' | 'account' | 'state' | 'reason' | 'missingScopes'> | null
  /** Somebody else came back from the platform: who, and what is still to be asked to connect them as well. */
  readonly mismatch: { readonly name: string; readonly fields: Choice['fields'] } | null
  readonly choices: readonly Choice[]
}

/** One platform to choose. */
export interface Choice {
  readonly integration: string
  readonly provider: string
  readonly name: string
  readonly category: Provider['category']
  readonly summary: string
  readonly docs: string
  /** What the account must be before it can work. */
  readonly preflight: readonly string[]
  readonly scheme: Auth['scheme']
  /** True when the browser goes to the platform's own page; else the form is all there is. */
  readonly redirects: boolean
  /** Where that page is: an origin. Null where there is none. */
  readonly consentOrigin: string | null
  readonly fields: readonly (Field & { readonly name: string })[]
  /** Accounts of this profile that are connected here already. */
  readonly connected: readonly Pick<Connection, 'id' | 'account' | 'state'>[]
  /** Something is wrong with the app or the platform right now. */
  readonly incident: { readonly code: FaultCode | string; readonly says: string } | null
}

/** Everything the page needs, in the order of the platforms' names. What the application answered already is not asked again. */
export async function viewSession(
  deps: Pick<Deps, 'directory' | 'connections'>,
  setting: Setting,
  environment: Environment,
  session: ConnectSession,
): Promise<ConnectView> {
  const [providers, all, profiles, connected, reconnect] = await Promise.all([
    setting.providers.in(environment.id),
    deps.directory.integrations(environment.id),
    deps.directory.profiles(environment.id, { limit: 1, ids: [session.profileId] }),
    deps.connections.list(environment.id, { profile: session.profileId, limit: 500 }),
    session.reconnect ? deps.connections.read(environment.id, session.reconnect) : null,
  ])
  const choices = all
    .filter((integration) => mayConnect(session, integration))
    .flatMap((integration) => {
      const provider = providers.get(integration.provider)
      return provider ? [choiceOf(provider, integration, session, connected)] : []
    })
  return {
    session: session.id,
    profile: { id: session.profileId, name: profiles[0]?.name ?? session.profileId },
    mode: environment.mode,
    expiresAt: session.expiresAt,
    returnUrl: session.returnUrl,
    reconnect,
    mismatch: reconnect && mismatchOf(providers, all, reconnect, session),
    choices: choices.sort((one, other) => (one.name.toLowerCase() < other.name.toLowerCase() ? -1 : 1)),
  }
}

function mismatchOf(
  providers: ReadonlyMap<string, Provider>,
  all: readonly Integration[],
  { integrationId }: Connection,
  { mismatch }: ConnectSession,
): ConnectView['mismatch'] {
  const integration = all.find(({ id }) => id === integrationId)
  const provider = integration && providers.get(integration.provider)
  return mismatch && provider ? { name: mismatch.name, fields: fieldsOf(provider, {}) } : null
}

/** What the owner is asked: all but what is known already. */
function fieldsOf(provider: Provider, known: Readonly<Record<string, string>>): Choice['fields'] {
  const { credentials, inputs } = questionsOf(provider)
  const open = Object.entries(inputs).filter(([name]) => !Object.hasOwn(known, name))
  return [...Object.entries(credentials), ...open].map(([name, field]) => ({ name, ...field }))
}

/** Whether the invitation is for that integration. */
export function mayConnect(session: ConnectSession, { id, enabled }: Integration): boolean {
  return enabled && (session.integrationIds === null || session.integrationIds.includes(id))
}

function choiceOf(
  provider: Provider,
  integration: Integration,
  session: ConnectSession,
  connected: readonly Connection[],
): Choice {
  return {
    integration: integration.id,
    provider: provider.id,
    name: integration.name || provider.name,
    category: provider.category,
    summary: provider.summary,
    docs: provider.docs,
    preflight: provider.preflight ?? [],
    scheme: provider.auth.scheme,
    redirects: provider.auth.scheme === 'oauth2',
    consentOrigin: provider.auth.scheme === 'oauth2' ? new URL(provider.auth.authorizeUrl).origin : null,
    fields: fieldsOf(provider, session.inputs),
    connected: connected
      .filter(({ integrationId }) => integrationId === integration.id)
      .map(({ id, account, state }) => ({ id, account, state })),
    incident: integration.incident && { code: integration.incident.code, says: integration.incident.says },
  }
}
