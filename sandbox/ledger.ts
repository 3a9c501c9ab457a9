/**
 * What happened at the providers, as data: every request with the time it arrived, whose right it used and what it took from which quota, and
 * everything a well-behaved client does not do. Invariants are checked against this, never against what the client believes.
 * It holds no tokens and no secrets.
 */
export class Ledger {
  readonly #most: number
  readonly #entries: LedgerEntry[] = []
  readonly #violations: Violation[] = []
  readonly #inFlight = new Map<string, number>()
  #count = 0

  constructor(most = 100_000) {
    this.#most = most
  }

  /** Newest last; the oldest are forgotten beyond the ledger's size. */
  get entries(): readonly LedgerEntry[] {
    return this.#entries
  }

  get violations(): readonly Violation[] {
    return this.#violations
  }

  /** Token requests that arrived and are not answered yet, by grant. */
  get inFlight(): ReadonlyMap<string, number> {
    return this.#inFlight
  }

  arrive(entry: Omit<LedgerEntry, 'number'>): LedgerEntry {
    const added = { ...entry, number: ++this.#count }
    keep(this.#entries, added, this.#most)
    return added
  }

  violate(violation: Violation): void {
    keep(this.#violations, violation, this.#most)
  }

  /** Counts a token request of a grant in flight until the returned function is called. */
  startTokenRequest(grant: string, provider: string, at: number): () => void {
    const running = (this.#inFlight.get(grant) ?? 0) + 1
    this.#inFlight.set(grant, running)
    if (running > 1) this.violate({ kind: 'concurrent_token_requests', provider, at, grant, detail: { running } })
    return () => {
      const left = (this.#inFlight.get(grant) ?? 1) - 1
      if (left > 0) this.#inFlight.set(grant, left)
      else this.#inFlight.delete(grant)
    }
  }

  summary() {
    const providers: Record<string, { requests: number; refused: number; lost: number; violations: number }> = {}
    const of = (id: string) => (providers[id] ??= { requests: 0, refused: 0, lost: 0, violations: 0 })
    for (const { provider, outcome } of this.#entries) {
      const row = of(provider)
      row.requests++
      if (outcome === 'refused') row.refused++
      if (outcome === 'dropped' || outcome === 'lost') row.lost++
    }
    for (const { provider } of this.#violations) of(provider).violations++
    return { requests: this.#count, kept: this.#entries.length, violations: this.#violations.length, providers }
  }
}

export interface LedgerEntry {
  /** Counts up from 1 over all requests. */
  readonly number: number
  readonly provider: string
  readonly at: number
  readonly what: 'api' | 'token' | 'extend' | 'revoke' | 'authorize'
  readonly method: string
  /** Host and path, without the query: tokens travel there. */
  readonly place: string
  readonly route?: string
  app?: string
  /** The artist whose account it was about. */
  artist?: string
  grant?: string
  /** Of the token that was presented: 1 for the first of the grant. */
  generation?: number
  /** Bucket → what it took there. */
  takes?: Readonly<Record<string, number>>
  /** Fault rules that fired on it. */
  weather?: readonly string[]
  /** `refused`: the provider said no. `dropped`: it never arrived. `lost`: done, but the answer did not get back. */
  outcome: 'pending' | 'answered' | 'refused' | 'dropped' | 'lost'
  status?: number
  /** Why it was refused: `expired`, `quota general`, `invalid_grant`. */
  why?: string
  answeredAt?: number
}

export interface Violation {
  readonly kind:
    | 'retired_refresh_token' // one that was replaced, outside its grace
    | 'concurrent_token_requests' // two of one grant at once
    | 'quota_overrun' // a request that did not fit
    | 'too_soon' // a request to a bucket before the wait it had named was over
    | 'token_after_revocation' // a credential whose owner had it revoked through the provider's revoke endpoint
    | 'token_at_wrong_provider' // a credential of one provider shown to another
  readonly provider: string
  readonly at: number
  readonly grant?: string
  readonly detail: Readonly<Record<string, string | number>>
}

function keep<Row>(rows: Row[], row: Row, most: number): void {
  rows.push(row)
  // In one go now and then, since dropping the first of many each time is slow.
  if (rows.length > most * 1.1) rows.splice(0, rows.length - most)
}
