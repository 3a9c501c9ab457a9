import type { Place } from './address-book.ts'
import type { Apps } from './apps.ts'
import type { Grants } from './grants.ts'
import type { Incoming } from './incoming.ts'
import type { LedgerEntry } from './ledger.ts'
import { basicCredentials, carried, parametersOf } from './oauth.ts'
import type { Personas } from './personas.ts'
import { presentedToken } from './token-endpoint.ts'
import type { Fired, WeatherTarget } from './weather.ts'

/** Of several providers at one address, the one whose token, app or key it is. */
export function choose(
  places: readonly Place[],
  incoming: Incoming,
  { grants, apps, personas }: { grants: Grants; apps: Apps; personas: Personas },
): Place {
  if (places.length === 1) return places[0]!
  const owner = presentedAnywhere(incoming, grants)?.grant.provider
  const clientId =
    parametersOf(incoming).get('client_id') ?? basicCredentials(incoming.headers.authorization)?.[0] ?? null
  return (
    places.find(({ provider }) => provider.id === owner) ??
    places.find(({ provider }) => apps.find(provider.id, clientId) !== null) ??
    places.find(({ provider }) => {
      const key = provider.auth.scheme === 'api_key' ? carried(incoming, provider.auth.carry) : null
      return key !== null && personas.find(provider, [key]) !== null
    }) ??
    places[0]!
  )
}

/** The request's line in the ledger as it arrives. */
export function entryOf(
  place: Place,
  incoming: Incoming,
  fired: readonly Fired[],
  at: number,
): Omit<LedgerEntry, 'number'> {
  const { what } = place
  return {
    provider: place.provider.id,
    at,
    what: what === 'nothing' ? 'api' : what === 'decide' ? 'authorize' : what,
    method: incoming.method,
    place: incoming.place,
    route: what === 'api' ? place.pattern.text : undefined,
    weather: fired.length > 0 ? fired.map(({ id }) => id) : undefined,
    outcome: 'pending',
  }
}

/** What weather rules look at. Tokens stay out of the identity: they differ from one walk to the next, and who they belong to does not. */
export function targetOf(places: readonly Place[], incoming: Incoming, grants: Grants): WeatherTarget {
  const presented = presentedAnywhere(incoming, grants)
  const artist = presented?.grant.artist ?? null
  const query = [...incoming.url.searchParams].filter(([, value]) => grants.whose(value) === null)
  const who = presented ? `${presented.grant.app}/${artist ?? ''}` : ''
  const kind = incoming.form.get('grant_type') ?? ''
  return {
    providers: places.map(({ provider }) => provider.id),
    method: incoming.method,
    place: incoming.place,
    artist,
    identity: `${incoming.method} ${incoming.place}?${new URLSearchParams(query)} ${kind} ${who}`,
    consent: places.every(({ what }) => what === 'authorize' || what === 'decide'),
  }
}

/** The token in a request, wherever a client may have put it. */
export function presentedAnywhere(incoming: Incoming, grants: Grants) {
  for (const value of Object.values(incoming.headers)) {
    const found = grants.whose(value) ?? grants.whose(value.replace(/^\S+\s+/, ''))
    if (found) return found
  }
  return presentedToken({ incoming, grants })
}
