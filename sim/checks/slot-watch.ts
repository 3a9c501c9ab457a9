import type { RunRecord } from '../../src/ports/journal.ts'
import type { SavedPage } from '../../src/ports/records.ts'
import type { ClaimedSlot, Slot, SlotOutcome } from '../../src/ports/schedule.ts'
import type { StoreCall } from '../kernel/call-stores.ts'
import type { Kernel } from '../kernel/kernel.ts'

interface Known {
  claim: string | null
  until: number
  /** It is due no later than that before it is read again. */
  dueAt: number
  /** Times at which it was due and a run has ended it. */
  readonly ended: Set<number>
}

/**
 * Watches what becomes of each time at which a slot is due (I27). One holder at a time has it; one run at most ends it, and that run is on record,
 * closed, either with the page that ended the walk or with the fault that kept it from that; and no time is passed over without a run.
 */
export class SlotWatch {
  readonly #kernel: Kernel
  readonly #slots = new Map<string, Known>()
  readonly #runs = new Map<string, RunRecord>()
  /** Slot and run whose last page was saved. */
  readonly #whole = new Set<string>()

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  done({ life, method, args, result }: StoreCall): void {
    if (method === 'schedule.claim' || method === 'schedule.claimCompanions') {
      const { claim, until } = args[0] as { claim: string; until: number }
      for (const slot of result as ClaimedSlot[]) this.#claimed(life.name, slot, claim, until)
    }
    if (method === 'schedule.extend')
      for (const known of this.#held(args[1] as string, args[2] as readonly Key[])) known.until = args[3] as number
    if (method === 'schedule.release')
      for (const known of this.#held(args[1] as string, args[2] as readonly Key[])) known.claim = null
    if (method === 'schedule.finish')
      for (const outcome of args[2] as readonly SlotOutcome[]) this.#ended(args[1] as string, outcome)
    if (method === 'journal.run') {
      const run = args[0] as RunRecord
      this.#runs.set(run.id, run)
    }
    if (method === 'records.save')
      for (const page of args[1] as readonly SavedPage[])
        if (page.cursor !== undefined) this.#whole.add(`${keyOf(page)} ${page.runId}`)
  }

  #claimed(name: string, slot: ClaimedSlot, claim: string, until: number): void {
    const key = keyOf(slot)
    const known = this.#slots.get(key)
    if (known && known.claim !== null && (!slot.lapsed || known.until > this.#kernel.now()))
      this.#kernel.violate('I27', `${name} takes ${key}, which ${known.claim} has until ${timeOf(known.until)}`)
    if (known && slot.dueAt > known.dueAt)
      this.#kernel.violate('I27', `${key} was due at ${timeOf(known.dueAt)}, and nothing came of that`)
    this.#slots.set(key, { claim, until, dueAt: slot.dueAt, ended: known?.ended ?? new Set() })
  }

  #ended(claim: string, { runId, fault, dueAt, ...slot }: SlotOutcome): void {
    for (const known of this.#held(claim, [slot])) {
      const key = keyOf(slot)
      const run = this.#runs.get(runId)
      const isOnRecord =
        run !== undefined &&
        run.endedAt !== null &&
        run.stream === slot.stream &&
        run.connectionIds.includes(slot.connectionId)
      if (!isOnRecord)
        this.#kernel.violate('I27', `${key} was ended by ${runId}, which is not on record as a closed run`)
      else if (fault === null && !this.#whole.has(`${key} ${runId}`))
        this.#kernel.violate('I27', `${key} counts as read by ${runId}, which did not come to its end`)
      else if (fault !== null && (run.fault === null || run.says === null))
        this.#kernel.violate('I27', `${key} was not read because of ${fault}, and its run does not say so`)
      if (known.ended.has(known.dueAt))
        this.#kernel.violate('I27', `${key} was due at ${timeOf(known.dueAt)}, and two runs ended that`)
      known.ended.add(known.dueAt)
      known.claim = null
      known.dueAt = dueAt
    }
  }

  /** Those that this claim has. */
  #held(claim: string, slots: readonly Key[]): Known[] {
    return slots.flatMap((slot) => this.#slots.get(keyOf(slot)) ?? []).filter((known) => known.claim === claim)
  }
}

type Key = Pick<Slot, 'connectionId' | 'stream'>

const keyOf = ({ connectionId, stream }: Key) => `${connectionId}/${stream}`
const timeOf = (at: number) => new Date(at).toISOString()
