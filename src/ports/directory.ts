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
  /** Something wrong with the app itself, or with the platform as a whole: never a connection's fault. */
  readonly incident: OpenIncident | null
  readonly createdAt: Instant
}

/** Where an incident shows, which is also where its end shows: at the token endpoint, in calls, or in that accounts are refused alike. */
export type IncidentSource = 'tokens' | 'calls' | 'refusals'

export interface OpenIncident {
  readonly id: string
  readonly code: string
  readonly says: string
  readonly since: Instant
  readonly source: IncidentSource
  /** Which host does not answer, when it shows in calls. */
  readonly host?: string
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
  /** Inserts or replaces. An incident that the row no longer has is closed. */
  saveIntegration(integration: Integration, along: Along): Promise<void>
  /**
   * Sets or clears what is wrong with the app itself, and nothing else of the row. False when that code was already set, or none was to be cleared:
   * then nothing was written, so that of many who notice one tells. The journal keeps it from then on: opened, and closed when it ends.
   */
  setIncident(environmentId: string, id: string, incident: Integration['incident'], along: Along): Promise<boolean>
  /** By id, ascending. */
  integrations(environmentId: string): Promise<Integration[]>
  integration(environmentId: string, id: string): Promise<Integration | null>
  /** Which environment an integration's callback or webhook address belongs to. */
  environmentOfIntegration(integrationId: string): Promise<string | null>
  /** Inserts, or renames when a name is given. Without one it is called by its id. */
  saveProfile(profile: Profile): Promise<Profile>
  /** By id, ascending, after `after`. */
  profiles(environmentId: string, page: { after?: string; limit: number; ids?: readonly string[] }): Promise<Profile[]>
}
