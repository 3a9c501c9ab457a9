import type { Operations } from '@patchbay/sdk'
import { useRead } from './patchbay.tsx'

export type Provider = Awaited<ReturnType<Operations['providers']['list']>>['data'][number]
export type Connection = Awaited<ReturnType<Operations['connections']['list']>>['data'][number]
export type Integration = Awaited<ReturnType<Operations['integrations']['list']>>['data'][number]

const longMs = 10 * 60_000

/** What can be connected. It changes with the server only. */
export function useProviders() {
  return useRead(['providers'], (client, signal) => client.providers.list({}, { signal }), { staleMs: longMs })
}

/** Names and cable colours by id; an id that is not known is shown as it is. */
export function useProviderLook(): (id: string) => { name: string; cable: number } {
  const { data } = useProviders()
  return (id) => {
    const at = data?.data.findIndex((provider) => provider.id === id) ?? -1
    return { name: data?.data[at]?.name ?? id, cable: at < 0 ? 0 : at % 8 }
  }
}

export function useIntegrations() {
  return useRead(['integrations'], (client, signal) => client.integrations.list({}, { signal }), { staleMs: 30_000 })
}

export function useDefinitions() {
  return useRead(['definitions'], (client, signal) => client.metrics.definitions({}, { signal }), { staleMs: longMs })
}

/** Which platform gives which metric, and why the others do not. */
export function useAvailability() {
  return useRead(['availability'], (client, signal) => client.metrics.availability({}, { signal }), { staleMs: longMs })
}

export function useQuotas() {
  return useRead(['quotas'], (client, signal) => client.quotas.list({}, { signal }), { everyMs: 30_000 })
}
