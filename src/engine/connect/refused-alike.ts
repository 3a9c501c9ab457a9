import { minute } from '@patchbay/kit'
import { activeStates, type Connection } from '../../ports/connections.ts'
import type { Grant } from '../../ports/grants.ts'
import type { Deps } from '../deps.ts'
import type { Target } from '../http/target.ts'
import { raiseIncident } from './integration-incident.ts'

/** What a light call of an account said. */
export type Probe = (target: Target) => Promise<'works' | 'refused' | 'unclear'>

/**
 * Whether accounts of an integration are refused alike: then it is the platform's or the app's trouble and nobody's in particular (F65). Asked before an
 * account is given up: up to three others have one light call each. Whoever asks in the minutes after shares the answer, so that a platform that
 * refuses everybody is not asked by everybody.
 */
export class RefusedAlike {
  readonly #deps: Pick<Deps, 'clock' | 'random' | 'connections' | 'grants' | 'directory' | 'log'>
  readonly #probe: Probe
  readonly #looks = new Map<string, { readonly until: number; readonly alike: Promise<boolean> }>()

  constructor(deps: Pick<Deps, 'clock' | 'random' | 'connections' | 'grants' | 'directory' | 'log'>, probe: Probe) {
    this.#deps = deps
    this.#probe = probe
  }

  look(target: Target): Promise<boolean> {
    const { integration } = target
    const key = `${integration.environmentId} ${integration.id}`
    const now = this.#deps.clock.now()
    const before = this.#looks.get(key)
    // One from after now was made before the clock was set back.
    if (before && before.until > now && before.until - now <= shared) return before.alike
    const alike = this.#ask(target)
    this.#looks.set(key, { until: now + shared, alike })
    // Whoever asks next asks anew; who asked hears of it from what is given back.
    alike.catch(() => this.#looks.delete(key))
    return alike
  }

  async #ask(target: Target): Promise<boolean> {
    const others = await this.#others(target)
    const said = await Promise.all(
      others.map((connection) => this.#probe({ ...target, connection, grantId: connection.grantId })),
    )
    const alike = said.includes('refused') && !said.includes('works')
    if (alike) {
      const reason = `${said.length + 1} accounts are refused alike`
      await raiseIncident(this.#deps, target.integration, 'provider.down', reason, { source: 'refusals' })
    }
    return alike
  }

  /** Accounts that were fine until now and should be, by other grants. */
  async #others({ environment, integration, grantId }: Target): Promise<Connection[]> {
    const page = await this.#deps.connections.list(environment.id, { integration: integration.id, limit: 50 })
    const byGrant = new Map<string, Connection>()
    for (const connection of page)
      if (activeStates.includes(connection.state) && connection.grantId !== grantId && !byGrant.has(connection.grantId))
        byGrant.set(connection.grantId, connection)
    const others: Connection[] = []
    for (const connection of byGrant.values()) {
      const grant = await this.#deps.grants.read(environment.id, connection.grantId)
      if (grant && !hasRunOut(grant, this.#deps.clock.now())) others.push(connection)
      if (others.length === mostOthers) break
    }
    return others
  }
}

/** By its own clock, which needs nobody's word. */
export const hasRunOut = ({ accessExpiresAt }: Pick<Grant, 'accessExpiresAt'>, now: number): boolean =>
  accessExpiresAt !== null && accessExpiresAt <= now

const mostOthers = 3
const shared = 5 * minute
