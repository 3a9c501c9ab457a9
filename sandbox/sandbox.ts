import { addDays, type Day, dayOf, type Json, type Provider, type Truth, type World } from '@patchbay/kit'
import type { Clock } from '../src/ports/clock.ts'
import { type Network, NetworkFailure, type WireRequest, type WireResponse } from '../src/ports/network.ts'
import { AddressBook, type Place } from './address-book.ts'
import { answerApi } from './api-server.ts'
import { Apps } from './apps.ts'
import { choose, entryOf, presentedAnywhere, targetOf } from './arrival.ts'
import { decideConsent, showConsent } from './authorize-endpoint.ts'
import { seededChance } from './chance.ts'
import { Grants } from './grants.ts'
import { type Incoming, readIncoming } from './incoming.ts'
import { Ledger, type LedgerEntry } from './ledger.ts'
import type { OAuthCall } from './oauth.ts'
import { type Outgoing, toWire } from './outgoing.ts'
import { whileListening } from './patience.ts'
import { Personas } from './personas.ts'
import { Postbox } from './postbox.ts'
import { Quotas } from './quotas.ts'
import type { Replay } from './replay.ts'
import { SubscriptionBook } from './subscriptions.ts'
import { answerExtension, answerRevocation, answerTokenRequest, presentedToken } from './token-endpoint.ts'
import { TokenRuleBook } from './token-rules.ts'
import { type Fired, Weather } from './weather.ts'
import { answerInstead, bend, brokenBody, delayOf } from './weather-effects.ts'
import { makeWorld } from './world.ts'

export interface SandboxOptions {
  readonly providers: readonly Provider[] | Readonly<Record<string, Provider>>
  readonly clock: Clock
  readonly seed?: string
  readonly artists?: number
  /** First day of the world's history. The first of January two years before the clock's year when absent. */
  readonly since?: Day
  /** Settings of the first app of each provider, by provider id: `{ acme: { mode: 'dev' } }`. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Recorded answers that stand in for the emulators'. */
  readonly replay?: Replay
  /** What `snapshot` said before a restart: grants, apps and what writes left behind live on. Seed and days of the world come from it. */
  readonly snapshot?: SandboxSnapshot
  /** How many series of numbers keep their sums: time against memory. 4,096 when absent. */
  readonly keptSeries?: number
  /** How many requests the ledger keeps. */
  readonly ledgerSize?: number
  /** How messages of the platforms leave the sandbox. Nothing is sent when absent. */
  readonly outside?: Network
}

/**
 * A pretend internet. `send` takes requests for the providers' real addresses and answers as they would, out of one made-up world, by its own
 * books about apps, consent, tokens and quotas. A request goes through: weather before · address · token · quota · emulator · weather after.
 */
export interface Sandbox extends Network {
  readonly world: World
  readonly providers: readonly Provider[]
  readonly clock: Clock
  readonly hosts: readonly string[]
  readonly apps: Apps
  readonly personas: Personas
  readonly grants: Grants
  readonly quotas: Quotas
  readonly rules: TokenRuleBook
  readonly weather: Weather
  readonly ledger: Ledger
  readonly subscriptions: SubscriptionBook
  /** What the platforms send: at each `tick`, or all the time while it runs. */
  readonly postbox: Postbox
  /** What a connector should have found out about an artist's account, were it perfect. */
  truth(
    provider: string,
    artistKey: string,
    days: { from: Day; to: Day; settings?: Readonly<Record<string, string>> },
  ): Truth[]
  /** Takes back an artist's access at a provider as its owner would, or ends the access tokens early. Tells how many grants it met. */
  meddle(provider: string, artistKey: string, what: 'revoke' | 'expire'): number
  snapshot(): SandboxSnapshot
}

export interface SandboxSnapshot {
  readonly seed: string
  readonly artists: number
  readonly since: Day
  readonly apps: ReturnType<Apps['list']>
  readonly grants: ReturnType<Grants['snapshot']>
  readonly memory: Readonly<Record<string, readonly (readonly [string, Json])[]>>
  readonly count: number
  /** Absent in what was kept before platforms sent anything. */
  readonly book?: ReturnType<SubscriptionBook['snapshot']>
}

export function openSandbox(options: SandboxOptions): Sandbox {
  const { clock, replay, snapshot } = options
  const providers = Object.values(options.providers)
  const seed = snapshot?.seed ?? options.seed ?? 'patchbay'
  const since = snapshot?.since ?? options.since ?? `${Number(dayOf(clock.now()).slice(0, 4)) - 2}-01-01`
  const artists = snapshot?.artists ?? options.artists ?? 220
  const world = makeWorld({ seed, artists, since, until: addDays(since, 3 * 365), keptSeries: options.keptSeries })
  const chance = seededChance(seed)
  const ledger = new Ledger(options.ledgerSize)
  const apps = new Apps(providers, chance, options.settings)
  for (const app of snapshot?.apps ?? []) if (providers.some(({ id }) => id === app.provider)) apps.register(app)
  const grants = new Grants(chance, ledger)
  if (snapshot) grants.restore(snapshot.grants)
  const personas = new Personas(world, replay?.accounts)
  const quotas = new Quotas(providers, ledger)
  const rules = new TokenRuleBook()
  const weather = new Weather(chance)
  const book = new AddressBook(providers)
  const memory = new Map(providers.map(({ id }) => [id, new Map<string, Json>(snapshot?.memory[id])]))
  let count = snapshot?.count ?? 0
  const id = (prefix = '') => `${prefix}${++count}`
  const subscriptions = new SubscriptionBook(() => postbox.wake())
  if (snapshot?.book) subscriptions.restore(snapshot.book)
  const postbox: Postbox = new Postbox({
    ...{ world, providers, clock, chance, apps, personas, weather, id, book: subscriptions },
    outside: options.outside,
  })
  const api = {
    world,
    apps,
    grants,
    personas,
    quotas,
    ledger,
    replay,
    memory,
    id,
    book: subscriptions,
  }

  /** Everything that the provider does, without the signal of whoever waits: what arrived is done, also when nobody listens any more. */
  async function serve(incoming: Incoming, places: readonly Place[], fired: readonly Fired[]): Promise<WireResponse> {
    const beforeMs = delayOf(fired, 'request')
    if (beforeMs > 0) await clock.sleep(beforeMs)
    const now = clock.now()
    const place = choose(places, incoming, grants, apps)
    const { provider } = place
    const entry = ledger.arrive(entryOf(place, incoming, fired, now))
    const presented = entry.what === 'token' || entry.what === 'extend' ? presentedToken({ incoming, grants }) : null
    entry.grant = presented?.grant.id
    entry.artist = presented?.grant.artist ?? undefined
    entry.generation = presented?.generation
    const done = presented ? ledger.startTokenRequest(presented.grant.id, provider.id, now) : () => {}
    try {
      const outgoing = answer(place, incoming, fired, entry, now)
      const afterMs = delayOf(fired, 'reply')
      if (afterMs > 0) await clock.sleep(afterMs)
      entry.status = outgoing.status
      entry.answeredAt = clock.now()
      if (fired.some(({ kind }) => kind === 'lose')) {
        entry.outcome = 'lost'
        throw new NetworkFailure('reset', true, 'the connection closed before the answer')
      }
      return toWire(outgoing, clock.now(), brokenBody(fired, outgoing.text, clock, incoming.limits))
    } catch (error) {
      if (!(error instanceof NetworkFailure)) entry.why = `the emulator failed: ${error}`
      throw error
    } finally {
      quotas.done(entry)
      done()
    }
  }

  function answer(
    place: Place,
    incoming: Incoming,
    fired: readonly Fired[],
    entry: LedgerEntry,
    now: number,
  ): Outgoing {
    const { provider } = place
    for (const { kind, artist } of fired) {
      const key = artist ?? entry.artist ?? presentedAnywhere(incoming, grants)?.grant.artist
      if (kind === 'revoke' && key) sandbox.meddle(provider.id, key, 'revoke')
      if (kind === 'rotate' && key) sandbox.meddle(provider.id, key, 'expire')
    }
    const instead = answerInstead(fired, provider, now)
    if (instead) {
      entry.outcome = 'refused'
      entry.why = instead.why
    }
    if (place.what === 'api' || place.what === 'nothing')
      return bend(fired, answerApi({ ...api, place, incoming, entry, now, instead }))
    if (instead) return instead.reply
    const rotate = fired.some(({ kind }) => kind === 'rotate')
    const call: OAuthCall = { provider, incoming, apps, grants, personas, rules, now, entry, rotate }
    switch (place.what) {
      case 'authorize':
        return showConsent(call)
      case 'decide':
        return decideConsent(call)
      case 'token':
        return bend(fired, answerTokenRequest(call))
      case 'extend':
        return bend(fired, answerExtension(call, place))
      case 'revoke':
        return answerRevocation(call)
    }
  }

  const sandbox: Sandbox = {
    ...{ world, providers, clock, apps, personas, grants, quotas, rules, weather, ledger, subscriptions, postbox },
    hosts: book.hosts,

    async send(request: WireRequest, signal?: AbortSignal): Promise<WireResponse> {
      if (signal?.aborted) throw new NetworkFailure('aborted', false, 'nobody waits for the answer', signal.reason)
      const incoming = await readIncoming(request)
      const places = book.find(incoming)
      if (places.length === 0) throw new NetworkFailure('dns', false, `the sandbox has no host ${incoming.url.host}`)
      const target = targetOf(places, incoming, grants)
      const fired = weather.at(target, clock.now())
      if (fired.some(({ kind }) => kind === 'drop')) {
        const place = choose(places, incoming, grants, apps)
        const entry = ledger.arrive(entryOf(place, incoming, fired, clock.now()))
        entry.outcome = 'dropped'
        entry.artist = target.artist ?? undefined
        throw new NetworkFailure('reset', true, 'the connection closed before the answer')
      }
      const delayMs = delayOf(fired, 'request') + delayOf(fired, 'reply')
      const { totalMs = Number.POSITIVE_INFINITY, firstByteMs = Number.POSITIVE_INFINITY } = incoming.limits
      const patienceMs = Math.min(totalMs, firstByteMs)
      return await whileListening(
        serve(incoming, places, fired),
        clock,
        delayMs > patienceMs ? patienceMs : null,
        signal,
      )
    },

    truth(provider, artistKey, { from, to, settings }) {
      const found = providerOf(provider)
      const known = settings ?? apps.first(found.id).settings
      return [...found.emulator.truth(artistOf(artistKey), world, { from, to, now: clock.now(), settings: known })]
    },

    meddle(provider, artistKey, what) {
      const { id } = providerOf(provider)
      const met = grants.list().filter((grant) => grant.provider === id && grant.artist === artistKey && !grant.ended)
      for (const grant of met) {
        if (what === 'revoke') grants.end(grant, 'owner', clock.now())
        else grants.expireAccess(grant, clock.now())
      }
      return met.length
    },

    snapshot: () => ({
      ...{ seed, artists, since, count },
      apps: apps.list(),
      grants: grants.snapshot(),
      book: subscriptions.snapshot(),
      memory: Object.fromEntries([...memory].map(([id, entries]) => [id, structuredClone([...entries])])),
    }),
  }
  return sandbox

  function providerOf(id: string): Provider {
    const found = providers.find((provider) => provider.id === id)
    if (!found)
      throw new RangeError(
        `there is no provider ${id} in this sandbox; there are: ${providers.map((one) => one.id).join(', ')}`,
      )
    return found
  }

  function artistOf(key: string) {
    const artist = personas.artist(key)
    if (!artist) throw new RangeError(`there is no artist ${key} in this world; the first is ${world.artists[0]?.key}`)
    return artist
  }
}
