import type { MessageOutcome, NewMessage } from '../../src/ports/inbox.ts'
import type { RunRecord } from '../../src/ports/journal.ts'
import type { NewTypedRecord } from '../../src/ports/typed-records.ts'
import type { Owned } from '../compare-truth.ts'
import type { StoreCall } from '../kernel/call-stores.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Life } from '../kernel/life.ts'

/**
 * Watches what comes in while it is worked through, and who is erased meanwhile: it says which of the rare situations were met, and tells the story when
 * an account is being read.
 */
export class InboxWatch {
  readonly #kernel: Kernel
  readonly #owned: readonly Owned[]
  /** Ids of messages that are stored and not finished, with the accounts that they are about. */
  readonly #queued = new Map<string, readonly string[]>()
  readonly #runs = new Map<string, Map<string, Life>>()
  /** Connection and key → when the thing was gone, for those that are. */
  readonly #removedAt = new Map<string, number>()
  /** Called once, when a reading of that connection has begun. */
  readonly #waiting = new Map<string, () => void>()

  constructor(kernel: Kernel, owned: readonly Owned[]) {
    this.#kernel = kernel
    this.#owned = owned
  }

  /** Resolves when a reading of that connection begins. */
  nextRunOf(connectionId: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(connectionId, resolve))
  }

  done({ life, method, args, result }: StoreCall): void {
    if (method === 'inbox.store')
      for (const [nth, message] of (args[0] as readonly NewMessage[]).entries())
        if ((result as readonly string[])[nth] === 'stored') this.#queued.set(message.id, message.accounts)
    if (method === 'inbox.finish')
      for (const { id, state } of args[2] as readonly MessageOutcome[])
        if (state !== 'received') this.#queued.delete(id)
    if (method === 'inbox.erase')
      for (const [id, accounts] of this.#queued)
        if (accounts.length === 1 && accounts[0] === args[2]) this.#queued.delete(id)
    if (method === 'journal.run') this.#ran(life, args[0] as RunRecord)
    if (method === 'typedRecords.save') for (const record of args[1] as readonly NewTypedRecord[]) this.#kept(record)
    if (method === 'connections.move' && result === true) {
      const [, id, { to }] = args as [string, string, { to: string }]
      if (to === 'disconnected') this.#ended(id)
    }
  }

  #ran(life: Life, run: RunRecord): void {
    for (const id of run.connectionIds) {
      const own = this.#runs.get(id) ?? new Map<string, Life>()
      this.#runs.set(id, own)
      if (run.state !== 'running') own.delete(run.id)
      else {
        own.set(run.id, life)
        this.#waiting.get(id)?.()
        this.#waiting.delete(id)
      }
    }
  }

  #kept({ connectionId, key, at, removed }: NewTypedRecord): void {
    const name = `${connectionId}/${key}`
    if (removed) this.#removedAt.set(name, at)
    else if (at < (this.#removedAt.get(name) ?? 0)) this.#kernel.sometimes.met('delete overtakes update')
  }

  #ended(connectionId: string): void {
    const owned = this.#owned.find(({ connection }) => connection.id === connectionId)
    if (!owned) return
    const { id } = owned.connection.account
    if ([...this.#queued.values()].some((accounts) => accounts.includes(id)))
      this.#kernel.sometimes.met('erase while webhook of same subject is queued')
    if ([...(this.#runs.get(connectionId)?.values() ?? [])].some(({ alive }) => alive))
      this.#kernel.sometimes.met('tenant deleted while its sync runs')
  }
}
