import { dayMs, type Observation } from '@patchbay/kit'
import { inactiveStates } from '../../src/ports/connections.ts'
import type { RunRecord } from '../../src/ports/journal.ts'
import type { SavedPage } from '../../src/ports/records.ts'
import { compareStored, compareTrue, noComparison, type Owned, keyOf as valueKeyOf } from '../compare-truth.ts'
import type { StoreCall } from '../kernel/call-stores.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { PretendWorld } from '../pretend-world.ts'
import type { ListWatch } from './list-watch.ts'

/** What was saved under one key. */
interface Seen {
  readonly connectionId: string
  readonly row: Observation
  /** Every value in order, but of those that came after a newer reading, which need not be kept. */
  readonly values: (number | null)[]
  /** When the newest of them was read. */
  at: number
}

/**
 * Watches what is stored. After every run that claims success the store is held against what the platform showed while it ran (I14, I15, I31), and every
 * value that was ever saved has to be there still, as the current one or as one that it replaced (I32).
 */
export class RecordsWatch {
  readonly #kernel: Kernel
  readonly #base: PretendWorld
  readonly #owned: readonly Owned[]
  readonly #runs = new Map<string, Map<string, RunRecord>>()
  /** Connection and stream → when the runs began of the reading that has not ended yet. */
  readonly #walks = new Map<string, Set<number>>()
  readonly #seen = new Map<string, Seen>()
  readonly #lastPages = new Map<string, { readonly pages: readonly SavedPage[]; readonly at: number }>()
  readonly #lists: Pick<ListWatch, 'stoodStill'>
  #compared = 0

  constructor(kernel: Kernel, base: PretendWorld, owned: readonly Owned[], lists: Pick<ListWatch, 'stoodStill'>) {
    this.#kernel = kernel
    this.#base = base
    this.#owned = owned
    this.#lists = lists
  }

  done({ method, args }: StoreCall): void {
    if (method === 'records.save') this.#saved(args[1] as readonly SavedPage[], (args[2] as { at: number }).at)
    if (method === 'journal.run') {
      const run = args[0] as RunRecord
      for (const id of run.connectionIds) this.#noted(run, id)
    }
  }

  /** A run may go on where one before it was broken off: what that one saved is of its time. */
  #noted(run: RunRecord, connectionId: string): void {
    const walk = `${connectionId}/${run.stream}`
    const began = this.#walks.get(walk) ?? new Set()
    this.#walks.set(walk, began.add(run.startedAt))
    if (run.state !== 'succeeded') return
    this.#walks.delete(walk)
    const [startedAt] = began
    void this.#succeeded({ ...run, startedAt: startedAt! }, connectionId, [...began])
  }

  #saved(pages: readonly SavedPage[], at: number): void {
    for (const page of pages) this.#lastPages.set(`${page.connectionId}/${page.stream}`, { pages: [page], at })
    // Of two values of one key in one call the last counts.
    const newest = new Map(
      pages.flatMap(({ connectionId, observations }) =>
        observations.map((row) => [keyOf({ ...row, connectionId }), { connectionId, row }]),
      ),
    )
    for (const [key, { connectionId, row }] of newest) {
      const seen = this.#seen.get(key)
      if (!seen) this.#seen.set(key, { connectionId, row, values: [row.value], at })
      if (!seen || seen.at > at) continue
      seen.at = at
      if (seen.values.at(-1) === row.value) continue
      this.#kernel.sometimes.met('restated after it was read')
      seen.values.push(row.value)
    }
  }

  async #succeeded(run: RunRecord, connectionId: string, began: readonly number[]): Promise<void> {
    const owned = this.#owned.find(({ connection }) => connection.id === connectionId)
    if (!owned) return
    const runs = this.#runs.get(connectionId) ?? new Map<string, RunRecord>()
    this.#runs.set(connectionId, runs)
    runs.set(run.stream, run)
    const { metrics } = owned.provider.streams[run.stream]!
    const sharing = Object.entries(owned.provider.streams).filter(([, one]) =>
      one.metrics.some((metric) => metrics.includes(metric)),
    )
    // A number that several streams bring is there when all of them were read.
    const concerned = sharing.flatMap(([name]) => runs.get(name) ?? [])
    const rows = await this.#base.rowsOf([owned.connection])
    const result = noComparison()
    const daysBack = 1 + Math.ceil((run.endedAt! - run.startedAt) / dayMs)
    compareStored(this.#base, owned, rows, { since: run.startedAt, daysBack, began }, result)
    // What a list pushed over to another page while it was read is had at the next reading.
    const isWhole =
      concerned.length === sharing.length &&
      concerned.every(
        (one) =>
          run.endedAt! - one.startedAt < aWhileMs &&
          this.#isNewest(one, connectionId) &&
          this.#lists.stoodStill(owned, one.stream, one.startedAt, one.endedAt!),
      )
    if (isWhole)
      compareTrue(this.#base, owned, rows, new Map(concerned.map((one) => [one.stream, one])), { itemDays: 8 }, result)
    this.#compared += result.compared + result.expected
    const [first] = result.differences
    if (first !== undefined)
      this.#kernel.violate(
        'I15',
        `after a run of ${run.stream} that succeeded, ${result.differences.length} differ: ${first}`,
      )
  }

  /** Whether nothing was saved of the stream after that run: one that failed since then may have saved newer values, which are of its own time. */
  #isNewest({ stream, id }: RunRecord, connectionId: string): boolean {
    const last = this.#lastPages.get(`${connectionId}/${stream}`)
    return last === undefined || last.pages.every(({ runId }) => runId === id)
  }

  /** When everything is over: something was compared, everything that was ever saved is there, and saving a page again changes nothing. */
  async checkAll(): Promise<void> {
    const { deps, environment, connectionNow } = this.#base
    const states = await Promise.all(this.#owned.map(async ({ connection }) => (await connectionNow(connection)).state))
    // Whoever withdrew their consent while the platform was away is read no more.
    if (this.#compared === 0 && !states.every((state) => inactiveStates.has(state)))
      this.#kernel.violate('I15', 'no run that succeeded had anything to compare')
    const rows = await this.#base.rowsOf(this.#owned.map(({ connection }) => connection))
    const current = new Map(rows.map((row) => [keyOf(row), row.value]))
    for (const [key, { connectionId, row, values }] of this.#seen) {
      const { metric, item = null, day, dimensions = {} } = row
      const valueKey = { connectionId, metric, item, day, dimensions }
      const history = await deps.records.history(environment.id, valueKey, { limit: 10_000 })
      const kept = [current.get(key), ...history.map(({ value }) => value)]
      const missing = values.filter((value) => !kept.includes(value))
      if (missing.length > 0)
        this.#kernel.violate('I32', `${metric} of ${day} was ${missing[0]} once, and nobody knows it any more`)
    }
    for (const [slot, { pages, at }] of this.#lastPages) {
      const counts = await deps.records.save(environment.id, pages, { at, actor: 'system' })
      if (counts.inserted > 0 || counts.restated > 0)
        this.#kernel.violate(
          'I16',
          `saving the last page of ${slot} again changed ${counts.inserted + counts.restated} rows`,
        )
    }
  }
}

const aWhileMs = 30 * 3_600_000

/** The same for a row as it was saved and as it is stored. */
const keyOf = ({ connectionId, ...row }: Key) => `${connectionId} ${valueKeyOf(row)}`

interface Key extends Pick<Observation, 'day' | 'dimensions'> {
  readonly connectionId: string
  readonly metric: string
  readonly item?: string | null
}
