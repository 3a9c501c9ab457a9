import { Fault, hour, isFault, second } from '@patchbay/kit'
import type { Grant } from '../../ports/grants.ts'
import type { Deps } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'
import type { Authorization } from '../http/target.ts'
import { askForTokens } from './ask-for-tokens.ts'
import { connectionsOf, markRecovered } from './connection-states.ts'
import type { TokenPlace } from './exchange.ts'
import { findPlace } from './find-place.ts'
import type { HeldGrants } from './held-grants.ts'
import { canRefresh, clocksOf, planRefresh, unitOfGrant } from './plan-refresh.ts'
import { judgeAccount } from './probe-account.ts'
import type { RefreshParts } from './refresh-grant.ts'
import { leaseMs } from './send-token-request.ts'
import { storeTokens } from './store-tokens.ts'
import { awaitTurn } from './token-pace.ts'

/** The job that looks again at grants which were given up. */
export const secondLookQueue = 'connect.second-look'

/** How long after the one before each look comes. A mistake of a platform is mended within days, or a person has acted. */
const secondLooksMs = [hour, 6 * hour, 24 * hour, 72 * hour]

export interface SecondLookJob {
  readonly environmentId: string
  readonly grantId: string
  readonly generation: number
  /** How many there were. */
  readonly look: number
}

export interface SecondLookParts extends RefreshParts {
  readonly gateway: Gateway
  readonly held: HeldGrants
  /** The stored credential of a grant, whatever its state. */
  readonly open: <T>(
    provider: TokenPlace['provider'],
    grant: Grant,
    use: (authorization: Authorization) => Promise<T>,
  ) => Promise<T>
}

export async function lookAgainLater(deps: Pick<Deps, 'clock' | 'jobs'>, job: SecondLookJob): Promise<void> {
  const waitMs = secondLooksMs[job.look]
  if (waitMs === undefined) return
  const { environmentId, grantId, generation, look } = job
  const key = `${environmentId} ${grantId} ${generation} ${look}`
  await deps.jobs.send(secondLookQueue, { ...job }, { at: deps.clock.now() + waitMs, key })
}

/**
 * Looks once more at a grant that was given up on the provider's word: what it still has is presented once, under the lease. When it is taken after
 * all, the grant and its connections come back by themselves, their tasks are closed and nobody has to consent. Otherwise another look follows,
 * later, four in all. A grant that was renewed, or given back, is none of its business any more.
 */
export async function runSecondLook(parts: SecondLookParts, job: SecondLookJob): Promise<void> {
  const { deps } = parts
  const { environmentId, grantId, generation } = job
  const grant = await deps.grants.read(environmentId, grantId)
  if (grant?.state !== 'dead' || grant.generation !== generation) return
  if ((await connectionsOf(deps, grant)).length === 0) return
  const place = await findPlace(deps, parts.setting, environmentId, grant.integrationId)
  const { auth } = place.provider
  const renews = canRefresh(auth, grant, deps.clock.now())
  // A platform's mistake gives thousands up together, and all of them look again an hour later.
  const hadTurn = renews ? await awaitTurn(deps, auth, place.integration, 'scheduled', parts.stopping) : null
  if (renews && !hadTurn) throw new Fault('platform.busy')
  const now = deps.clock.now()
  const leaseId = deps.random.id('lse')
  const lease = { generation, leaseId, now, until: now + leaseMs, dead: true }
  if (!(await deps.grants.lease(environmentId, grantId, lease))) {
    hadTurn?.({ sent: false })
    throw new Fault('platform.busy')
  }
  const look = hadTurn ? renewed(parts, place, grant, { leaseId, hadTurn }) : accepted(parts, place, grant, leaseId)
  const recovered = await look.catch((error: unknown) => {
    if (!isFault(error)) throw error
    deps.log.warn('grant.second_look_failed', { environmentId, grantId, error })
    return false
  })
  deps.log.info('grant.second_look', { environmentId, grantId, look: job.look, recovered })
  if (recovered) return
  const { state, cause } = grant
  const over = { leaseId, state, cause, refreshDueAt: null }
  await deps.grants.release(environmentId, grantId, generation, over, { at: deps.clock.now(), actor: 'system' })
  await lookAgainLater(deps, { ...job, look: job.look + 1 })
}

/** The token endpoint takes what it refused. */
async function renewed(
  parts: SecondLookParts,
  place: TokenPlace,
  grant: Grant,
  { leaseId, hadTurn }: { leaseId: string; hadTurn: (options: { sent: boolean }) => void },
): Promise<boolean> {
  const asked = parts.circuit.waitMs(place.integration, { urgent: false }) === 0
  hadTurn({ sent: asked })
  if (!asked) return false
  const { next } = await askForTokens(parts, place, grant, 'first')
  return next !== null && (await storeTokens(parts, place, grant, next, leaseId)).kind === 'fresh'
}

/** Nothing renews it, and a light call with what is stored works. */
async function accepted(parts: SecondLookParts, place: TokenPlace, grant: Grant, leaseId: string): Promise<boolean> {
  const { deps, gateway, held } = parts
  const { environmentId, id, accessExpiresAt } = grant
  const now = deps.clock.now()
  if (accessExpiresAt !== null && accessExpiresAt <= now) return false
  const connections = await connectionsOf(deps, grant)
  const target = { ...place, grantId: id, connection: connections[0]!, lane: 'scheduled', runId: null } as const
  const verdict = await parts.open(place.provider, grant, (authorization) =>
    held.during(environmentId, id, authorization, () =>
      judgeAccount(deps, gateway, { ...target, patienceMs: 30 * second }),
    ),
  )
  if (verdict !== 'works') return false
  const refreshDueAt = planRefresh(place.provider.auth, clocksOf(grant), unitOfGrant(grant))
  const at = deps.clock.now()
  const actor = `provider:${place.provider.id}` as const
  const audit = [{ id: deps.random.id('aud'), action: 'grant.recovered', subject: id }]
  const alive = { leaseId, state: 'live', cause: null, refreshDueAt } as const
  // The person may have consented anew meanwhile: then that grant counts.
  if (!(await deps.grants.release(environmentId, id, grant.generation, alive, { at, actor, audit }))) return false
  for (const connection of connections)
    if (connection.state === 'needs_reauth')
      await markRecovered(deps, parts.setting, place.integration, grant, connection, actor)
  return true
}
