import { randomBytes, randomFillSync } from 'node:crypto'
import type { Random } from '../../ports/random.ts'
import { sortableId } from './sortable-id.ts'

/** Chance from the operating system. */
export const systemRandom: Random = {
  unit() {
    const bytes = take(8)
    const high = bytes.readUInt32LE(0) >>> 5
    const low = bytes.readUInt32LE(4) >>> 6
    return (high * 2 ** 26 + low) / 2 ** 53
  },
  // Keys and nonces are made of these: they stand in no pool.
  bytes: (size) => new Uint8Array(randomBytes(size)),
  id: (prefix) => sortableId(prefix, Date.now(), take),
}

/** Asking the system for a few bytes at a time would cost a microsecond or two each. Each byte is handed out once. */
const pool = Buffer.alloc(8192)
let next = pool.length

function take(size: number): Buffer {
  if (next + size > pool.length) {
    randomFillSync(pool)
    next = 0
  }
  next += size
  return pool.subarray(next - size, next)
}
