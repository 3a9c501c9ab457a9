import type { FaultCode } from '@patchbay/kit'
import { faults } from '@patchbay/kit'
import type { IncidentSource, Integration } from '../../ports/directory.ts'
import type { Deps } from '../deps.ts'
import type { CallIncidents } from '../http/report-outage.ts'
import { noteAnnouncedEnd } from './announced-ends.ts'
import { setUpTask } from './person-tasks.ts'

type Needs = Pick<Deps, 'clock' | 'random' | 'connections' | 'directory' | 'log'>

/**
 * Something is wrong with the app itself or with the platform as a whole (F65). It is noted once on the integration and told once, and kept in the
 * journal until it is over; no connection changes its state because of it. An integration has one at a time: a platform that is down in
 * several ways is one incident, and an app that needs its operator is not hidden by an outage. The operator is asked to do something only where the
 * operator can: an outage asks nobody.
 */
export async function raiseIncident(
  deps: Needs,
  integration: Integration,
  code: FaultCode,
  reason: string,
  where: { source: IncidentSource; host?: string } = { source: 'tokens' },
): Promise<void> {
  const open = integration.incident
  if (open && (open.code === code || !isAppsOwn(code))) return
  const { environmentId, id, provider } = integration
  const at = deps.clock.now()
  const incident = { id: deps.random.id('inc'), code, says: faults[code].says, since: at, ...where }
  const told = await deps.directory.setIncident(environmentId, id, incident, {
    at,
    actor: `provider:${provider}`,
    events: [
      {
        id: deps.random.id('evt'),
        type: 'integration.incident',
        data: { incident: incident.id, integration: id, provider, code, says: incident.says, reason },
      },
    ],
    audit: [{ id: deps.random.id('aud'), action: 'integration.incident', subject: id, detail: { code, reason } }],
    openTasks: faults[code].fixedBy === 'operator' ? [await setUpTask(deps, integration, incident.says)] : [],
  })
  if (told) deps.log.warn('integration.incident', { environmentId, integrationId: id, code, reason })
}

/** What had failed works again, where it showed: the token endpoint gave tokens, calls are answered. Costs nothing when nothing was wrong. */
export async function clearIncident(
  deps: Needs,
  integration: Integration,
  source: IncidentSource = 'tokens',
): Promise<void> {
  const { environmentId, id, provider, incident } = integration
  // Incidents that are older than this field showed at the token endpoint.
  if (!incident || (incident.source ?? 'tokens') !== source) return
  await deps.directory.setIncident(environmentId, id, null, {
    at: deps.clock.now(),
    actor: `provider:${provider}`,
    events: [
      {
        id: deps.random.id('evt'),
        type: 'integration.recovered',
        data: { incident: incident.id, integration: id, provider },
      },
    ],
    audit: [{ id: deps.random.id('aud'), action: 'integration.recovered', subject: id }],
    closeTasks: [{ subject: id, kind: 'set_up' }],
  })
}

/** The incidents that show in calls, for the gateway. What cannot be written now is seen by a later call. */
export function callIncidents(deps: Needs & Pick<Deps, 'journal'>): CallIncidents {
  const keep = async (work: Promise<void>, integration: Integration) => {
    try {
      await work
    } catch (error) {
      deps.log.error('integration.incident_unwritten', { integrationId: integration.id, error })
    }
  }
  return {
    outage: (integration, host) => {
      const where = { source: 'calls', host } as const
      return keep(raiseIncident(deps, integration, 'provider.down', `${host} does not work`, where), integration)
    },
    over: (integration) => keep(clearIncident(deps, integration, integration.incident?.source), integration),
    ending: (integration, end) => keep(noteAnnouncedEnd(deps, integration, end), integration),
  }
}

/** Its operator mends it, as opposed to the platform. */
const isAppsOwn = (code: string) => code.startsWith('setup.')
