/** Chance. `unit` and `id` may be seeded in a simulation; in production every one comes from the operating system. */
export interface Random {
  /** In [0, 1). */
  unit(): number
  /** Cryptographically strong in production: tokens, nonces and keys are made of these. */
  bytes(size: number): Uint8Array
  /** `prefix_` and 20 characters of [0-9a-z], sortable by time of making to the millisecond: `id('con')` → `con_0mi2…`. */
  id(prefix: string): string
}
