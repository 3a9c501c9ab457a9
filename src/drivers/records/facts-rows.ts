import type { AccountFacts } from '@patchbay/kit'
import type { SavedPage } from '../../ports/records.ts'
import { storable } from './storable.ts'

/** What each stream of a connection says of the account: of one call the last counts. */
export function toFacts(
  pages: readonly SavedPage[],
): { readonly connectionId: string; readonly stream: string; readonly facts: AccountFacts }[] {
  const found = new Map<string, { connectionId: string; stream: string; facts: AccountFacts }>()
  for (const { connectionId, stream, facts } of pages)
    if (facts) found.set(`${connectionId}\n${stream}`, { connectionId, stream, facts: storable(facts) })
  return [...found.values()]
}
