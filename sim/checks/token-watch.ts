import { second } from '@patchbay/kit'
import type { Grant as ProviderGrant } from '../../sandbox/grants.ts'
import type { LedgerEntry } from '../../sandbox/ledger.ts'
import type { Sandbox } from '../../sandbox/sandbox.ts'
import { tokenRules } from '../../sandbox/token-rules.ts'
import { hostsOf, type Sent, type Served, tokensIn } from '../kernel/call-network.ts'
import type { StoreCall } from '../kernel/call-stores.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Life } from '../kernel/life.ts'

/** Tokens that a provider gave out, and what became of them on our side. */
interface Issue {
  readonly life: Life
  readonly grant: string
  readonly access: string
  readonly refresh: string | null
  readonly sentAt: number
  readonly at: number
  /** When that was by the clock that our processes share. */
  readonly hostAt: number
  readonly call: string
  received: boolean
  committedAt: number | null
  /** The fault that kept the answer from us. */
  lostBecause: string | null
}

/** A grant that we gave up. */
export interface Loss {
  readonly grantId: string
  readonly cause: string
  /** What really happened. */
  readonly because: string
  readonly at: number
}

/** Whose grant one of ours is. */
export interface Subject {
  readonly provider: string
  readonly artist: string
}

/**
 * Watches tokens from both sides at once: what the provider gave out and was shown, and what was committed here. From that follows whether a token was
 * used before it was stored (I05), whether one was presented that had a stored successor (I02), and whether each lost grant has a cause (I03).
 */
export class TokenWatch {
  readonly losses: Loss[] = []
  readonly #kernel: Kernel
  readonly #sandbox: Sandbox
  readonly #issues: Issue[] = []
  readonly #byAccess = new Map<string, Issue>()
  /** Refresh token → the issue that replaced it. */
  readonly #successors = new Map<string, Issue>()
  readonly #subjects = new Map<string, Subject>()
  readonly #generations = new Map<string, number>()
  readonly #leases = new Map<string, { life: Life; until: number }>()
  readonly #inFlight = new Map<string, number>()
  readonly #refusals = new Map<string, number>()
  /** Grants that were refused falsely and not renewed since. */
  readonly #refusedFalsely = new Set<string>()

  constructor(kernel: Kernel, sandbox: Sandbox) {
    this.#kernel = kernel
    this.#sandbox = sandbox
  }

  /** From now on that grant of ours is that account's. */
  know(grantId: string, subject: Subject): void {
    this.#subjects.set(grantId, subject)
  }

  issuedAt(access: string): number | null {
    return this.#byAccess.get(access)?.at ?? null
  }

  /** The grant at the provider that is the account's newest. */
  providerGrant({ provider, artist }: Subject): ProviderGrant | null {
    return (
      this.#sandbox.grants
        .list()
        .filter((grant) => grant.provider === provider && grant.artist === artist && grant.kind === 'person')
        .at(-1) ?? null
    )
  }

  /** Whether nothing that we can still have would be taken by the provider. */
  isOver(subject: Subject): boolean {
    const grant = this.providerGrant(subject)
    return grant === null || grant.ended !== null || this.#isOver(grant)
  }

  mayLie(grant: string | null): boolean {
    return grant !== null && !this.#refusedFalsely.has(grant)
  }

  left(sent: Sent): void {
    const { provider, token, grant } = sent
    if (token === null || grant === null) return
    const url = new URL(sent.request.url)
    const owner = this.#sandbox.grants.whose(token)!.grant.provider
    if (!provider || owner !== provider.id || !hostsOf(provider).has(url.host))
      this.#kernel.violate('I07', `a credential of ${owner} was sent to ${url.host}`)
    if (sent.what === 'api') this.shown(token, sent.call)
  }

  /** An access token that is used or handed out. */
  shown(access: string, call: string): void {
    const issue = this.#byAccess.get(access)
    if (issue && issue.committedAt === null)
      this.#kernel.violate('I05', `${call} has a token that is not committed; it came by ${issue.call}`)
  }

  arrived(sent: Sent, entry: LedgerEntry): void {
    if (sent.what !== 'token' || sent.token === null || sent.grant === null) return
    const running = (this.#inFlight.get(sent.grant) ?? 0) + 1
    this.#inFlight.set(sent.grant, running)
    if (running > 1) this.#kernel.violate('I01', `${running} token requests of ${sent.grant} at once: ${sent.call}`)
    const successor = this.#successors.get(sent.token)
    if (!successor) return
    const { graceMs } = tokenRules(sent.provider!)
    const inGrace = entry.at - successor.at <= graceMs || this.#seemsInGrace(sent, successor, graceMs)
    if (inGrace && entry.outcome !== 'refused') this.#kernel.sometimes.met('recovered inside the grace')
    if (successor.committedAt !== null && successor.committedAt <= sent.sentAt && !inGrace)
      this.#kernel.violate('I02', `${sent.call} presents a token whose successor was stored`)
  }

  /**
   * Our clock was set back since, and by it that was a moment ago: nobody can know better. It costs nothing as long as the newer token was refused twice
   * before, since there is nothing left to lose.
   */
  #seemsInGrace({ grant }: Sent, successor: Issue, graceMs: number): boolean {
    const hostNow = this.#kernel.now() + this.#kernel.hostOffsetMs
    const wasSetBack = this.#kernel.now() - successor.at > hostNow - successor.hostAt
    return wasSetBack && hostNow - successor.hostAt <= graceMs && (this.#refusals.get(grant!) ?? 0) >= 2
  }

  served(served: Served, entry: LedgerEntry): void {
    const { sent, status } = served
    if (sent.what !== 'token' || sent.token === null || sent.grant === null) return
    this.#inFlight.set(sent.grant, Math.max(0, (this.#inFlight.get(sent.grant) ?? 0) - 1))
    if (status >= 400 && status < 500) this.#refusals.set(sent.grant, (this.#refusals.get(sent.grant) ?? 0) + 1)
    if (served.befell === 'false refusal') this.#refusedFalsely.add(sent.grant)
    const { access, refresh } = tokensIn(served.body)
    if (status !== 200 || access === null) return
    const issue: Issue = {
      ...{ life: sent.life, grant: sent.grant, access, refresh, sentAt: sent.sentAt, at: entry.at, call: sent.call },
      hostAt: entry.at + this.#kernel.hostOffsetMs,
      ...{ received: false, committedAt: null, lostBecause: null },
    }
    this.#issues.push(issue)
    this.#byAccess.set(access, issue)
    // Of several answers to one token, the first is what replaced it.
    if (refresh !== null && refresh !== sent.token && !this.#successors.has(sent.token))
      this.#successors.set(sent.token, issue)
  }

  received({ sent, body }: Served): void {
    const { access } = tokensIn(body)
    const issue = access === null ? undefined : this.#byAccess.get(access)
    if (sent.what === 'token' && issue) issue.received = true
  }

  missed({ sent, body }: Served, why: string): void {
    const { access } = tokensIn(body)
    const issue = access === null ? undefined : this.#byAccess.get(access)
    if (sent.what !== 'token' || !issue) return
    // Whoever gives up while the answer is still on its way has lost it by himself.
    const gaveUp = why === 'nobody waited any more' && this.#kernel.now() - sent.sentAt < patienceMs
    if (gaveUp && !sent.life.stoodStillFor(sent.sentAt, 10 * second)) return
    issue.lostBecause = why
    this.#kernel.sometimes.met('refresh reply lost')
  }

  /** Whether a process holds a lease now. */
  asks(life: Life): boolean {
    return [...this.#leases.values()].some((lease) => lease.life === life && lease.until > this.#kernel.now())
  }

  isLeased(grantId: string): boolean {
    return (this.#leases.get(grantId)?.until ?? 0) > this.#kernel.now()
  }

  killed(life: Life): void {
    const holding = this.#issues.findLast((issue) => issue.life === life)
    if (holding?.received && holding.committedAt === null)
      this.#kernel.sometimes.met('killed between token reply and commit')
    if (this.asks(life)) this.#kernel.sometimes.met('killed while it asked for tokens')
  }

  done({ life, method, args, result }: StoreCall): void {
    const now = this.#kernel.now()
    const [, grantId] = args as [string, string]
    if (method === 'grants.lease' && result === true) {
      const lease = this.#leases.get(grantId)
      if (lease && lease.until > now + 2 * maxSkewMs && lease.life.alive && this.#kernel.hostOffsetMs === 0)
        this.#kernel.violate('I01', `${life.name} leases ${grantId}, which ${lease.life.name} has`)
      this.#leases.set(grantId, { life, until: now + leaseMs })
    }
    if (method === 'grants.release' && result === true) this.#release(grantId, args[3] as Outcome, life)
    if (method === 'grants.commit' && result === true) {
      const { askedUnder } = args[3] as { askedUnder?: string }
      this.#commit(grantId, args[2] as number, life, { consented: askedUnder === undefined })
    }
    if ((method === 'grants.release' || method === 'grants.commit') && result === false) this.#endOwn(grantId, life)
    if (method === 'grants.forget') this.#generations.delete(grantId)
    if (method === 'connections.move' && result === true) this.#moved(args[1] as string, args[2] as Move)
  }

  #release(grantId: string, outcome: Outcome, life: Life): void {
    this.#endOwn(grantId, life)
    if (outcome.state !== 'dead') return
    const subject = this.#subjects.get(grantId)
    if (!subject) return
    const because = this.#becauseOf(subject)
    if (because === null)
      this.#kernel.violate(
        'I03',
        `${grantId} (${subject.provider}) was given up: ${outcome.cause}; nothing happened to it`,
      )
    this.losses.push({ grantId, cause: outcome.cause ?? '', because: because ?? 'nothing', at: this.#kernel.now() })
    const refusals = this.#refusals.get(this.providerGrant(subject)?.id ?? '') ?? 0
    if (outcome.cause !== 'expired' && outcome.cause !== 'revoked' && refusals < 2)
      this.#kernel.violate('I25', `${grantId} was given up after ${refusals} refusals of the token endpoint`)
    const expected = because?.startsWith('answer lost') ? 'lost_response' : null
    if (expected && outcome.cause !== expected)
      this.#kernel.violate('I03', `${grantId} was lost because of ${because}, and is said to be ${outcome.cause}`)
    if (because?.startsWith('answer lost')) this.#kernel.sometimes.met('grant lost to a lost answer')
  }

  #endOwn(grantId: string, life: Life): void {
    if (this.#leases.get(grantId)?.life === life) this.#leases.delete(grantId)
  }

  #commit(grantId: string, generation: number, life: Life, { consented }: { consented: boolean }): void {
    const known = this.#generations.get(grantId)
    if (known !== undefined && generation < known)
      this.#kernel.violate('I06', `${grantId} went from generation ${known} to ${generation + 1}`)
    this.#generations.set(grantId, generation + 1)
    const lease = this.#leases.get(grantId)
    if (!lease || lease.life !== life || lease.until < this.#kernel.now())
      this.#kernel.sometimes.met('late winner after lease expiry')
    // Whoever asks by now goes on.
    if (consented || !lease || lease.until < this.#kernel.now()) this.#leases.delete(grantId)
    else this.#endOwn(grantId, life)
    const subject = this.#subjects.get(grantId)
    if (!subject) return
    const isOf = (issue: Issue) => {
      const grant = this.#sandbox.grants.list().find(({ id }) => id === issue.grant)
      return grant?.provider === subject.provider && grant.artist === subject.artist
    }
    const issue = this.#issues.findLast(
      (one) => one.life === life && one.received && one.committedAt === null && isOf(one),
    )
    if (!issue) {
      this.#kernel.violate('I05', `${life.name} stores tokens of ${grantId} that nobody gave it`)
      return
    }
    issue.committedAt = this.#kernel.now()
    this.#refusals.delete(issue.grant)
    if (this.#refusedFalsely.delete(issue.grant)) this.#kernel.sometimes.met('false refusal survived')
  }

  #moved(connectionId: string, { to, reason }: Move): void {
    if (to !== 'needs_reauth') return
    if (reason === 'lost_response' || reason === 'refresh_refused')
      if (!this.losses.some((loss) => loss.cause === reason))
        this.#kernel.violate('I25', `${connectionId} needs a person because of ${reason}, and no grant was lost`)
  }

  /** What really ended a grant; null when nothing did. */
  #becauseOf(subject: Subject): string | null {
    const grant = this.providerGrant(subject)
    if (!grant) return 'never granted'
    const lost = this.#lostIssueOf(grant.id)
    if (!grant.ended) return this.#isOver(grant) ? 'its token ended before it was extended' : null
    const { why } = grant.ended
    if (why === 'reuse') return lost
    return lost === null ? why : `either ${lost}, or ${why}`
  }

  /** Whether a token that lives on by being extended is over, as far as we can know it. */
  #isOver(grant: ProviderGrant): boolean {
    if (grant.refreshToken !== null) return false
    const known = grant.accessTokens.filter((text) => this.#byAccess.get(text)?.committedAt !== null)
    return known.every((text) => 'error' in this.#sandbox.grants.check(text, this.#kernel.now()))
  }

  /** Why we do not have the newest tokens of a grant. */
  #lostIssueOf(grantId: string): string | null {
    for (const issue of this.#issues.toReversed()) {
      if (issue.grant !== grantId) continue
      if (issue.committedAt !== null) {
        // Somebody else asked meanwhile, as whoever holds a lease that runs out has to expect.
        if (issue.committedAt - issue.sentAt > leaseMs) return `stored too late: ${issue.life.name} stood still`
        continue
      }
      if (issue.lostBecause !== null) return `answer lost: ${issue.lostBecause}`
      if (!issue.life.alive) return `answer lost: ${issue.life.name} died`
      if (issue.life.stoodStillFor(issue.sentAt, 10 * second)) return `answer lost: ${issue.life.name} stood still`
      if (this.#kernel.now() - issue.sentAt > leaseMs && issue.life.wasCut('stores', issue.sentAt))
        return `answer lost: ${issue.life.name} could not store it`
    }
    return null
  }
}

interface Outcome {
  readonly state: string
  readonly cause: string | null
}

interface Move {
  readonly to: string
  readonly reason: string | null
}

export const leaseMs = 75 * second
/** For so long a token request is never given up. */
const patienceMs = 60 * second
const maxSkewMs = 2 * second
