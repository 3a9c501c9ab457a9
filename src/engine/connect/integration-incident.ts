import type { FaultCode } from '@patchbay/kit'
import { faults } from '@patchbay/kit'
import type { Integration } from '../../ports/directory.ts'
import type { Deps } from '../deps.ts'
import { setUpTask } from './person-tasks.ts'

type Needs = Pick<Deps, 'clock' | 'random' | 'connections' | 'directory' | 'log'>

/**
 * Something is wrong with the app itself or with the provider's token endpoint (F65). It is noted once on the integration and told once; no
 * connection changes its state because of it. The operator is asked to do something only where the operator can: an outage asks nobody.
 */
export async function raiseIncident(
  deps: Needs,
  integration: Integration,
  code: FaultCode,
  reason: string,
): Promise<void> {
  if (integration.incident?.code === code) return
  const { environmentId, id, provider } = integration
  const at = deps.clock.now()
  const incident = { code, says: faults[code].says, since: at }
  const told = await deps.directory.setIncident(environmentId, id, incident, {
    at,
    actor: `provider:${provider}`,
    events: [
      {
        id: deps.random.id('evt'),
        type: 'integration.incident',
        data: { integration: id, provider, code, says: incident.says, reason },
      },
    ],
    audit: [{ id: deps.random.id('aud'), action: 'integration.incident', subject: id, detail: { code, reason } }],
    openTasks: faults[code].fixedBy === 'operator' ? [await setUpTask(deps, integration, incident.says)] : [],
  })
  if (told) deps.log.warn('integration.incident', { environmentId, integrationId: id, code, reason })
}

/** The token endpoint gave tokens, so what it had refused is mended. Costs nothing when nothing was wrong. */
export async function clearIncident(deps: Needs, integration: Integration): Promise<void> {
  if (!integration.incident || !/^(setup|provider|platform)\./.test(integration.incident.code)) return
  const { environmentId, id, provider } = integration
  await deps.directory.setIncident(environmentId, id, null, {
    at: deps.clock.now(),
    actor: `provider:${provider}`,
    events: [{ id: deps.random.id('evt'), type: 'integration.recovered', data: { integration: id, provider } }],
    audit: [{ id: deps.random.id('aud'), action: 'integration.recovered', subject: id }],
    closeTasks: [{ subject: id, kind: 'set_up' }],
  })
}
