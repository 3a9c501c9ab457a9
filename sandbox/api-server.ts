import {
  type Artist,
  dayOf,
  type EmulatedSubscriptions,
  type EmulatorCall,
  type EmulatorReply,
  type Json,
  type World,
} from '@patchbay/kit'
import type { Place } from './address-book.ts'
import type { App, Apps } from './apps.ts'
import type { Grants } from './grants.ts'
import type { Incoming } from './incoming.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import { basicCredentials } from './oauth.ts'
import { fromHandler, fromReply, type Outgoing } from './outgoing.ts'
import type { Personas } from './personas.ts'
import type { Quotas } from './quotas.ts'
import type { Replay } from './replay.ts'
import type { SubscriptionBook } from './subscriptions.ts'

export interface ApiCall {
  readonly place: Place & { what: 'api' | 'nothing' }
  readonly incoming: Incoming
  readonly entry: LedgerEntry
  readonly now: number
  readonly world: World
  readonly apps: Apps
  readonly grants: Grants
  readonly personas: Personas
  readonly quotas: Quotas
  readonly ledger: Ledger
  readonly replay?: Replay
  readonly memory: ReadonlyMap<string, Map<string, Json>>
  readonly id: (prefix?: string) => string
  readonly book: SubscriptionBook
  /** Weather: answered instead of everything but the counting. */
  readonly instead: { readonly reply: Outgoing; readonly waitMs?: number; readonly quota?: string } | null
}

/** One call to a provider's API: who is it · does it fit · may they · then the emulator, or what was recorded of the real one. */
export function answerApi(call: ApiCall): Outgoing {
  const { place, incoming, entry, now, quotas, personas, instead, replay } = call
  const { provider } = place
  const { refuse } = provider.emulator
  const who = identify(call)
  entry.app = who.app?.clientId
  entry.artist = who.artist?.key
  entry.grant = who.grant
  entry.generation = who.generation

  const account = who.artist && personas.account(provider, who.artist)
  const by = { app: who.app, account: account?.id ?? null, user: account ? (account.subject ?? account.id) : null }
  const { refused, used } = quotas.admit(provider, incoming, by, entry, now)
  if (instead) {
    if (instead.waitMs) quotas.hold(provider.id, entry, instead.quota, now + instead.waitMs)
    return instead.reply
  }
  const emulated = emulatorCall(call, who)
  const withUsage = (outgoing: Outgoing): Outgoing =>
    who.app && provider.emulator.headers
      ? { ...outgoing, headers: { ...provider.emulator.headers(used, emulated), ...outgoing.headers } }
      : outgoing
  const no = (why: string, reply: EmulatorReply): Outgoing => {
    entry.outcome = 'refused'
    entry.why = why
    return withUsage(fromReply(reply))
  }
  if (refused) return no(`quota ${refused.quota}`, refuse.quota(refused.quota, refused.waitMs))

  const replayed = replay?.answer(incoming) ?? null
  const recorded = replayed === 'emulate' ? null : replayed
  const route = place.what === 'api' ? place.route : null
  if (!route && !recorded) return no('missing', refuse.missing())
  const needed = route?.auth ?? (recorded ? 'any' : 'account')
  if (who.problem && (needed !== 'none' || who.problem !== 'missing'))
    return no(who.problem, refuse.unauthorized(who.problem))
  if (needed === 'account' && !who.artist) return no('app token', refuse.unauthorized('invalid'))
  // Any one of them will do, as where a broader permission contains a narrower one.
  if (route?.scopes && who.scopes && !route.scopes.some((scope) => who.scopes?.includes(scope)))
    return no('scope', refuse.scope(route.scopes))
  if (!recorded && replayed !== 'emulate' && replay?.covers(incoming.url.host)) return no('missing', refuse.missing())
  const outgoing = recorded ?? fromHandler(route!.handle(emulated))
  entry.outcome = outgoing.status >= 400 ? 'refused' : 'answered'
  return withUsage(outgoing)
}

interface Caller {
  readonly problem: 'missing' | 'invalid' | 'expired' | 'revoked' | null
  readonly app: App | null
  readonly artist: Artist | null
  /** Null where there are none to speak of: keys and passwords may do everything. */
  readonly scopes: readonly string[] | null
  readonly grant?: string
  readonly generation?: number
}

function identify(call: ApiCall): Caller {
  const { place, incoming, apps, grants, personas, ledger, now } = call
  const { provider } = place
  const { auth } = provider
  const nobody = (problem: Caller['problem']): Caller => ({ problem, app: null, artist: null, scopes: null })
  const owner = (artist: Artist | null): Caller =>
    artist ? { problem: null, app: apps.first(provider.id), artist, scopes: null } : nobody('invalid')

  if (auth.scheme === 'basic') {
    const given = basicCredentials(incoming.headers.authorization)
    return given ? owner(personas.find(provider, given)) : nobody('missing')
  }
  if (auth.scheme === 'api_key') {
    const key = carried(incoming, auth.carry)
    return key === null ? nobody('missing') : owner(personas.find(provider, [key]))
  }
  const bearer = { header: 'authorization', prefix: 'Bearer ' }
  const also = provider.emulator.oauth?.alsoCarry
  const token =
    carried(incoming, (auth.scheme === 'oauth2' && auth.carry) || bearer) ?? (also ? carried(incoming, also) : null)
  if (token === null) {
    if (auth.scheme !== 'oauth2' || auth.app?.kind !== 'key') return nobody('missing')
    const key = carried(incoming, auth.app.carry)
    if (key === null) return nobody('missing')
    const app = apps.findByKey(provider.id, auth.app.setting, key)
    return app ? { problem: null, app, artist: null, scopes: null } : nobody('invalid')
  }
  const { grant, generation } = grants.whose(token) ?? {}
  if (!grant) return nobody('invalid')
  if (grant.provider !== provider.id) {
    const detail = { of: grant.provider, place: incoming.place }
    ledger.violate({ kind: 'token_at_wrong_provider', provider: provider.id, at: now, grant: grant.id, detail })
    return nobody('invalid')
  }
  const checked = grants.check(token, now)
  return {
    problem: 'error' in checked ? checked.error : null,
    app: apps.find(provider.id, grant.app),
    artist: personas.artist(grant.artist),
    scopes: grant.kind === 'person' ? grant.scopes : null,
    grant: grant.id,
    generation,
  }
}

/** The credential where the provider wants it; null when there is nothing. */
function carried(
  { headers, url }: Incoming,
  carry: { query: string } | { header: string; prefix: string },
): string | null {
  if ('query' in carry) return url.searchParams.get(carry.query)
  const value = headers[carry.header.toLowerCase()]
  if (!value?.toLowerCase().startsWith(carry.prefix.toLowerCase())) return null
  return value.slice(carry.prefix.length)
}

function emulatorCall(call: ApiCall, who: Caller): EmulatorCall {
  const { incoming, world, now, place } = call
  return {
    method: incoming.method,
    url: incoming.url,
    params: place.what === 'api' ? place.params : {},
    query: incoming.url.searchParams,
    headers: incoming.headers,
    body: incoming.body,
    form: incoming.form,
    world,
    artist: who.artist,
    scopes: who.scopes ?? [],
    app: { clientId: who.app?.clientId ?? '', settings: who.app?.settings ?? {} },
    now,
    today: (zone) => dayOf(now, zone),
    memory: call.memory.get(place.provider.id)!,
    id: call.id,
    subscriptions: subscriptionsOf(call),
  }
}

function subscriptionsOf({ book, place, now }: ApiCall): EmulatedSubscriptions {
  const { id, emulator } = place.provider
  const asks = emulator.webhooks?.ask !== undefined
  return {
    begin: (subscription) => book.begin(id, subscription, now, asks),
    end: (topic, address) => book.end(id, topic, address, now, asks),
    of: (topic) => book.of(id, topic, now),
  }
}
