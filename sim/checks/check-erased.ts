import { activeStates } from '../../src/ports/connections.ts'
import type { Owned } from '../compare-truth.ts'
import type { SimulatedWorld } from '../kernel/simulated-world.ts'

/** After an erasure nothing of the person is anywhere (I23): no number, no item, no record, no message, no name, and no token. */
export async function checkErased({ kernel, base }: SimulatedWorld, owned: Owned): Promise<void> {
  const { deps, environment } = base
  const { artist, provider, connection: known } = owned
  const name = `${provider.id} ${artist.key}`
  const connection = await base.connectionNow(known)
  const connections = [known.id]
  const left: Readonly<Record<string, readonly unknown[]>> = {
    numbers: await base.rowsOf([known]),
    items: await deps.records.items(environment.id, { connections, limit: 1 }),
    audiences: await deps.records.audiences(environment.id, connections),
    records: await deps.typedRecords.list(environment.id, { kind: 'comment', connections, limit: 1 }),
    'records of what is gone': await deps.typedRecords.list(environment.id, {
      ...{ kind: 'comment', connections, removed: true, limit: 1 },
    }),
    messages: await deps.inbox.list(environment.id, { accounts: [known.account.id], limit: 1 }),
  }
  for (const [what, rows] of Object.entries(left))
    if (rows.length > 0) kernel.violate('I23', `${what} of ${name} are left: ${JSON.stringify(rows[0])}`)
  if (activeStates.includes(connection.state)) kernel.violate('I23', `${name} is still ${connection.state}`)
  // The profile is the application's own name for somebody.
  const text = JSON.stringify([connection.account, connection.inputs])
  for (const secret of [known.account.id, known.account.name])
    if (text.includes(secret)) kernel.violate('I23', `the connection of ${name} still says ${secret}`)
  const grant = await deps.grants.read(environment.id, known.grantId)
  if (grant && (grant.access ?? grant.refresh ?? grant.previousRefresh) !== null)
    kernel.violate('I23', `there are still tokens of ${name}`)
}
