import { Fault, hour, isFault, minute } from '@patchbay/kit'
import type { Actor, NewAudit } from '../../ports/along.ts'
import type { DataKey } from '../../ports/keys.ts'
import type { Deps } from '../deps.ts'
import { type OpenDataKey, openDataKey } from './sealed-text.ts'

/** The opened data keys of one environment. */
interface Entry {
  readonly keys: ReadonlyMap<number, OpenDataKey>
  /** The version that seals. */
  readonly newest: OpenDataKey | null
  readonly readAt: number
}

/**
 * Opened data keys, in memory only and for a bounded time. While the key service or the database does not answer, keys that are already open go
 * on working for an hour: running environments stay up, new ones fail and recover by themselves (T53).
 */
export class DataKeyCache {
  readonly #deps: Pick<Deps, 'keys' | 'dataKeys' | 'random' | 'clock' | 'log'>
  readonly #entries = new Map<string, Entry>()
  readonly #loading = new Map<string, Promise<Entry>>()

  constructor(deps: Pick<Deps, 'keys' | 'dataKeys' | 'random' | 'clock' | 'log'>) {
    this.#deps = deps
  }

  /** The key that seals; made on first use of the environment. */
  async newest(environmentId: string): Promise<OpenDataKey> {
    const entry = await this.#entry(environmentId)
    if (entry.newest) return entry.newest
    await this.add(environmentId, 'system')
    const { newest } = await this.#loadAnew(environmentId)
    if (!newest) throw new Fault('platform.vault', 'This environment has no data key that may seal.')
    return newest
  }

  /** The key of that version. Another process may have made it a moment ago, so an unknown one is looked up once. */
  async version(environmentId: string, version: number): Promise<OpenDataKey> {
    const key =
      (await this.#entry(environmentId)).keys.get(version) ?? (await this.#loadAnew(environmentId)).keys.get(version)
    if (!key) throw new Fault('platform.vault', 'A stored secret could not be opened: its data key is gone.')
    return key
  }

  /** Adds a version, which seals from then on. Of several processes that do so at once one wins, and all use its key. */
  async add(environmentId: string, actor: Actor): Promise<void> {
    const { keys, dataKeys, random, clock } = this.#deps
    const existing = await dataKeys.read(environmentId)
    const version = Math.max(0, ...existing.map((key) => key.version)) + 1
    const plain = random.bytes(32)
    const wrapped = await keys.wrap(plain, contextOf(environmentId, version))
    plain.fill(0)
    const createdAt = clock.now()
    const audit: NewAudit = { id: random.id('aud'), action: 'data_key.added', subject: String(version) }
    await dataKeys.add(
      { environmentId, version, keyId: keys.id, wrapped, createdAt, retiredAt: null },
      { at: createdAt, actor, audit: [audit] },
    )
    this.#entries.delete(environmentId)
  }

  async #entry(environmentId: string): Promise<Entry> {
    const entry = this.#entries.get(environmentId)
    const ageMs = entry ? this.#deps.clock.now() - entry.readAt : Number.POSITIVE_INFINITY
    if (entry && ageMs >= 0 && ageMs < freshMs) return entry
    try {
      return await this.#load(environmentId)
    } catch (error) {
      // That a key is wrong is an answer; that nobody answered is none.
      if (!entry || ageMs > staleMs || isFault(error, 'platform.vault')) throw error
      this.#deps.log.warn('vault.stale_data_key', { environmentId, ageMs, error })
      return entry
    }
  }

  /** One that is under way may have begun before the key was made that is looked for. */
  async #loadAnew(environmentId: string): Promise<Entry> {
    await this.#loading.get(environmentId)?.catch(() => {})
    return this.#load(environmentId)
  }

  #load(environmentId: string): Promise<Entry> {
    const loading = this.#loading.get(environmentId) ?? this.#read(environmentId)
    this.#loading.set(environmentId, loading)
    return loading.finally(() => this.#loading.delete(environmentId))
  }

  async #read(environmentId: string): Promise<Entry> {
    const { dataKeys, clock } = this.#deps
    const opened = new Map<number, OpenDataKey>()
    let newest: OpenDataKey | null = null
    for (const stored of await dataKeys.read(environmentId)) {
      if (stored.retiredAt !== null) continue
      newest = await this.#unwrap(stored)
      opened.set(stored.version, newest)
    }
    const entry = { keys: opened, newest, readAt: clock.now() }
    this.#entries.delete(environmentId)
    this.#entries.set(environmentId, entry)
    if (this.#entries.size > mostEntries) this.#entries.delete(this.#entries.keys().next().value!)
    return entry
  }

  async #unwrap({ environmentId, version, wrapped }: DataKey): Promise<OpenDataKey> {
    const plain = await this.#deps.keys.unwrap(wrapped, contextOf(environmentId, version))
    const key = openDataKey(version, plain)
    plain.fill(0)
    return key
  }
}

/** A wrapped key opens for its own environment and version only. */
const contextOf = (environmentId: string, version: number) => JSON.stringify(['data key', environmentId, version])

/** How long a key is used without asking again, and how long when asking fails. */
const freshMs = 10 * minute
const staleMs = hour

/** For how long after a new version was added some process may still seal with the one before it, at most. */
export const sealsAtMostMs = freshMs + staleMs

const mostEntries = 2000
