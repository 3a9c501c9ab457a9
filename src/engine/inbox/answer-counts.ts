import { Fault, type FaultCode, type FaultDetail, isFault, type Provider } from '@patchbay/kit'

/**
 * Why a message was not taken, for whoever runs this server; its sender is told less. `unsigned`: what would prove it is missing. `malformed`: it cannot
 * be read, or not be stored. `not_set_up`: no secret, or none that can be one, is set here. `not_asked_for`: a question about what nobody wants.
 * `switched_off`: its app is. `too_many`: addresses that are not known are looked up only so often. `busy`, `not_stored`: it has to be sent again.
 */
export const refusals = [
  ...(['unsigned', 'wrong_signature', 'too_old', 'malformed', 'not_set_up', 'not_asked_for'] as const),
  ...(['unknown_address', 'switched_off', 'too_many', 'too_large', 'busy', 'not_stored', 'failed'] as const),
] as const
export type Refusal = (typeof refusals)[number]

/** What a sender is told, with the reason that the operator may know. */
export class Refused extends Fault {
  readonly because: Refusal
  /** The label of its provider, where there is no place that would say so. */
  readonly countedFor: string | null

  constructor(
    { because, countedFor = null }: { because: Refusal; countedFor?: string | null },
    code: FaultCode,
    message?: string,
    detail?: FaultDetail,
  ) {
    super(code, message, detail)
    this.because = because
    this.countedFor = countedFor
  }
}

const outcomes = ['accepted', ...refusals] as const
type Outcome = (typeof outcomes)[number]

/** Of one label. Who answers holds on to it, so that to count is to add one. */
export type Counts = Record<Outcome, number>

/** Platforms that environments describe themselves are one: their number, and what they are called, is nobody's to bound. */
const described = 'custom'
const nobody = 'unknown'

/**
 * How messages were answered in this process since it began, by provider. Nothing that a sender chose is a label: what comes to an address that nobody knows
 * is of one that is called unknown.
 */
export class AnswerCounts {
  readonly #catalog: ReadonlyMap<string, Provider>
  readonly #counts = new Map<string, Counts>()

  constructor(catalog: ReadonlyMap<string, Provider>) {
    this.#catalog = catalog
  }

  labelOf(provider: Provider | undefined): string {
    if (provider === undefined) return nobody
    return this.#catalog.get(provider.id) === provider ? provider.id : described
  }

  of(label: string): Counts {
    const known = this.#counts.get(label)
    if (known) return known
    // All of them at once: of what appears with its first number Prometheus would not see that it grew.
    const counts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Counts
    this.#counts.set(label, counts)
    return counts
  }

  /** Of whom that was, because of which nothing is received at an address. */
  ofNoPlace(error: unknown): Counts {
    return this.of((error instanceof Refused ? error.countedFor : null) ?? nobody)
  }

  *list(): Generator<{ readonly provider: string; readonly outcome: Outcome; readonly count: number }> {
    for (const [provider, counts] of this.#counts)
      for (const outcome of outcomes) yield { provider, outcome, count: counts[outcome] }
  }
}

/** Counts how it ends. */
export async function counted<Answer>(counts: Counts, answering: Promise<Answer>): Promise<Answer> {
  try {
    const answer = await answering
    counts.accepted++
    return answer
  } catch (error) {
    throw countRefusal(counts, error)
  }
}

/** Counts what is thrown, and gives it back. */
export function countRefusal(counts: Counts, error: unknown): unknown {
  counts[becauseOf(error)]++
  return error
}

function becauseOf(error: unknown): Refusal {
  if (error instanceof Refused) return error.because
  if (isFault(error, 'platform.busy')) return 'busy'
  if (isFault(error, 'platform.storage')) return 'not_stored'
  return isFault(error, 'input.invalid') ? 'malformed' : 'failed'
}
