import type { Connection } from '../../ports/connections.ts'
import type { Integration } from '../../ports/directory.ts'
import type { Message } from '../../ports/inbox.ts'
import type { Deps } from '../deps.ts'
import type { Attribution } from './plan-message.ts'

type Needs = Pick<Deps, 'connections' | 'grants'>

/**
 * Which connections of an app the accounts belong to: all of them, of whatever profile, and none of another app or environment (T34). What a callback
 * names is a person: also every account that a consent of that person reaches, and what is disconnected already, since there may be data of it; also
 * where the consent is over, as it is for whoever ended it before they asked for that, or when the first try to erase them was broken off.
 */
export async function attribute(
  deps: Needs,
  integration: Integration,
  messages: readonly Pick<Message, 'accounts' | 'callback'>[],
): Promise<Attribution> {
  const found = new Map<string, Connection[]>()
  const add = (account: string, connection: Connection) => {
    const known = found.get(account) ?? []
    if (!known.some(({ id }) => id === connection.id)) known.push(connection)
    found.set(account, known)
  }
  const accounts = [...new Set(messages.flatMap((message) => message.accounts))]
  for (let from = 0; from < accounts.length; from += atOnce)
    for await (const connection of ofAccounts(deps, integration, { accounts: accounts.slice(from, from + atOnce) }))
      add(connection.account.id, connection)
  for (const { callback, accounts } of messages) {
    const [subject] = accounts
    if (callback === null || subject === undefined) continue
    const grants = await deps.grants.idsOfSubject(integration.environmentId, integration.id, subject)
    for (const state of [undefined, 'disconnected'] as const)
      for (const named of [{ accounts: [subject] }, { otherId: subject }, ...grants.map((grant) => ({ grant }))])
        for await (const connection of ofAccounts(deps, integration, named, state)) add(subject, connection)
  }
  return found
}

async function* ofAccounts(
  deps: Needs,
  { environmentId, id, provider }: Integration,
  named: { readonly accounts: readonly string[] } | { readonly otherId: string } | { readonly grant: string },
  state?: 'disconnected',
): AsyncGenerator<Connection> {
  const limit = 200
  for (let after: string | undefined; ; ) {
    const query = { ...named, provider, integration: id, limit, after, state }
    const page = await deps.connections.list(environmentId, query)
    yield* page
    if (page.length < limit) return
    after = page.at(-1)!.id
  }
}

const atOnce = 500
