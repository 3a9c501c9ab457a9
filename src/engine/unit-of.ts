import { hash } from 'node:crypto'

/** A share in [0, 1) that belongs to that key and to no other: it spreads what would else happen all at once, and is the same each time it is asked for. */
export function unitOf(key: string): number {
  return hash('sha256', key, 'buffer').readUInt32BE(0) / 2 ** 32
}
