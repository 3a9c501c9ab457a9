import { randomBytes, randomFillSync } from 'node:crypto'
import type { Random } from '../../ports/random.ts'
import { sortableId } from './sortable-id.ts'

/** Chance from the operating system. */
export const systemRandom: Random = {
  unit() {
    if (next === pool.length) {
      randomFillSync(pool)
      next = 0
    }
    const high = pool[next++]! >>> 5
    const low = pool[next++]! >>> 6
    return (high * 2 ** 26 + low) / 2 ** 53
  },
  bytes: (size) => new Uint8Array(randomBytes(size)),
  id: (prefix) => sortableId(prefix, Date.now(), randomBytes),
}

/** Asking the system for eight bytes at a time would cost a microsecond each. */
const pool = new Uint32Array(1024)
let next = pool.length
