import type { Provider } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Environment, Integration } from '../../ports/directory.ts'
import type { Lane } from '../../ports/schedule.ts'

/** On whose behalf a call goes out, and how much it may wait. */
export interface Target {
  readonly environment: Environment
  readonly provider: Provider
  readonly integration: Integration
  /** The grant whose token is used for `as: 'account'`. Known before the connection is, while an account is being connected. */
  readonly grantId: string | null
  readonly connection: Connection | null
  readonly lane: Lane
  /**
   * It keeps to a tenth of every limit that is counted by less than days: `always`, where nothing grows too old if it comes later, or `a_while`, where it
   * goes past that tenth when waiting for it takes long. Absent: somebody waits for it.
   */
  readonly spares?: 'always' | 'a_while' | null
  readonly runId: string | null
  /** How long it may wait for quota, token and retries altogether before it becomes `provider.throttled` with the wait that is left. */
  readonly patienceMs: number
  /** From then on it waits for nothing any more, no quota and no other try: this process is about to end, and what is left is read later. */
  readonly stop?: AbortSignal
}

/** Whose troubles are one: a platform of the catalog in all environments of a mode, one that an environment registered only there. */
export const sharedName = ({ environment, provider }: Pick<Target, 'environment' | 'provider'>): string =>
  `${provider.ownedBy ?? environment.mode} ${provider.id}`

/** How a credential goes into a request. Made for one attempt and never kept. */
export interface Authorization {
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** Of the grant, to tell the credential apart from its successor. 0 for an app's. */
  readonly generation: number
}

/** Where the pipeline gets credentials from. The engine's connect part implements it. */
export interface Credentials {
  /** A usable authorization, refreshed first where needed. Plaintext lives only inside `use`. Throws connection.* or setup.* faults. */
  authorize<T>(target: Target, as: 'account' | 'app', use: (authorization: Authorization) => Promise<T>): Promise<T>
  /**
   * By what right a connection is called now: another text after each new consent and each new token. Null where it may not be called, so that nothing may
   * be answered from memory either.
   */
  standing(target: Target): Promise<string | null>
  /**
   * The provider refused that generation although we thought it valid (F26, F27). Refreshes at most once, coalesced with whoever else noticed.
   * `retry`: there is another credential, or the refusal may be replication lag. `stop`: it is really over; the connection's state was seen to.
   */
  refused(target: Target, as: 'account' | 'app', generation: number): Promise<'retry' | 'stop'>
}
