import type { Provider } from '@patchbay/kit'
import type { App } from './apps.ts'
import type { Incoming } from './incoming.ts'
import type { Ledger, LedgerEntry } from './ledger.ts'
import { QuotaMeter, type Take } from './quota-meter.ts'

/** The quotas of all providers. What does not fit is refused and goes into the ledger, and so does what comes before a wait is over. */
export class Quotas {
  readonly #meters = new Map<string, QuotaMeter>()
  readonly #ledger: Ledger
  /** Bucket → nothing more before. */
  readonly #waits = new Map<string, number>()
  readonly #running = new Map<LedgerEntry, () => void>()

  constructor(providers: readonly Provider[], ledger: Ledger) {
    this.#ledger = ledger
    for (const provider of providers) this.learn(provider)
  }

  /** Counts for a provider from now on, and anew for one that is known. */
  learn({ id, api }: Pick<Provider, 'id' | 'api'>): void {
    this.#meters.set(id, new QuotaMeter(api.quotas, api.costs))
  }

  /** Makes a limit smaller or larger for this run: `change('acme', 'general', 10)`. */
  change(provider: string, quota: string, limit: number): void {
    this.#meter(provider).change(quota, limit)
  }

  list(provider: string) {
    return this.#meter(provider).quotas
  }

  /** Counts a request, or says which quota has no room and for how long. `used` is the share of each quota after it. */
  admit(
    provider: Provider,
    incoming: Pick<Incoming, 'method' | 'place'>,
    by: { app: App | null; user: string | null; account: string | null },
    entry: LedgerEntry,
    now: number,
  ): { refused: { quota: string; waitMs: number } | null; used: Record<string, number> } {
    const meter = this.#meter(provider.id)
    const takes = meter.takes(incoming, { ...by, app: by.app?.clientId ?? null, settings: by.app?.settings ?? {} })
    entry.takes = Object.fromEntries(takes.map(({ bucket, amount }) => [bucket, amount]))
    this.#checkWaits(provider.id, takes, entry, now)
    const admission = meter.admit(takes, now)
    if (admission.admitted) {
      this.#running.set(entry, admission.release)
      return { refused: null, used: meter.used(takes, now) }
    }
    const { quota, bucket, waitMs } = admission
    const detail = { bucket, waitMs }
    this.#ledger.violate({ kind: 'quota_overrun', provider: provider.id, at: now, grant: entry.grant, detail })
    this.#waits.set(`${provider.id}/${bucket}`, now + waitMs)
    return { refused: { quota, waitMs }, used: meter.used(takes, now) }
  }

  /** A wait that the provider named for other reasons: it holds for the bucket of the quota that it named, or for every one of the request. */
  hold(provider: string, entry: LedgerEntry, quota: string | undefined, untilAt: number): void {
    const buckets = Object.keys(entry.takes ?? {})
    const named = buckets.filter((bucket) => bucket.startsWith(`${quota}/`))
    for (const bucket of named.length > 0 ? named : buckets) this.#waits.set(`${provider}/${bucket}`, untilAt)
  }

  /** The request is answered: it no longer counts among those at once. */
  done(entry: LedgerEntry): void {
    this.#running.get(entry)?.()
    this.#running.delete(entry)
  }

  #checkWaits(provider: string, takes: readonly Take[], entry: LedgerEntry, now: number): void {
    for (const { bucket } of takes) {
      const untilAt = this.#waits.get(`${provider}/${bucket}`)
      if (untilAt === undefined) continue
      if (untilAt <= now) this.#waits.delete(`${provider}/${bucket}`)
      else
        this.#ledger.violate({
          ...{ kind: 'too_soon', provider, at: now, grant: entry.grant },
          detail: { bucket, earlyByMs: untilAt - now },
        })
    }
  }

  #meter(provider: string): QuotaMeter {
    const meter = this.#meters.get(provider)
    if (!meter) throw new RangeError(`there is no provider ${provider} in this sandbox`)
    return meter
  }
}
