import { mix } from '../../sandbox/chance.ts'
import { DatabaseError } from '../../src/drivers/database/database-error.ts'
import type { Deps } from '../../src/engine/deps.ts'
import { type Life, never } from './life.ts'

/**
 * The ports behind which there is a database that all processes share and whose calls fail here. Two more have one and always work: `notices`,
 * since in a story nobody is written to; and `history`, where a run that dies has saved what it read and not yet
 * ended, while `compareTrue` takes the last run that ended for the last reading.
 */
export const storePorts = [
  'dataKeys',
  'access',
  'directory',
  'connections',
  'grants',
  'flows',
  'records',
  'schedule',
  'journal',
  'inbox',
  'typedRecords',
  'subscriptions',
  'limiter',
  'deliveries',
  'sealedTexts',
] as const

export type StorePort = (typeof storePorts)[number]
export type Stores = Pick<Deps, StorePort>

/** A call that had its effect. */
export interface StoreCall {
  readonly life: Life
  /** `grants.commit`. */
  readonly method: string
  readonly args: readonly unknown[]
  readonly result: unknown
  /** By true time: when it left, and when it arrived, which is now. */
  readonly sentAt: number
}

export interface StoreFaults {
  /** Of each call: the request never arrives. */
  readonly loseRequest: number
  /** It is done, and the answer never comes back: nobody knows. */
  readonly loseReply: number
  readonly killBefore: number
  readonly killAfter: number
  /** The same for writes that matter most: so many times as likely. */
  readonly onWrites: number
}

export interface StoreBoundary {
  readonly faults: StoreFaults
  readonly kill: (life: Life, why: string) => void
  readonly done: (call: StoreCall) => void
  readonly unknown: (call: StoreCall) => void
  readonly absent: (method: string) => void
}

/**
 * The shared stores as one process reaches them. Each call is two events: it arrives and has its effect, and its answer arrives and the caller goes on.
 * In between the request or the answer may be lost, or the process may die.
 */
export function storesOf(life: Life, shared: Stores, boundary: StoreBoundary): Stores {
  const wrapped = storePorts.map((port) => [port, portOf(life, port, shared[port] as object, boundary)])
  return Object.fromEntries(wrapped) as unknown as Stores
}

function portOf(life: Life, port: StorePort, store: object, boundary: StoreBoundary): object {
  const methods = Object.entries(store).map(([name, call]) => {
    const effect = (args: unknown[]) => (call as (...args: unknown[]) => Promise<unknown>).apply(store, args)
    const method = `${port}.${name}`
    const kinds = kindsOf(boundary.faults, writes.has(method) ? boundary.faults.onWrites : 1)
    return [name, (...args: unknown[]) => callStore(life, { method, kinds, effect }, args, boundary)]
  })
  return Object.fromEntries(methods)
}

type Kind = 'lose-request' | 'lose-reply' | 'kill-before' | 'kill-after'

const kindsOf = (faults: StoreFaults, times: number): readonly (readonly [Kind, number])[] => [
  ['lose-request', faults.loseRequest * times],
  ['lose-reply', faults.loseReply * times],
  ['kill-before', faults.killBefore * times],
  ['kill-after', faults.killAfter * times],
]

/** One method of a store, as a process calls it. */
interface Method {
  readonly method: string
  /** What may befall a call of it, and how likely. */
  readonly kinds: readonly (readonly [Kind, number])[]
  readonly effect: (args: unknown[]) => Promise<unknown>
}

function callStore(
  life: Life,
  { method, kinds, effect }: Method,
  args: unknown[],
  { kill, done, unknown, absent }: StoreBoundary,
): Promise<unknown> {
  if (!life.alive) return never()
  const { kernel } = life
  const call = `${life.name}/${method}#${life.count(method)}/${life.nth}`
  const [first, second] = kernel.chance.state(call)
  const rank = second / 2 ** 32
  const sentAt = kernel.now()
  const befalls = kernel.faults.befall(call, mix(second, first) / 2 ** 32, kinds)
  return new Promise((resolve, reject) => {
    const fail = (ms: number, error: Error) =>
      kernel.after(ms, rank, () => {
        life.deliver(() => {
          kernel.note(life.name, 'store failed', method)
          reject(error)
        })
      })
    if (life.isCut('stores')) return fail(1 + (first % 3000), lost())
    if (befalls === 'lose-request') {
      absent(method)
      // Half of the time nobody knows whether it arrived.
      return fail(1 + (first % 3000), lost((first & 128) === 0 ? 'unknown' : undefined))
    }
    if (befalls === 'kill-before') return kill(life, `before ${method}`)
    kernel.after(first & 3, rank, async () => {
      // Of a dead process only what had already left may still arrive.
      if (!life.alive && (first & 64) === 0) return
      let outcome: { value: unknown } | { error: unknown }
      try {
        outcome = { value: await effect(args) }
      } catch (error) {
        outcome = { error }
      }
      const result = 'value' in outcome ? outcome.value : undefined
      kernel.note(life.name, method, describe(args, result))
      if ('value' in outcome) done({ life, method, args, result, sentAt })
      if (befalls === 'kill-after') {
        if (method === 'grants.commit' && result === true) kernel.sometimes.met('killed between commit and answer')
        return kill(life, `after ${method}`)
      }
      if (befalls === 'lose-reply' && 'value' in outcome) {
        unknown({ life, method, args, result, sentAt })
        return fail(1 + (first % 5000), lost('unknown'))
      }
      kernel.after((first >>> 3) & 3, rank, () =>
        life.deliver(() => ('value' in outcome ? resolve(outcome.value) : reject(outcome.error))),
      )
    })
  })
}

/** Changes after which there is no way back, or on which somebody else relies. */
const writes: ReadonlySet<string> = new Set([
  'grants.lease',
  'grants.commit',
  'grants.release',
  'grants.forget',
  'connections.move',
  'records.save',
  'schedule.finish',
  'schedule.claim',
  'journal.run',
  'limiter.take',
  'limiter.park',
  'deliveries.place',
  'deliveries.claim',
  'deliveries.settle',
])

function lost(outcome?: 'unknown'): DatabaseError {
  // Where it was made says nothing, and to find that out takes longer than all the rest of a call.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const facts = { code: 'ECONNRESET', ...(outcome ? { outcome } : { again: 'connection' as const }) }
  const error = new DatabaseError('the connection to the database broke', facts)
  Error.stackTraceLimit = stackTraceLimit
  return error
}

/** Ids and plain answers, which say enough; whole rows would say too much. */
function describe(args: readonly unknown[], result: unknown): string {
  const ids = args.filter((arg) => typeof arg === 'string').join(' ')
  const said = typeof result === 'boolean' || typeof result === 'number' ? String(result) : sizeOf(result)
  return said === '' ? ids : `${ids} → ${said}`
}

const sizeOf = (result: unknown): string => (Array.isArray(result) ? `${result.length} rows` : '')
