import type { EmulatedSubscription } from '@patchbay/kit'

/** Where a provider sends an app’s messages, as its owner typed it in. */
export interface AppAddress {
  readonly provider: string
  readonly app: string
  readonly url: string
  readonly verifyToken: string
}

/** Asked until it gives the right answer, or for some times. */
export interface KnownAddress extends AppAddress {
  confirmed: boolean
  askAt: number
  asked: number
}

export interface Subscription extends EmulatedSubscription {
  readonly provider: string
  /** `asked`: its address has not answered yet. `ending`: it was asked to end and has not confirmed that. */
  state: 'asked' | 'active' | 'ending'
  /** Null for ever. Set when it begins to hold. */
  until: number | null
  /** Up to when was looked at what happened. */
  lookedAt: number
  /** Its address is asked again then, for some times. */
  askAt: number
  asked: number
}

/** More than any test needs. The oldest gives way. */
const most = 10_000

/** Whom each platform tells of what, and where. */
export class SubscriptionBook {
  #addresses: KnownAddress[] = []
  #subscriptions: Subscription[] = []
  /** Hears that there is something to ask or to send. */
  readonly #changed: () => void

  constructor(changed: () => void = () => {}) {
    this.#changed = changed
  }

  /** As the owner saves it: it is asked anew each time. An empty one is taken away. */
  address(address: AppAddress, now: number): void {
    this.#addresses = this.#addresses.filter(
      ({ provider, app }) => provider !== address.provider || app !== address.app,
    )
    if (address.url !== '') this.#addresses.push({ ...address, confirmed: false, askAt: now, asked: 0 })
    this.#addresses.splice(0, this.#addresses.length - most)
    this.#changed()
  }

  addressOf(provider: string, app: string | null): KnownAddress | null {
    return this.#addresses.find((one) => one.provider === provider && one.app === app) ?? null
  }

  addresses(): readonly KnownAddress[] {
    return this.#addresses
  }

  begin(provider: string, subscription: EmulatedSubscription, now: number, asks: boolean): void {
    const isAsked = asks && subscription.callback !== null
    const before = this.#subscriptions.find((one) => isSame(one, provider, subscription))
    this.#subscriptions = this.#subscriptions.filter((one) => one !== before)
    this.#subscriptions.push({
      ...{ ...subscription, provider, state: isAsked ? 'asked' : 'active' },
      until: isAsked || subscription.leaseMs === null ? null : now + subscription.leaseMs,
      // What is replaced goes on where it was.
      ...{ lookedAt: before?.lookedAt ?? now, askAt: now, asked: 0 },
    })
    this.#subscriptions.splice(0, this.#subscriptions.length - most)
    this.#changed()
  }

  end(
    provider: string,
    topic: string,
    address: { app: string } | { callback: string },
    now: number,
    asks: boolean,
  ): void {
    const of = {
      topic,
      app: 'app' in address ? address.app : null,
      callback: 'callback' in address ? address.callback : null,
    }
    const found = this.#subscriptions.find((one) => isSame(one, provider, of))
    if (found && asks && found.callback !== null) Object.assign(found, { state: 'ending', askAt: now, asked: 0 })
    else this.remove(found)
    this.#changed()
  }

  remove(subscription: Subscription | undefined): void {
    this.#subscriptions = this.#subscriptions.filter((one) => one !== subscription)
  }

  of(provider: string, topic: string, now: number): Subscription[] {
    return this.#subscriptions.filter((one) => one.provider === provider && one.topic === topic && holds(one, now))
  }

  list(): readonly Subscription[] {
    return this.#subscriptions
  }

  snapshot() {
    return { addresses: structuredClone(this.#addresses), subscriptions: structuredClone(this.#subscriptions) }
  }

  restore({ addresses, subscriptions }: ReturnType<SubscriptionBook['snapshot']>): void {
    this.#addresses = structuredClone(addresses)
    this.#subscriptions = structuredClone(subscriptions)
  }
}

/** What was asked to end goes on until that was confirmed. */
export const holds = ({ state, until }: Subscription, now: number) =>
  state !== 'asked' && (until === null || now < until)

function isSame(
  one: Subscription,
  provider: string,
  { topic, app, callback }: Pick<EmulatedSubscription, 'topic' | 'app' | 'callback'>,
): boolean {
  return one.provider === provider && one.topic === topic && one.app === app && one.callback === callback
}
