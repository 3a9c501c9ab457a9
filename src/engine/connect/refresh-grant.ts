import { Fault, type FaultCode, isFault, minute, second } from '@patchbay/kit'
import type { Grant, GrantState } from '../../ports/grants.ts'
import type { Lane } from '../../ports/schedule.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { askForTokens, type Stage } from './ask-for-tokens.ts'
import type { Exchange, TokenPlace } from './exchange.ts'
import { findPlace } from './find-place.ts'
import { giveUp } from './give-up.ts'
import { raiseIncident } from './integration-incident.ts'
import { canRefresh } from './plan-refresh.ts'
import type { ReauthCause } from './reasons.ts'
import { leaseMs, tokenRequestMs } from './send-token-request.ts'
import { storeTokens } from './store-tokens.ts'
import type { TokenCircuit } from './token-circuit.ts'
import { awaitTurn } from './token-pace.ts'

export interface RefreshParts {
  readonly deps: Deps
  readonly setting: Setting
  readonly vault: Vault
  readonly exchange: Exchange
  readonly circuit: TokenCircuit
  /**
   * Aborts when this process is told to stop. An answer that is on its way is still waited for and stored; pauses, and what other processes asked for, are
   * not: what is to come next stands in the store, for whoever goes on.
   */
  readonly stopping: AbortSignal
}

/**
 * - `fresh`: there are other tokens than those of the generation that was asked about, whoever got them.
 * - `ended`: the provider confirmed that it is over, or we gave it back.
 * - `failed`: not now. The grant is as good as before.
 * - `impossible`: there is nothing to renew it with.
 */
export type Refreshed =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'ended'; readonly cause: string }
  | { readonly kind: 'failed'; readonly fault: Fault }
  | { readonly kind: 'impossible' }

/**
 * Renews the tokens of one generation of a grant. Of all processes one at a time asks: it holds a lease of 75 s on the row, and a request has 60 s.
 * What it gets is stored where the generation is still that one, whoever holds the lease by then, and nobody uses it before that is committed.
 *
 * - An answer that got lost, also because whoever waited for it died: the grant is `unknown`, and the same token is presented again after 2, 10 and
 *   30 s, then every minute. Nothing is lost by trying.
 * - `invalid_grant`: looked up again, asked once more after 5 s, and only then over.
 * - Of one app no more requests at once than its provider takes; `lane` says who waits for it.
 * - The app refused, an outage, a page: an incident of the integration. Nothing happens to the grant or its connections.
 */
export async function runRefresh(
  parts: RefreshParts,
  environmentId: string,
  grantId: string,
  generation: number,
  lane: Lane,
): Promise<Refreshed> {
  const { deps, stopping } = parts
  const pause = (ms: number) => deps.clock.sleep(ms, stopping).catch(() => {})
  let lost = 0
  let stage: Stage = 'first'
  // More turns than all waits and repetitions together can need.
  for (let turn = 0; turn < 60 && !stopping.aborted; turn++) {
    const found = await deps.grants.read(environmentId, grantId)
    if (!found || found.state === 'revoked') return { kind: 'ended', cause: 'disconnected' }
    if (found.generation !== generation) return { kind: 'fresh' }
    if (found.state === 'dead') return { kind: 'ended', cause: found.cause ?? 'refresh_refused' }
    const broken = wasBrokenOff(found, deps.clock.now())
    const grant: Grant = broken ? { ...found, state: 'unknown', cause: 'lost_response' } : found
    const place = await findPlace(deps, parts.setting, environmentId, grant.integrationId)
    if (!canRefresh(place.provider.auth, grant, deps.clock.now())) return { kind: 'impossible' }
    const waitMs = parts.circuit.waitMs(place.integration, { urgent: grant.state === 'unknown' })
    if (waitMs > 0) return failed(place, place.integration.incident?.code as FaultCode, waitMs)

    const pauseMs = grant.state === 'unknown' && !broken ? (grant.refreshDueAt ?? 0) - deps.clock.now() : 0
    if (pauseMs > longestPauseMs) return failed(place, 'provider.timeout', pauseMs)
    if (pauseMs > 0) {
      // Whoever lost the answer named the moment to ask again, for all of us.
      await pause(pauseMs)
      continue
    }

    const hadTurn = await awaitTurn(deps, place.provider.auth, place.integration, lane, stopping)
    if (!hadTurn) break
    const now = deps.clock.now()
    const leaseId = deps.random.id('lse')
    if (!(await deps.grants.lease(environmentId, grantId, { generation, leaseId, now, until: now + leaseMs }))) {
      hadTurn({ sent: false })
      await waitForOther(parts, grant)
      continue
    }
    const releaseUntil = (state: GrantState, cause: string | null, refreshDueAt: number | null) => {
      const at = deps.clock.now()
      const outcome = { leaseId, state, cause, refreshDueAt }
      return deps.grants.release(environmentId, grantId, generation, outcome, { at, actor: 'system' })
    }
    const release = (state: GrantState, cause: string | null, inMs: number | null) =>
      releaseUntil(state, cause, inMs === null ? null : deps.clock.now() + inMs)
    // Between the look and the lease another process may have had its turn: what it learned counts, such as when to ask again.
    const held = await deps.grants.read(environmentId, grantId)
    // Whoever stood still since then may find that the lease ran out, and that another process has asked meanwhile.
    const isLate = deps.clock.now() - now > leaseMs - tokenRequestMs
    if (isLate || !held || hadItsTurn(found, held)) {
      hadTurn({ sent: false })
      if (held && !isLate) await releaseUntil(held.state, held.cause, held.refreshDueAt)
      continue
    }

    // It may have waited long for its turn.
    if (stage === 'previous' && !mayRepeatPrevious(place, grant, deps.clock.now())) stage = 'confirm'
    const asked = await askForTokens(parts, place, grant, stage).catch((error: unknown) => ({ error }))
    hadTurn({ sent: !('error' in asked) })
    if ('error' in asked) {
      await release(grant.state, grant.cause, laterMs(grant.attempts))
      if (isFault(asked.error)) return { kind: 'failed', fault: asked.error }
      throw asked.error
    }
    const { reply, next } = asked

    switch (reply.kind) {
      case 'tokens':
        return storeTokens(parts, place, grant, next!, leaseId)

      case 'lost': {
        deps.log.warn('grant.refresh_lost', {
          environmentId,
          grantId,
          generation,
          reason: reply.reason,
          times: lost + 1,
        })
        const delayMs = lostDelaysMs[lost++]
        await release('unknown', 'lost_response', delayMs ?? minute)
        if (delayMs === undefined) return failed(place, 'provider.timeout', minute)
        await pause(delayMs)
        continue
      }

      case 'refused': {
        if (stage === 'first') {
          stage = 'confirm'
          await release(grant.state, grant.cause, confirmMs)
          await pause(confirmMs)
          continue
        }
        if (stage === 'confirm' && mayRepeatPrevious(place, grant, deps.clock.now())) {
          stage = 'previous'
          await release(grant.state, grant.cause, 0)
          continue
        }
        const cause = causeOf(place, grant, reply.reason, deps.clock.now())
        if (!(await giveUp(deps, parts.setting, place, grant, { cause, leaseId }))) continue
        return { kind: 'ended', cause }
      }

      case 'setup':
      case 'down': {
        const asked = reply.kind === 'down' ? reply.waitMs : undefined
        const first = reply.kind === 'down' ? 2 * second : 30 * second
        parts.circuit.failed(place.integration, { first, waitMs: asked })
        await raiseIncident(deps, place.integration, reply.fault, reply.reason)
        // What was lost can be had again for a short while only, so an outage does not make the waits grow.
        const delayMs = grant.state === 'unknown' && asked === undefined ? lostDelaysMs[lost++] : undefined
        const later = grant.state === 'unknown' ? minute : laterMs(grant.attempts)
        await release(grant.state, grant.cause, delayMs ?? Math.max(asked ?? 0, later))
        if (delayMs === undefined) return failed(place, reply.fault, asked ?? first)
        await pause(delayMs)
        continue
      }
    }
  }
  return { kind: 'failed', fault: new Fault('platform.busy', 'The access token could not be renewed in time.') }
}

const longestPauseMs = 30 * second
const confirmMs = 5 * second
const lostDelaysMs = [2 * second, 10 * second, 30 * second]

/** A lease that ran out and was never given back: its holder died while it asked, and nobody knows what the provider answered. */
const wasBrokenOff = ({ leaseId, leaseUntil }: Grant, now: number) =>
  leaseId !== null && leaseUntil !== null && leaseUntil <= now

/** `held` is under our lease, which counted one attempt. */
const hadItsTurn = (found: Grant, held: Grant) =>
  held.attempts !== found.attempts + 1 || held.state !== found.state || held.refreshDueAt !== found.refreshDueAt

/** When the background tries again: sooner at first, every five minutes in the end. */
const laterMs = (attempts: number) => Math.min(30 * second * 2 ** Math.min(attempts, 10), 5 * minute)

function failed({ provider }: TokenPlace, code: FaultCode | undefined, waitMs: number): Refreshed {
  const fault = new Fault(code ?? 'provider.down', undefined, { provider: provider.id, waitMs })
  return { kind: 'failed', fault }
}

/** Another process is at it: its tokens will be ours too. Looks often at first, until the lease would be over. */
async function waitForOther({ deps, stopping }: RefreshParts, grant: Grant): Promise<void> {
  const { environmentId, id, generation } = grant
  const until = deps.clock.now() + leaseMs
  for (let waitMs = 100; deps.clock.now() < until; waitMs = Math.min(waitMs * 2, second)) {
    await deps.clock.sleep(waitMs * (0.75 + deps.random.unit() / 2), stopping).catch(() => {})
    if (stopping.aborted) return
    const seen = await deps.grants.read(environmentId, id)
    if (!seen || seen.generation !== generation || seen.leaseUntil === null) return
    if (seen.leaseUntil <= deps.clock.now()) return
  }
}

/** The one before the current one may be repeated for so long after it was replaced. A clock that was set back knows nothing of how long ago that is. */
function mayRepeatPrevious({ provider: { auth } }: TokenPlace, grant: Grant, now: number): boolean {
  if (auth.scheme !== 'oauth2' || auth.refresh.model !== 'rotates' || grant.previousRefresh === null) return false
  const sinceMs = now - grant.refreshedAt
  return sinceMs >= 0 && sinceMs <= auth.refresh.graceMs
}

/**
 * Which of the ways to end it was. Where a refresh retires the token that was presented, by the manifest or as it was seen before, a reply that was lost
 * explains a refusal better than anything else. Where the token stays the same nothing was lost with it.
 */
function causeOf({ provider: { auth } }: TokenPlace, grant: Grant, reason: string, now: number): ReauthCause {
  const retires = grant.previousRefresh !== null || (auth.scheme === 'oauth2' && auth.refresh.model === 'rotates')
  if (retires && (grant.state === 'unknown' || grant.cause === 'lost_response')) return 'lost_response'
  const over = [grant.dataAccessExpiresAt, grant.refreshExpiresAt].some((at) => at !== null && at <= now)
  if (over) return 'expired'
  return reason === 'invalid_client' ? 'key_refused' : 'refresh_refused'
}
