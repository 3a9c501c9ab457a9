import { Fault, hour, isFault, minute } from '@patchbay/kit'
import type { Actor } from '../../ports/along.ts'
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

  /** The key of that version, where it was read lately. */
  known(environmentId: string, version: number): OpenDataKey | undefined {
    return this.#fresh(environmentId)?.keys.get(version)
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
    // Another key-encryption key may come to wrap in the middle of this.
    for (let attempt = 0; attempt < 3; attempt++) {
      const keyId = (await dataKeys.check())?.keyId ?? (await keys.ids()).at(-1)!
      const plain = random.bytes(32)
      const wrapped = await keys.wrap(plain, contextOf({ environmentId, version }), keyId)
      plain.fill(0)
      const createdAt = clock.now()
      // There is one of a version, so it needs no chance to be told apart.
      const audit = [{ id: `aud_data_key_${version}`, action: 'data_key.added', subject: String(version) }]
      const key = { environmentId, version, keyId, wrapped, createdAt, retiredAt: null }
      if (await dataKeys.add(key, { at: createdAt, actor, audit })) break
      if ((await dataKeys.read(environmentId)).some((other) => other.version === version)) break
    }
    this.#entries.delete(environmentId)
  }

  #fresh(environmentId: string): Entry | undefined {
    const entry = this.#entries.get(environmentId)
    const ageMs = entry ? this.#deps.clock.now() - entry.readAt : 0
    return ageMs >= 0 && ageMs < freshMs ? entry : undefined
  }

  async #entry(environmentId: string): Promise<Entry> {
    const fresh = this.#fresh(environmentId)
    if (fresh) return fresh
    try {
      return await this.#load(environmentId)
    } catch (error) {
      const entry = this.#entries.get(environmentId)
      const ageMs = entry ? this.#deps.clock.now() - entry.readAt : 0
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
    // Wrapped anew between the reading and the opening, it opens the second time.
    const opened = await this.#openAll(environmentId).catch((error) => {
      if (isFault(error, 'platform.vault')) return this.#openAll(environmentId)
      throw error
    })
    const newest = opened.get(Math.max(...opened.keys())) ?? null
    const entry = { keys: opened, newest, readAt: this.#deps.clock.now() }
    this.#entries.delete(environmentId)
    this.#entries.set(environmentId, entry)
    if (this.#entries.size > mostEntries) this.#entries.delete(this.#entries.keys().next().value!)
    return entry
  }

  async #openAll(environmentId: string): Promise<Map<number, OpenDataKey>> {
    const { keys, dataKeys } = this.#deps
    const opened = new Map<number, OpenDataKey>()
    for (const key of await dataKeys.read(environmentId)) {
      if (key.retiredAt !== null) continue
      const plain = await keys.unwrap(key.wrapped, contextOf(key), key.keyId)
      opened.set(key.version, openDataKey(key.version, plain))
      plain.fill(0)
    }
    return opened
  }
}

/** A wrapped key opens for its own environment and version only. */
export const contextOf = ({ environmentId, version }: Pick<DataKey, 'environmentId' | 'version'>) =>
  JSON.stringify(['data key', environmentId, version])

/** How long a key is used without asking again, and how long when asking fails. */
const freshMs = 10 * minute
const staleMs = hour

/** For how long after a new version was added some process may still seal with the one before it, at most. */
export const sealsAtMostMs = freshMs + staleMs

const mostEntries = 2000
