import type { Directory, Environment, Integration, Profile } from '../../ports/directory.ts'
import type { AlongLog } from '../along/memory.ts'
import type { KeepsSealed } from '../sealed-texts/memory.ts'

/** Environments, integrations and profiles in memory. */
export function openMemoryDirectory(log: AlongLog): Directory & KeepsSealed {
  const environments = new Map<string, Environment>()
  const integrations = new Map<string, Integration>()
  const profiles = new Map<string, Profile>()
  const keyOf = (environmentId: string, id: string) => `${environmentId} ${id}`

  return {
    async saveEnvironment(environment) {
      const { mode, createdAt } = environments.get(environment.id) ?? environment
      environments.set(environment.id, { ...environment, mode, createdAt })
    },

    async environments() {
      return [...environments.values()].sort(byId)
    },

    async saveIntegration(integration, along) {
      const key = keyOf(integration.environmentId, integration.id)
      const { createdAt } = integrations.get(key) ?? integration
      integrations.set(key, { ...asJson(integration), createdAt })
      keepIncident(log, integration, along.at)
      log.write(integration.environmentId, along)
    },

    async setIncident(environmentId, id, incident, along) {
      const integration = integrations.get(keyOf(environmentId, id))
      if (!integration || integration.incident?.code === incident?.code) return false
      const changed = { ...integration, incident }
      integrations.set(keyOf(environmentId, id), changed)
      keepIncident(log, changed, along.at)
      log.write(environmentId, along)
      return true
    },

    async integrations(environmentId) {
      return [...integrations.values()].filter((one) => one.environmentId === environmentId).sort(byId)
    },

    async integration(environmentId, id) {
      return integrations.get(keyOf(environmentId, id)) ?? null
    },

    async environmentOfIntegration(integrationId) {
      const found = [...integrations.values()].filter(({ id }) => id === integrationId)
      return found.length === 1 ? found[0]!.environmentId : null
    },

    async saveProfile(profile) {
      const key = keyOf(profile.environmentId, profile.id)
      const existing = profiles.get(key)
      const saved = { ...profile, ...existing, name: profile.name || (existing?.name ?? profile.id) }
      profiles.set(key, saved)
      return saved
    },

    async profiles(environmentId, { after, limit, ids }) {
      return [...profiles.values()]
        .filter((one) => one.environmentId === environmentId && (ids?.includes(one.id) ?? true))
        .filter((one) => after === undefined || compareBytes(one.id, after) > 0)
        .sort(byId)
        .slice(0, limit)
    },

    *sealedTexts(environmentId) {
      for (const { id, clientSecret, settings } of [...integrations.values()].filter(ofEnvironment(environmentId))) {
        const change = (changed: (now: Integration) => Partial<Integration>) => {
          const now = integrations.get(keyOf(environmentId, id))!
          integrations.set(keyOf(environmentId, id), { ...now, ...changed(now) })
        }
        const place = { row: id, generation: 0 }
        if (clientSecret !== null)
          yield {
            text: { ...place, place: 'integration.client_secret', field: 'clientSecret', sealed: clientSecret },
            replace: (resealed) => change(() => ({ clientSecret: resealed })),
          }
        for (const [name, sealed] of Object.entries(settings))
          yield {
            text: { ...place, place: 'integration.settings', field: `settings.${name}`, sealed },
            replace: (resealed) => change((now) => ({ settings: { ...now.settings, [name]: resealed } })),
          }
      }
    },
  }
}

const ofEnvironment =
  (environmentId: string) =>
  (one: { readonly environmentId: string }): boolean =>
    one.environmentId === environmentId

const byId = (one: { readonly id: string }, other: { readonly id: string }) => compareBytes(one.id, other.id)

/** The order of the other driver's `collate "C"`, also for ids beyond the first plane of Unicode. */
const compareBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))

/** A copy that looks like what comes back from a column of JSON. */
const asJson = (integration: Integration) => JSON.parse(JSON.stringify(integration)) as Integration

/** The integration's incident is the open one of its history. */
function keepIncident({ incidents }: AlongLog, integration: Integration, at: number): void {
  const { environmentId, id: integrationId, provider, incident } = integration
  for (const [index, kept] of incidents.entries())
    if (kept.environmentId === environmentId && kept.integrationId === integrationId && kept.closedAt === null)
      if (kept.id !== incident?.id) incidents[index] = { ...kept, closedAt: at }
  if (!incident || incidents.some((kept) => kept.environmentId === environmentId && kept.id === incident.id)) return
  const { id, code, says, since } = incident
  incidents.push({ id, environmentId, integrationId, provider, code, says, openedAt: since, closedAt: null })
}
