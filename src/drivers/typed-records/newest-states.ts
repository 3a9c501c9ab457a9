import type { NewTypedRecord } from '../../ports/typed-records.ts'

type State = Pick<NewTypedRecord, 'at' | 'removed' | 'messageId'>

/** Whether a state replaces another one of the same thing. */
export const isNewer = (one: State, other: State): boolean =>
  one.at !== other.at
    ? one.at > other.at
    : one.removed !== other.removed
      ? one.removed
      : one.messageId > other.messageId

export const nameOf = ({ connectionId, kind, key }: Pick<NewTypedRecord, 'connectionId' | 'kind' | 'key'>) =>
  JSON.stringify([connectionId, kind, key])

/** One state of each thing: the newest, and of equals the last. */
export function newestStates(records: readonly NewTypedRecord[]): NewTypedRecord[] {
  const newest = new Map<string, NewTypedRecord>()
  for (const record of records) {
    const name = nameOf(record)
    const before = newest.get(name)
    if (!before || !isNewer(before, record)) newest.set(name, record)
  }
  return [...newest.values()]
}
