import type { GrantSecrets } from '../../ports/grants.ts'
import type { Authorization } from '../http/target.ts'
import type { Tokens } from './token-answer.ts'

/**
 * What a consent or a form gave, in plain: it lives from the answer until it is sealed and is never logged. `refresh` is what renews the access, or
 * for schemes without tokens what the owner typed in.
 */
export interface Consent extends Pick<GrantSecrets, 'access' | 'refresh'> {
  readonly accessExpiresAt: Tokens['accessExpiresAt']
  readonly refreshExpiresAt: Tokens['refreshExpiresAt']
  /** Really granted, as far as the provider says; else what was asked. */
  readonly scopes: readonly string[]
  /** How calls are authorized until it is stored. */
  readonly authorization: Authorization
}
