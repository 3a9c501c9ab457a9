import { type Account, Fault, type Identity } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import type { Grant } from '../../ports/grants.ts'
import { accountInput } from './questions.ts'

/**
 * Which of the accounts that a consent reaches become connections: the one that was asked for by id or handle, else all of them. A reconnect is
 * by the same person and for the same account, and by nobody else (T05).
 */
export function chooseAccounts(
  identity: Identity,
  inputs: Readonly<Record<string, string>>,
  reconnect: { connection: Connection; grant: Grant | null } | null,
): Account[] {
  const accounts = identity.accounts.map(storable)
  if (accounts.length === 0)
    throw new Fault('connection.unsuitable', 'This consent reaches no account that can be connected.')
  if (reconnect) {
    const { connection, grant } = reconnect
    const same =
      accounts.find(({ id }) => id === connection.account.id) ??
      accounts.find((account) => isSameAccount(account, connection.account))
    // A grant that came from elsewhere may not know whose it is.
    const stranger = grant !== null && grant.subject.id !== '' && grant.subject.id !== identity.subject.id
    if (same && !stranger) return [same]
    const [other] = accounts as [Account, ...Account[]]
    const who = other.handle ?? other.name
    throw new Fault(
      'connection.mismatch',
      `You signed in as ${who}; this connection is ${connection.account.handle ?? connection.account.name}. Switch accounts on the platform, or connect ${who} as a new one.`,
      { expected: connection.account.id, subject: identity.subject.id, came: { accountId: other.id, name: who } },
    )
  }
  const wanted = inputs[accountInput]
  if (wanted === undefined) return accounts
  const found = accounts.filter(({ id, handle }) => id === wanted || handle === wanted || handle === `@${wanted}`)
  if (found.length > 0) return found
  throw new Fault('connection.unsuitable', `This consent does not reach the account ${wanted.slice(0, 80)}.`, {
    field: accountInput,
  })
}

/**
 * Whether two are one account on the platform: by its id, or because one bears the other's id as one of its own besides. So a page that was merged, given
 * another number or made a business keeps its connection (F58). What people call it says nothing: names change, and are given to others.
 */
export const isSameAccount = (one: Account, other: Account): boolean =>
  one.id === other.id || (one.otherIds?.includes(other.id) ?? false) || (other.otherIds?.includes(one.id) ?? false)

/** Names are people's own: what no database column takes is left out of them. */
function storable(account: Account): Account {
  return JSON.parse(JSON.stringify(account, (_, value) => (typeof value === 'string' ? cleanText(value) : value)))
}

export const cleanText = (text: string) => text.toWellFormed().replaceAll('\0', '').slice(0, 2000)
