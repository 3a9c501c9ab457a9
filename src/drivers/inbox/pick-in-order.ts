/**
 * Which of a line may be claimed, without overtaking: one of whose accounts somebody is working on, or that stands behind another one which has to
 * wait, waits too. One claim may take several of an account, since whoever claims works through them in order.
 */
export function pickInOrder<Waiting extends { readonly accounts: readonly string[]; readonly held: boolean }>(
  line: readonly Waiting[],
  limit: number,
): Waiting[] {
  const busy = new Set<string>()
  for (const { held, accounts } of line) if (held) for (const account of accounts) busy.add(account)
  const picked: Waiting[] = []
  for (const one of line) {
    if (picked.length === limit) break
    if (one.held) continue
    if (one.accounts.some((account) => busy.has(account))) for (const account of one.accounts) busy.add(account)
    else picked.push(one)
  }
  return picked
}

/** Accounts have their names from platforms, and two apps may each have one of the same name. */
export const accountsOf = ({ integrationId, accounts }: { integrationId: string; accounts: readonly string[] }) =>
  accounts.map((account) => `${integrationId} ${account}`)

/** How far a claim looks past what others hold. */
export const lineLength = 2_000
/** And past what apps have waiting of which it wants nothing: so many of those before it are as long as nobody notices. */
export const farLength = 5 * lineLength
