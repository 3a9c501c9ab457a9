import { Fault, second } from '@patchbay/kit'
import type { Connection } from '../../ports/connections.ts'
import { findPlace } from '../connect/find-place.ts'
import { judgeAccount } from '../connect/probe-account.ts'
import type { Deps, Setting } from '../deps.ts'
import type { Gateway } from '../http/gateway.ts'

/** The job that asks whether a connection still works because its platform told that access was taken back. */
export const checkAccessQueue = 'inbox.check-access'

/** One for each connection and message, however often the message is worked on. */
export async function checkAccessLater(
  deps: Pick<Deps, 'jobs'>,
  { environmentId, id }: Connection,
  messageId: string,
): Promise<void> {
  const key = `${environmentId} ${id} ${messageId}`
  await deps.jobs.send(checkAccessQueue, { environmentId, connectionId: id }, { key })
}

/**
 * A notice is never believed by itself (I25): one light call asks the platform, and what it answers goes the way of every answer, down to a second
 * look and to asking for a new consent. That the account still works after all leaves everything as it is. Throws, to be asked again, while the
 * platform gives no clear answer.
 */
export async function runCheckAccess(
  parts: { deps: Deps; setting: Setting; gateway: Gateway },
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { deps, setting, gateway } = parts
  const { environmentId, connectionId } = data
  if (typeof environmentId !== 'string' || typeof connectionId !== 'string')
    throw new Fault('platform.bug', 'This job names no connection.')
  const connection = await deps.connections.read(environmentId, connectionId)
  if (!connection || !asked.has(connection.state)) return
  const place = await findPlace(deps, setting, environmentId, connection.integrationId)
  const target = { ...place, grantId: connection.grantId, connection, runId: null }
  const verdict = await judgeAccount(deps, gateway, { ...target, lane: 'webhook', patienceMs: 30 * second })
  deps.log.info('inbox.access_checked', { environmentId, connectionId, verdict })
  if (verdict === 'unclear') throw new Fault('provider.down', 'The platform gave no clear answer about the account.')
}

const asked: ReadonlySet<string> = new Set(['pending', 'healthy', 'degraded'])
