import type { Along } from './along.ts'
import type { Instant } from './clock.ts'

/** A team's `test` or `live` half. The isolation boundary. In `test` every provider host resolves to the sandbox. */
export interface Environment {
  readonly id: string
  readonly workspace: string
  readonly mode: 'test' | 'live'
  readonly createdAt: Instant
}

/** A provider set up in one environment. */
export interface Integration {
  readonly id: string
  readonly environmentId: string
  readonly provider: string
  readonly name: string
  readonly clientId: string | null
  /** Sealed by the vault. */
  readonly clientSecret: string | null
  /** Settings of the provider; those its manifest calls secret are sealed. */
  readonly settings: Readonly<Record<string, string>>
  /** Asked for besides those that the streams need. */
  readonly scopes: readonly string[]
  readonly enabled: boolean
  /** Something wrong with the app itself: never a connection's fault. */
  readonly incident: { readonly code: string; readonly says: string; readonly since: Instant } | null
  readonly createdAt: Instant
}

/** Whose accounts are connected. The id is the application's own. */
export interface Profile {
  readonly id: string
  readonly environmentId: string
  readonly name: string
  readonly createdAt: Instant
}

/** Environments, integrations and profiles: what is set up, as opposed to what happens. */
export interface Directory {
  saveEnvironment(environment: Environment): Promise<void>
  environments(): Promise<Environment[]>
  /** Inserts or replaces. */
  saveIntegration(integration: Integration, along: Along): Promise<void>
  integrations(environmentId: string): Promise<Integration[]>
  integration(environmentId: string, id: string): Promise<Integration | null>
  /** Which environment an integration's callback or webhook address belongs to. */
  environmentOfIntegration(integrationId: string): Promise<string | null>
  /** Inserts, or renames when a name is given. */
  saveProfile(profile: Profile): Promise<Profile>
  /** By id, ascending, after `after`. */
  profiles(environmentId: string, page: { after?: string; limit: number; ids?: readonly string[] }): Promise<Profile[]>
}
