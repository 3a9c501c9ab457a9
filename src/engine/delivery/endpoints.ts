import { dayMs, Fault } from '@patchbay/kit'
import type { Actor, Along } from '../../ports/along.ts'
import type { Instant } from '../../ports/clock.ts'
import type { Delivery, DeliveryWithEvent, Disabled, Endpoint, EndpointKey, Try } from '../../ports/deliveries.ts'
import type { Environment } from '../../ports/directory.ts'
import { NetworkFailure } from '../../ports/network.ts'
import type { Deps } from '../deps.ts'
import type { Vault } from '../vault/vault.ts'
import { deliverySweepQueue } from './delivery-jobs.ts'
import { noteHealth, repairOf } from './endpoint-health.ts'
import { checkTypePatterns } from './event-types.ts'
import { postEvent } from './post-event.ts'
import { placeAll, secretOf, withSigners } from './sender.ts'
import { type KeySecrets, makeSigningKey } from './signing-keys.ts'

export interface EndpointWish extends Pick<Endpoint, 'url' | 'description' | 'types' | 'profiles' | 'ordered'> {
  readonly enabled: boolean
}

/** An endpoint, and the secret of its newest key, which is given once; null where there is none to give. */
export interface WithSecret {
  readonly endpoint: Endpoint
  readonly secret: string | null
}

/** Where applications take events. All throw `input.unknown` for one of another environment as for none. */
export interface Endpoints {
  create(environment: Environment, wish: EndpointWish, kind: EndpointKey['kind'], actor: Actor): Promise<WithSecret>
  change(environment: Environment, id: string, wish: Partial<EndpointWish>, actor: Actor): Promise<Endpoint>
  remove(environment: Environment, id: string, actor: Actor): Promise<void>
  /** A new key signs from now on; the ones before sign beside it for `overlapMs`. */
  rotate(
    environment: Environment,
    id: string,
    how: { readonly kind?: EndpointKey['kind']; readonly overlapMs: number },
    actor: Actor,
  ): Promise<WithSecret>
  /** Sends an event that says it is a test, now. */
  test(environment: Environment, id: string, actor: Actor): Promise<{ works: boolean; tried: Try }>
  /** Makes due what it wants of the events since then and has not taken. Says how many. */
  recover(environment: Environment, id: string, since: Instant, actor: Actor): Promise<number>
  /** Makes a delivery due as if it had never been tried. */
  resend(
    environment: Environment,
    delivery: Pick<Delivery, 'eventId' | 'endpointId'>,
    actor: Actor,
  ): Promise<DeliveryWithEvent>
}

export function openEndpoints(
  deps: Pick<Deps, 'deliveries' | 'receivers' | 'journal' | 'jobs' | 'clock' | 'random' | 'log'>,
  vault: Pick<Vault, 'seal' | 'open'>,
): Endpoints {
  const { deliveries, clock } = deps
  return {
    async create(environment, wish, kind, actor) {
      check(environment, wish)
      const all = await deliveries.endpoints(environment.id)
      if (all.length >= mostEndpoints)
        throw new Fault('input.conflict', `An environment has at most ${mostEndpoints} endpoints. Remove one first.`)
      const id = deps.random.id('end')
      const at = clock.now()
      const { key, secret } = makeSigningKey(deps, kind, at)
      const { enabled, ...rest } = wish
      const endpoint: Endpoint = {
        ...{ ...rest, id, environmentId: environment.id, keys: [key], createdAt: at },
        secret: await seal(environment, id, { [key.id]: secret }),
        disabled: enabled ? null : switchedOff(at),
        ...{ failures: 0, failingSince: null, failingSays: null, toldAt: null, restUntil: null },
      }
      await deliveries.saveEndpoint(endpoint, trace(actor, 'endpoint.created', id, { host: URL.parse(wish.url)?.host }))
      return { endpoint, secret: kind === 'hmac' ? secret : null }
    },

    async change(environment, id, wish, actor) {
      check(environment, wish)
      const { enabled, ...rest } = wish
      const names = Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [name]))
      const disabled = enabled === undefined ? undefined : enabled ? null : switchedOff(clock.now())
      const changed = await deliveries.changeEndpoint(environment.id, id, { ...rest, disabled }, (before) => {
        const isSwitched = enabled !== undefined && enabled !== (before.disabled === null)
        return {
          ...trace(actor, 'endpoint.changed', id, { changed: isSwitched ? [...names, 'enabled'] : names }),
          closeTasks: isSwitched && enabled ? [repairOf(before)] : [],
        }
      })
      if (!changed) throw unknownEndpoint()
      return changed
    },

    async remove(environment, id, actor) {
      const along = { ...trace(actor, 'endpoint.removed', id), closeTasks: [repairOf({ id })] }
      if (!(await deliveries.removeEndpoint(environment.id, id, along))) throw unknownEndpoint()
      // It is removed in any case. What is left of it is seen by nobody, and goes within the hour where this does not get through.
      await deps.jobs
        .send(deliverySweepQueue, {}, { key: 'removed' })
        .catch((error: unknown) => deps.log.warn('endpoint.swept_later', { environmentId: environment.id, id, error }))
    },

    async rotate(environment, id, { kind, overlapMs }, actor) {
      const before = await find(environment, id)
      const at = clock.now()
      const older = before.keys
        .map((key) => ({ ...key, until: Math.min(key.until ?? Number.POSITIVE_INFINITY, at + overlapMs) }))
        .filter(({ until }) => until > at)
      if (older.length > mostOlderKeys)
        throw new Fault(
          'input.conflict',
          `${older.length} secrets of this endpoint still sign. Wait until one has run out, or rotate without overlap.`,
          { field: 'overlap' },
        )
      const made = makeSigningKey(deps, kind ?? before.keys[0]!.kind, at)
      const secrets = await vault.open(environment.id, secretOf(id), before.secret, (open) => {
        const known = JSON.parse(open.reveal()) as KeySecrets
        return { ...Object.fromEntries(older.map((key) => [key.id, known[key.id]!])), [made.key.id]: made.secret }
      })
      const change = {
        ...{ keys: [made.key, ...older], before: before.secret },
        secret: await seal(environment, id, secrets),
      }
      const along = trace(actor, 'endpoint.rotated', id, { key: made.key.id, overlapMs })
      if (!(await deliveries.saveKeys(environment.id, id, change, along)))
        throw new Fault('input.conflict', 'Somebody else changed what signs at the same moment. Try again.')
      const endpoint = { ...before, keys: change.keys }
      return { endpoint, secret: made.key.kind === 'hmac' ? made.secret : null }
    },

    async test(environment, id, actor) {
      const endpoint = await find(environment, id)
      const event = {
        ...{ id: deps.random.id('evt'), environmentId: environment.id, type: 'endpoint.test', at: clock.now() },
        ...{ connectionId: null, profileId: null },
        data: { endpoint: id, says: 'Somebody tries this endpoint. Nothing happened.' },
      }
      const posted = await withSigners(vault, endpoint, clock.now(), (signers) =>
        postEvent(deps, environment.mode, endpoint, event, signers),
      )
      await deps.journal.note(environment.id, trace(actor, 'endpoint.tested', id, { works: posted.ok }))
      // That it works ends whatever was said of it; that a test fails costs it nothing.
      if (posted.ok) await noteHealth(deps, endpoint, [posted])
      return { works: posted.ok, tried: posted.tried }
    },

    async recover(environment, id, since, actor) {
      const endpoint = await find(environment, id)
      if (endpoint.disabled !== null)
        throw new Fault('input.conflict', 'This endpoint is switched off. Switch it on first.', { field: 'id' })
      if (Number.isNaN(since))
        throw new Fault('input.invalid', 'since takes an instant: 2026-12-01T09:00:00Z', { field: 'since' })
      await placeAll(deps, environment.id)
      let recovered = 0
      for (let after: number | null = 0; after !== null; ) {
        const page = await deliveries.recover(environment.id, id, { since, now: clock.now(), after, limit: 1000 })
        recovered += page.recovered
        after = page.next
      }
      const detail = { since: new Date(since).toISOString(), recovered }
      await deps.journal.note(environment.id, trace(actor, 'endpoint.recovered', id, detail))
      return recovered
    },

    async resend(environment, { eventId, endpointId }, actor) {
      if (!(await deliveries.resend(environment.id, eventId, endpointId, clock.now()))) throw unknownDelivery()
      await deps.journal.note(environment.id, trace(actor, 'delivery.resent', endpointId, { event: eventId }))
      const delivery = await deliveries.delivery(environment.id, eventId, endpointId)
      if (!delivery) throw unknownDelivery()
      return delivery
    },
  }

  async function find(environment: Environment, id: string): Promise<Endpoint> {
    const endpoint = await deliveries.endpoint(environment.id, id)
    if (!endpoint) throw unknownEndpoint()
    return endpoint
  }

  function seal(environment: Environment, id: string, secrets: KeySecrets): Promise<string> {
    return vault.seal(environment.id, secretOf(id), JSON.stringify(secrets))
  }

  function check({ mode }: Environment, { url, types, profiles }: Partial<EndpointWish>): void {
    if (url !== undefined) checkUrl(mode, url)
    checkTypePatterns(types ?? [])
    if (types?.length === 0 || profiles?.length === 0)
      throw new Fault('input.invalid', 'An empty list lets nothing through. Leave it out for everything.', {
        field: types?.length === 0 ? 'types' : 'profiles',
      })
  }

  function checkUrl(mode: Environment['mode'], url: string): void {
    try {
      deps.receivers.check(mode, url)
    } catch (error) {
      if (!(error instanceof NetworkFailure)) throw error
      throw new Fault(
        'input.invalid',
        `${error.message}. An endpoint has https and a public address; others must be listed in PATCHBAY_EGRESS_ALLOW by who runs this server.`,
        { field: 'url' },
      )
    }
  }

  function trace(actor: Actor, action: string, subject: string, detail: Record<string, unknown> = {}): Along {
    return { at: clock.now(), actor, audit: [{ id: deps.random.id('aud'), action, subject, detail }] }
  }
}

const switchedOff = (at: Instant): Disabled => ({ reason: 'off', at, says: null })

const unknownEndpoint = () => new Fault('input.unknown', 'There is no such endpoint.')
export const unknownDelivery = () => new Fault('input.unknown', 'There is no such delivery.')

const mostEndpoints = 50
const mostOlderKeys = 2
/** For how long older secrets sign beside a newer one. */
export const longestOverlapMs = 7 * dayMs
