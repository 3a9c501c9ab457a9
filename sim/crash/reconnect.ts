import type { Client } from '@patchbay/sdk'
import { walkConsent } from '../../src/cli/walk-consent.ts'
import type { Connection } from './work.ts'

/** Connections that wait for their owner. */
export async function lostConnections(client: Client): Promise<readonly Connection[]> {
  return (await client.connections.list({ state: 'needs_reauth', limit: 200 })).data
}

/** Their owners consent again, as they would in a browser. */
export async function reconnectAll(client: Client, lost: readonly Connection[]): Promise<void> {
  for (const { id, profile, provider } of lost) {
    const session = await client.connections.reconnect({ id })
    const end = await walkConsent(session.url, { persona: profile })
    const { state } = await client.connections.read({ id })
    if (state !== 'healthy') throw new Error(`${profile} on ${provider} is ${state} after ${end.status} at ${end.url}`)
  }
}
