import type { Window } from '../../ports/history.ts'

export const within = (at: number, { from, to }: Window): boolean => at >= from && at < to

/** In the order of the first key that differs. */
export function by<Row>(...keys: ((row: Row) => string | number)[]): (one: Row, other: Row) => number {
  return (one, other) => {
    for (const key of keys) {
      const [a, b] = [key(one), key(other)]
      if (a !== b) return a < b ? -1 : 1
    }
    return 0
  }
}
