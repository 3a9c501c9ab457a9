import { type Provider, parseRoutePattern, type RoutePattern } from '@patchbay/kit'
import type { Clock } from '../../ports/clock.ts'
import type { Deps } from '../deps.ts'
import { type Answer, type Intent, type Layer, openTally, type Step, type Tally } from './intent.ts'
import { RetryBudget } from './retry-budget.ts'

/**
 * Sends a second request for a read that its provider declared (`api.hedges`) and that somebody waits for, when the first is on its way and has no answer
 * after so long. What is answered first counts, and the other one is ended. Both are counted: the second takes quota like any call, goes out only where
 * there is room at once, and with others adds a tenth to the declared reads of a minute, or ten where that is more (Dean and Barroso, The Tail at Scale,
 * 2013: "hedged requests").
 */
export function hedge({ clock }: Pick<Deps, 'clock'>): Layer {
  const budget = new RetryBudget()
  return (next) => (intent) => {
    const { hedges } = intent.target.provider.api
    const afterMs = hedges === undefined || intent.target.lane !== 'interactive' ? null : afterMsOf(intent)
    return afterMs === null ? next(intent) : askTwice(next, intent, afterMs)
  }

  async function askTwice(next: Step, intent: Intent, afterMs: number): Promise<Answer> {
    const { target, tally, shared: key } = intent
    const { attempts } = tally
    budget.first(key, clock.now())
    const first = new Attempt(next, intent)
    if (await first.endsWithin(clock, afterMs)) return first.answer
    // One that still waits for room or for a token would only have another one waiting beside it.
    if (tally.attempts === attempts || target.stop?.aborted || !budget.take(key, clock.now())) return first.answer
    const second = new Attempt(next, { ...intent, deadlineAt: clock.now(), tally: openTally() })
    const decisive = await firstAnswered(first, second)
    const other = decisive === first ? second : first
    other.leave()
    // It writes its books before anybody reads them. Where it has not gone out, it does not any more, and there is nothing to write.
    if (other.intent.tally.attempts > 0) await other.ended
    addTo(tally, second.intent.tally, decisive === second)
    return decisive.answer
  }
}

/** One of the two, which can be ended without the other. */
class Attempt {
  readonly intent: Intent
  readonly answer: Promise<Answer>
  /** When it is over, well or not. */
  readonly ended: Promise<void>
  readonly #left = new AbortController()

  constructor(next: Step, intent: Intent) {
    const { signal } = intent
    this.intent = { ...intent, signal: signal ? AbortSignal.any([signal, this.#left.signal]) : this.#left.signal }
    this.answer = next(this.intent)
    this.ended = this.answer.then(
      () => {},
      () => {},
    )
  }

  async endsWithin(clock: Clock, ms: number): Promise<boolean> {
    const isOver = new AbortController()
    const late = clock.sleep(ms, isOver.signal).then(
      () => false,
      () => true,
    )
    const inTime = await Promise.race([this.ended.then(() => true), late])
    isOver.abort('over')
    return inTime
  }

  leave(): void {
    this.#left.abort(new Error('the other request was answered first'))
  }
}

/** An answer decides, unless it says that the platform has trouble: then, and without one, the other is waited for. Of two failures the first is told. */
async function firstAnswered(first: Attempt, second: Attempt): Promise<Attempt> {
  const earlier = await Promise.race([first.ended.then(() => first), second.ended.then(() => second)])
  if (isAnswered(earlier)) return earlier
  const later = earlier === first ? second : first
  await later.ended
  return isAnswered(later) ? later : first
}

const isAnswered = ({ intent: { tally } }: Attempt) => tally.answer !== null && tally.answer.status < 500

function addTo(tally: Tally, second: Tally, isDecisive: boolean): void {
  tally.attempts += second.attempts
  tally.sent += second.sent
  tally.requestBytes += second.requestBytes
  tally.responseBytes += second.responseBytes
  for (const [quota, amount] of Object.entries(second.cost)) tally.cost[quota] = (tally.cost[quota] ?? 0) + amount
  if (!isDecisive) return
  const { answer, status, generation, sentNow } = second
  Object.assign(tally, { answer, status, generation, sentNow })
}

/** Of the first declaration that fits. Null: it is asked once. */
function afterMsOf({ method, place, idempotent, target: { provider } }: Intent): number | null {
  if (method !== 'GET' || !idempotent) return null
  let rules = tables.get(provider)
  if (!rules) {
    rules = provider.api.hedges!.map(({ call, afterMs }) => ({ pattern: parseRoutePattern(call), afterMs }))
    tables.set(provider, rules)
  }
  return rules.find(({ pattern }) => pattern.begins(method, place))?.afterMs ?? null
}

/** Worked out once a provider. */
const tables = new WeakMap<Provider, readonly { readonly pattern: RoutePattern; readonly afterMs: number }[]>()
