import { type Duration, parseDuration } from '@patchbay/kit'
import type { Actor } from '../ports/along.ts'
import type { Connection } from '../ports/connections.ts'
import type { Environment, Integration } from '../ports/directory.ts'
import type { Lane } from '../ports/schedule.ts'
import { type ActionCall, runAction } from './catalog/run-action.ts'
import { type IntegrationChange, saveIntegration } from './catalog/save-integration.ts'
import { type Connect, openConnect } from './connect/connect.ts'
import { openCredentials } from './connect/credentials.ts'
import type { Deps, Setting } from './deps.ts'
import { type Gateway, openGateway } from './http/gateway.ts'
import type { Credentials } from './http/target.ts'
import { type QuotaUsage, quotaUsage } from './quota/forecast.ts'
import { openPlanner, type Planner } from './sync/planner.ts'
import { type Refreshed, refresh } from './sync/refresh.ts'
import { openVault, type Vault } from './vault/vault.ts'

/** The engine, joined: what the API and the background work use. */
export interface Engine {
  readonly deps: Deps
  readonly setting: Setting
  readonly vault: Vault
  readonly gateway: Gateway
  readonly credentials: Credentials
  readonly connect: Connect
  /** Null where this process plans nothing. */
  readonly planner: Planner | null
  saveIntegration(environment: Environment, change: IntegrationChange, actor: Actor): Promise<Integration>
  runAction(environment: Environment, call: ActionCall): Promise<unknown>
  quotas(environment: Environment): Promise<readonly QuotaUsage[]>
  /** Makes streams due now. Returns how many. */
  wake(
    environmentId: string,
    connectionId: string,
    options: { streams?: readonly string[]; lane: Lane },
  ): Promise<number>
  /** Reads the headline streams now and waits for them, `waitMs` at most. */
  refresh(
    environmentId: string,
    connectionId: string,
    options: { waitMs: number; signal?: AbortSignal },
  ): Promise<Refreshed>
  /** Reads anew what is older than `maxAge`, and waits a few seconds for it. */
  freshen(
    environmentId: string,
    connections: readonly Connection[],
    maxAge: string,
    signal?: AbortSignal,
  ): Promise<void>
}

export interface EngineOptions {
  /** Whether this process reads streams. */
  readonly plans: boolean
  readonly registerSecret?: (secret: string) => void
}
