import type { Along } from './along.ts'
import type { Instant } from './clock.ts'

/** The key-encryption key, wherever it lives. It never leaves: data keys go in and come out. */
export interface Keys {
  /** Names the key, so that a wrapped key says which one opens it. */
  readonly id: string
  wrap(dataKey: Uint8Array, context: string): Promise<Uint8Array>
  /** Throws a Fault `platform.vault` when it was not wrapped by this key or for this context. */
  unwrap(wrapped: Uint8Array, context: string): Promise<Uint8Array>
  /** A secret for another purpose, made from the key: the same wherever the key is, and nobody without it can make it. */
  secretFor(purpose: string): Promise<string>
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

/** Wrapped data keys, and the check value that recognises a wrong key-encryption key. */
export interface DataKeys {
  read(environmentId: string): Promise<DataKey[]>
  /** False when that version is already there: somebody else was quicker. */
  add(key: DataKey, along: Along): Promise<boolean>
  /**
   * Destroys a version for good, unless something that is stored was sealed with it: then nothing happens, and false. From then on nothing that it
   * sealed can be stored.
   */
  retire(environmentId: string, version: number, along: Along): Promise<boolean>
  /** The stored check value, or null on the very first start. */
  check(): Promise<{ keyId: string; value: Uint8Array } | null>
  /** Stores the check value, once. False when there already is one. */
  setCheck(check: { keyId: string; value: Uint8Array }): Promise<boolean>
}
