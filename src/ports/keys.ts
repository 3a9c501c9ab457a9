import type { Along } from './along.ts'
import type { Instant } from './clock.ts'

/**
 * The key-encryption keys, wherever they live. They never leave: data keys go in and come out. Which of them wraps is written in the database and nowhere
 * else, so that all processes agree. Whatever is asked of a key that cannot be reached right now throws a Fault `platform.keys`.
 */
export interface Keys {
  /** Those that this process can use, oldest first. With the last one a first start begins, and to it a rotation leads. */
  ids(): Promise<readonly string[]>
  /** Throws a Fault `platform.vault` when there is no such key. */
  wrap(dataKey: Uint8Array, context: string, keyId: string): Promise<Uint8Array>
  /** Throws a Fault `platform.vault` when there is no such key, or when it was wrapped by another one or for another context. */
  unwrap(wrapped: Uint8Array, context: string, keyId: string): Promise<Uint8Array>
  /** Makes a key, the last one from then on. Absent where the operator or a key service makes them. */
  make?(): Promise<string>
  /** Destroys a key for good. Absent where the operator or a key service does. */
  destroy?(keyId: string): Promise<void>
}

/** An environment's data key, wrapped. */
export interface DataKey {
  readonly environmentId: string
  readonly version: number
  readonly keyId: string
  readonly wrapped: Uint8Array
  readonly createdAt: Instant
  /** When it was destroyed: from then on `wrapped` is empty. Null while it opens what it sealed. */
  readonly retiredAt: Instant | null
}

/** What recognises a wrong key-encryption key, and what secrets for other purposes are made from. Both are wrapped by the key that wraps all others. */
export interface KeyCheck {
  readonly keyId: string
  /** A known text. */
  readonly value: Uint8Array
  /** 32 random bytes. Null as long as nobody needed them. */
  readonly root: Uint8Array | null
}

/** Wrapped data keys, and which key-encryption key wraps them. */
export interface DataKeys {
  read(environmentId: string): Promise<DataKey[]>
  /** False when that version is already there, or when another key has come to wrap meanwhile: whoever asks looks again. */
  add(key: DataKey, along: Along): Promise<boolean>
  /**
   * Destroys a version for good, unless something that is stored was sealed with it: then nothing happens, and false. From then on nothing that it
   * sealed can be stored.
   */
  retire(environmentId: string, version: number, along: Along): Promise<boolean>
  /** Null on the very first start. */
  check(): Promise<KeyCheck | null>
  /** Stores the first one, once. False when there already is one. */
  setCheck(check: KeyCheck): Promise<boolean>
  /** Compare-and-swap. From then on no data key is added that another key has wrapped. */
  replaceCheck(before: KeyCheck, next: KeyCheck): Promise<boolean>
  /** Living data keys of every environment that others than this key have wrapped. */
  wrappedByOthers(keyId: string, limit: number): Promise<DataKey[]>
  /** Compare-and-swap: the same data key, wrapped anew. */
  rewrap(before: DataKey, next: Pick<DataKey, 'keyId' | 'wrapped'>): Promise<boolean>
  /** How many living data keys each key has wrapped. */
  countByKey(): Promise<ReadonlyMap<string, number>>
}
