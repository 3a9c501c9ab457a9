import type { Provider } from '@patchbay/kit'

/** The same provider with other limits, for both sides. They are asked for each time, so that they may change. */
export const withQuotas = (provider: Provider, limit: (id: string) => number): Provider => ({
  ...provider,
  api: {
    ...provider.api,
    quotas: provider.api.quotas.map((quota) => ({
      ...quota,
      get limit() {
        return limit(quota.id)
      },
    })),
  },
})
