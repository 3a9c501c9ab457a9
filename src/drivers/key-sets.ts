/** Keys of rows by something else that rows are found by, so that finding them does not mean looking at all. */
export type KeySets = Map<string, Set<string>>

export function join(sets: KeySets, name: string, key: string): void {
  const keys = sets.get(name) ?? new Set()
  sets.set(name, keys.add(key))
}
