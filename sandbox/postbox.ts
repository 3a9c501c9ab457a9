import {
  type Artist,
  dayMs,
  type EmulatedEvent,
  type EmulatedWebhooks,
  type Json,
  type Provider,
  type World,
} from '@patchbay/kit'
import type { Clock } from '../src/ports/clock.ts'
import { type Network, NetworkFailure, readBody } from '../src/ports/network.ts'
import type { Apps } from './apps.ts'
import type { Chance } from './chance.ts'
import type { Personas } from './personas.ts'
import { type SignedLetter, type Signer, type SigningKeys, signers } from './signers.ts'
import { holds, type Subscription, type SubscriptionBook } from './subscriptions.ts'
import type { Weather } from './weather.ts'

/** A message on its way, or what became of it. */
export interface PostedLetter {
  readonly id: string
  readonly provider: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly artists: readonly string[]
  /** How many events it holds. */
  readonly events: number
  readonly postedAt: number
  readonly body: string
  dueAt: number
  tries: number
  /** `lost`: the weather took it, and the platform thinks that it was delivered. */
  state: 'waiting' | 'delivered' | 'given up' | 'lost'
  /** What the last try was answered: a status, or what went wrong. */
  answer: string | null
}

interface Waiting extends PostedLetter {
  readonly contentType: string
  readonly keys: SigningKeys
}

/** What was sent is remembered up to so many; more than may wait is lost, as it would be at a platform. */
const [mostKept, mostWaiting, mostAtOnce] = [2_000, 10_000, 8]
/** Events of one subscription that are looked at in one go. The rest has its turn the next time. */
const mostHappened = 1_000
/** An address that gives no right answer is asked some times more. */
const askAgainMs = [60_000, 600_000, 3_600_000]

/** What is done in a turn. */
export interface Turn {
  /** Addresses are asked whether they are right, and nothing is sent to them. */
  readonly questionsOnly?: boolean
}

export interface PostboxDeps {
  readonly world: World
  readonly providers: readonly Provider[]
  readonly clock: Clock
  readonly chance: Chance
  readonly apps: Apps
  readonly personas: Personas
  readonly weather: Weather
  readonly book: SubscriptionBook
  readonly id: (prefix: string) => string
  /** How messages leave the sandbox. Without it nothing is sent. */
  readonly outside?: Network
}

/**
 * What the pretend platforms send. Nothing runs by itself: `tick` looks at what happened in the world since the last one, asks addresses that
 * have not answered yet, and sends what is due; it says when there is something to do again.
 */
export class Postbox {
  readonly #deps: PostboxDeps
  readonly #waiting: Waiting[] = []
  readonly #kept: PostedLetter[] = []
  #lost = 0
  #turn: Promise<unknown> = Promise.resolve()
  #woken = new AbortController()

  constructor(deps: PostboxDeps) {
    this.#deps = deps
  }

  /** The newest last. */
  list(): readonly Omit<PostedLetter, 'body'>[] {
    return this.#kept.map(({ id, provider, url, kinds, artists, events, postedAt, dueAt, tries, state, answer }) => {
      return { id, provider, url, kinds, artists, events, postedAt, dueAt, tries, state, answer }
    })
  }

  /** How many letters there was no room for. */
  get lost(): number {
    return this.#lost
  }

  /** One after the other, whoever asks. */
  tick(signal?: AbortSignal, what: Turn = {}): Promise<number | null> {
    const turn = this.#turn.then(() => this.#tick(signal, what))
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** Goes on until it is told to stop, and looks at the world at least once a minute by the sandbox’s clock. */
  async run(signal: AbortSignal, what: Turn = {}): Promise<void> {
    const { clock } = this.#deps
    try {
      while (!signal.aborted) {
        this.#woken = new AbortController()
        const nextAt = await this.tick(signal, what)
        const waitMs = Math.min(what.questionsOnly ? dayMs : 60_000, (nextAt ?? Number.POSITIVE_INFINITY) - clock.now())
        await this.#sleep(Math.max(200, waitMs), signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** There is something to do sooner than was thought. */
  wake(): void {
    this.#woken.abort()
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const woken = this.#woken.signal
    try {
      await this.#deps.clock.sleep(ms, AbortSignal.any([signal, woken]))
    } catch (error) {
      if (signal.aborted || !woken.aborted) throw error
    }
  }

  /** Puts an event into the post, as if it had just happened. Tells the letters, of which there is one an address. */
  trigger(
    provider: Provider,
    artist: Artist,
    kind: string,
    overrides: Readonly<Record<string, Json>> = {},
  ): PostedLetter[] {
    const { world, clock, book, id } = this.#deps
    const { webhooks } = provider.emulator
    if (!webhooks) throw new RangeError(`${provider.name} sends nothing in this sandbox`)
    const make = Object.hasOwn(webhooks.kinds, kind) ? webhooks.kinds[kind] : undefined
    if (!make) throw new RangeError(`${provider.name} sends ${Object.keys(webhooks.kinds).join(', ')}, and no ${kind}`)
    const now = clock.now()
    const data = Object.entries(overrides).reduce(
      (so, [path, value]) => replaced(so, path.split('.'), value, path),
      make({ artist, world, key: id('trigger/'), at: now }),
    )
    const subscriptions = book.of(provider.id, webhooks.topic(artist, world), now)
    const told = subscriptions.filter(({ kinds }) => kinds === null || kinds.includes(kind))
    if (told.length === 0)
      throw new RangeError(
        subscriptions.length === 0
          ? `nobody is subscribed to ${artist.name} at ${provider.name}: connect the account first`
          : `${artist.name}’s subscription at ${provider.name} is for ${subscriptions.flatMap(({ kinds }) => kinds ?? []).join(', ')}`,
      )
    const letters = told.flatMap((subscription) =>
      this.#post(provider, webhooks, subscription, [{ kind, artist, at: now, data }]),
    )
    if (letters.length === 0) throw new RangeError(`the app at ${provider.name} has no address to send to`)
    return letters
  }

  async #tick(signal: AbortSignal | undefined, { questionsOnly = false }: Turn): Promise<number | null> {
    const { book, outside } = this.#deps
    if (!outside) return null
    await this.#askAddresses(outside, signal)
    if (!questionsOnly) await this.#sendNews(outside, signal)
    const next = [
      ...(questionsOnly ? [] : this.#waiting.map(({ dueAt }) => dueAt)),
      ...book.list().flatMap(({ state, askAt }) => (state === 'active' ? [] : [askAt])),
      ...book.addresses().flatMap(({ confirmed, askAt }) => (confirmed ? [] : [askAt])),
    ]
    return next.length === 0 ? null : next.reduce((one, other) => Math.min(one, other))
  }

  async #sendNews(outside: Network, signal?: AbortSignal): Promise<void> {
    const { book, clock } = this.#deps
    const now = clock.now()
    for (const subscription of [...book.list()]) {
      if (subscription.state !== 'asked' && !holds(subscription, now)) book.remove(subscription)
      else if (subscription.state !== 'asked') this.#look(subscription, now)
    }
    const due = this.#waiting.filter(({ dueAt }) => dueAt <= now).sort((one, other) => one.dueAt - other.dueAt)
    for (let place = 0; place < due.length; place += mostAtOnce)
      await Promise.all(due.slice(place, place + mostAtOnce).map((letter) => this.#send(letter, outside, signal)))
  }

  /** Puts into the post what happened since the last look. */
  #look(subscription: Subscription, now: number): void {
    const { personas, providers, world } = this.#deps
    const provider = providers.find(({ id }) => id === subscription.provider)
    const artist = personas.artist(subscription.artist)
    const webhooks = provider?.emulator.webhooks
    if (!provider || !artist || !webhooks) return
    const events: EmulatedEvent[] = []
    let looked = 0
    let until = now
    for (const { kind, key, at } of webhooks.happened(artist, world, subscription.lookedAt, now)) {
      until = ++looked >= mostHappened ? at : now
      if (subscription.kinds === null || subscription.kinds.includes(kind))
        events.push({ kind, artist, at, data: webhooks.kinds[kind]!({ artist, world, key, at }) })
      if (looked >= mostHappened) break
    }
    subscription.lookedAt = until
    const most = webhooks.mostEvents ?? 1
    for (let place = 0; place < events.length; place += most)
      this.#post(provider, webhooks, subscription, events.slice(place, place + most))
  }

  /** None while there is no address, or it has not given the right answer. */
  #post(
    provider: Provider,
    webhooks: EmulatedWebhooks,
    subscription: Subscription,
    events: readonly EmulatedEvent[],
  ): PostedLetter[] {
    const { apps, book, clock, id, weather, world } = this.#deps
    const address = subscription.callback === null ? book.addressOf(provider.id, subscription.app) : null
    const url = subscription.callback ?? address?.url
    if (url === undefined || (address && webhooks.ask && !address.confirmed)) return []
    const app = apps.find(provider.id, subscription.app)
    const now = clock.now()
    const first: Waiting = {
      ...{ id: id('msg_'), provider: provider.id, url, postedAt: now, dueAt: now, tries: 0, events: events.length },
      ...{
        kinds: [...new Set(events.map(({ kind }) => kind))],
        artists: [...new Set(events.map(({ artist }) => artist.key))],
      },
      ...{ body: webhooks.write(events, world), contentType: webhooks.contentType, state: 'waiting', answer: null },
      keys: keysOf(subscription.secret, app),
    }
    const target = { providers: [provider.id], method: 'POST', place: 'webhooks', artist: subscription.artist }
    const identity = `message ${provider.id} ${subscription.topic} ${events.map(({ kind, at }) => `${kind} ${at}`).join()}`
    const fired = weather.at({ ...target, identity, consent: false, outgoing: true }, now, (kind) => kind !== 'lose')
    const letters = [first]
    for (const rule of fired) {
      if (rule.kind === 'delay') first.dueAt += rule.ms
      if (rule.kind === 'drop') Object.assign(first, { state: 'lost', answer: 'dropped by the weather' })
      if (rule.kind === 'repeat')
        for (let copy = 0; copy < Math.min(100, rule.copies ?? 1); copy++) letters.push({ ...first })
    }
    for (const rule of fired)
      if (rule.kind === 'shuffle')
        for (const [nth, letter] of letters.entries()) letter.dueAt += Math.floor(rule.draw(`later ${nth}`) * rule.ms)
    for (const letter of letters) {
      if (letter.state === 'waiting' && this.#waiting.length >= mostWaiting) {
        this.#lost++
        Object.assign(letter, { state: 'lost', answer: 'too many wait already' })
      } else if (letter.state === 'waiting') this.#waiting.push(letter)
      this.#kept.push(letter)
    }
    this.#kept.splice(0, this.#kept.length - mostKept)
    return letters
  }

  async #send(letter: Waiting, outside: Network, signal?: AbortSignal): Promise<void> {
    const { clock, providers, weather } = this.#deps
    const { emulator } = providers.find(({ id }) => id === letter.provider)!
    const { signs, retriesMs, timeoutMs } = emulator.webhooks!
    letter.tries++
    const signed = signedBy(signs, letter, clock.now())
    if (typeof signed === 'string') {
      Object.assign(letter, { state: 'given up', answer: signed })
      this.#waiting.splice(this.#waiting.indexOf(letter), 1)
      return
    }
    const status = await post(
      outside,
      signed.url,
      { ...signed.headers, 'content-type': signed.contentType },
      signed.body,
      timeoutMs,
      signal,
    )
    const identity = `answer ${letter.id} ${letter.tries}`
    const target = {
      providers: [letter.provider],
      method: 'POST',
      place: 'webhooks',
      artist: letter.artists[0] ?? null,
    }
    const befallen = { ...target, identity, consent: false, outgoing: true } as const
    const isLost = weather.at(befallen, clock.now(), (kind) => kind === 'lose').length > 0
    letter.answer = isLost ? `${status}, not heard` : String(status)
    const isTaken = typeof status === 'number' && status >= 200 && status < 300 && !isLost
    const waitMs = retriesMs[letter.tries - 1]
    if (isTaken) letter.state = 'delivered'
    else if (waitMs === undefined) letter.state = 'given up'
    else letter.dueAt = clock.now() + waitMs
    if (letter.state !== 'waiting') this.#waiting.splice(this.#waiting.indexOf(letter), 1)
  }

  async #askAddresses(outside: Network, signal?: AbortSignal): Promise<void> {
    const { book, clock, providers } = this.#deps
    const askOf = (id: string) => providers.find((one) => one.id === id)?.emulator.webhooks?.ask
    for (const address of book.addresses()) {
      const ask = askOf(address.provider)
      if (address.confirmed || !ask || address.askAt > clock.now()) continue
      const about = { mode: 'subscribe', topic: null, leaseSeconds: null, verifyToken: address.verifyToken } as const
      address.confirmed = await this.#isRight(outside, address.url, ask, about, signal)
      address.askAt = clock.now() + (askAgainMs[address.asked++] ?? Number.POSITIVE_INFINITY)
    }
    for (const subscription of [...book.list()]) {
      const { state, topic, leaseMs, callback, secret } = subscription
      const ask = askOf(subscription.provider)
      if (state === 'active' || callback === null || !ask || subscription.askAt > clock.now()) continue
      const mode = state === 'asked' ? 'subscribe' : 'unsubscribe'
      const leaseSeconds = leaseMs === null ? null : Math.floor(leaseMs / 1000)
      const about = { mode, topic, leaseSeconds, verifyToken: secret ?? '' } as const
      if (await this.#isRight(outside, callback, ask, about, signal)) {
        if (state === 'ending') book.remove(subscription)
        else
          Object.assign(subscription, {
            state: 'active',
            until: leaseMs === null ? null : clock.now() + leaseMs,
            lookedAt: clock.now(),
          })
      } else if (subscription.asked >= askAgainMs.length) {
        // Nobody asked for it after all; one that does not want to end goes on.
        if (state === 'asked') book.remove(subscription)
        else subscription.state = 'active'
      } else subscription.askAt = clock.now() + askAgainMs[subscription.asked++]!
    }
  }

  async #isRight(
    outside: Network,
    url: string,
    ask: NonNullable<EmulatedWebhooks['ask']>,
    about: Omit<Parameters<NonNullable<EmulatedWebhooks['ask']>>[0], 'challenge'>,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const challenge = this.#deps.chance.text(`challenge/${this.#deps.id('')}`, 20, '0123456789')
    const asked = new URL(url)
    for (const [name, value] of Object.entries(ask({ ...about, challenge }))) asked.searchParams.set(name, value)
    try {
      const limits = { totalMs: 10_000, maxBytes: 10_000 }
      const response = await outside.send({ method: 'GET', url: asked.href, headers: {}, limits }, signal)
      return (
        Buffer.from(await readBody(response)).toString() === challenge &&
        response.status >= 200 &&
        response.status < 300
      )
    } catch (error) {
      if (error instanceof NetworkFailure && !signal?.aborted) return false
      throw error
    }
  }
}

async function post(
  outside: Network,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  totalMs: number,
  signal?: AbortSignal,
): Promise<number | string> {
  try {
    const limits = { totalMs, maxBytes: 100_000 }
    const response = await outside.send({ method: 'POST', url, headers, body, limits }, signal)
    for await (const _ of response.body);
    return response.status
  } catch (error) {
    if (error instanceof NetworkFailure && !signal?.aborted) return error.kind
    throw error
  }
}

/** Why not, when the app has no secret to sign with. */
function signedBy(signer: string, letter: Waiting, now: number): SignedLetter | string {
  try {
    return signerOf(signer)(letter, letter.keys, now)
  } catch (error) {
    if (error instanceof RangeError) return error.message
    throw error
  }
}

function signerOf(name: string): Signer {
  const found = Object.hasOwn(signers, name) ? signers[name as keyof typeof signers] : undefined
  if (!found) throw new RangeError(`this sandbox has no signer ${name}; it has ${Object.keys(signers).join(', ')}`)
  return found
}

/** The subscriber’s own word, or what the app is registered with. */
function keysOf(hubSecret: string | null, app: ReturnType<Apps['find']>): SigningKeys {
  return {
    secret(name) {
      if (name === 'hubSecret') return hubSecret ?? ''
      const found = name === 'clientSecret' ? app?.clientSecret : app?.settings[name]
      if (!found) throw new RangeError(`the app has no ${name} to sign with`)
      return found
    },
    privateKey(kind) {
      throw new RangeError(`no platform in this sandbox has a key of its own, so there is none of ${kind}`)
    },
    certificateUrl: '',
  }
}

/** A copy with another value at that path. A path that is not there is a mistake. */
function replaced(data: Json, [step, ...rest]: string[], value: Json, path: string): Json {
  if (step === undefined) return value
  if (data === null || typeof data !== 'object' || !Object.hasOwn(data, step))
    throw new RangeError(`the event has no ${path}; it is ${JSON.stringify(data).slice(0, 500)}`)
  const copy = structuredClone(data) as Record<string, Json>
  copy[step] = replaced(copy[step]!, rest, value, path)
  return copy
}
